/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.spring.autoconfigure;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;

import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.spring.http.HttpBlockStore;
import io.github.ublk4j.spring.http.ImageServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.webclient.WebClientCustomizer;
import org.springframework.boot.webclient.autoconfigure.WebClientAutoConfiguration;
import org.springframework.web.reactive.function.client.WebClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Disks on a web server that are declared by properties.
 */
class HttpStoreAutoConfigurationTests {

	private final TestUblk ublk = new TestUblk();

	private final ImageServer server = new ImageServer(content());

	private final ApplicationContextRunner contextRunner;

	HttpStoreAutoConfigurationTests(@TempDir Path directory) {
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class,
					HttpStoreAutoConfiguration.class))
			.withBean(UblkEngine.class, this.ublk::engine)
			.withPropertyValues("ublk.run-directory=" + directory.resolve("run"), "ublk.devices.image.read-only=true",
					"ublk.devices.image.store=" + this.server.address());
	}

	private static byte[] content() {
		byte[] content = new byte[1 << 20];
		new Random(1).nextBytes(content);
		return content;
	}

	@AfterEach
	void closeServer() {
		this.server.close();
	}

	@Test
	void diskHasTheSizeOfTheImage() {
		this.contextRunner.run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(this.ublk.server()).isInstanceOf(HttpBlockStore.class);
			assertThat(this.ublk.specs()).singleElement()
				.satisfies((spec) -> assertThat(spec.size()).isEqualTo(1 << 20));
		});
	}

	@Test
	void webClientOfTheApplicationIsUsed() {
		this.contextRunner.withConfiguration(AutoConfigurations.of(WebClientAutoConfiguration.class))
			.withBean(WebClientCustomizer.class, () -> (builder) -> builder.filter((request, next) -> {
				this.server.requests().add("filtered");
				return next.exchange(request);
			}))
			.run((context) -> assertThat(this.server.requests()).contains("filtered"));
	}

	@Test
	void largerDiskThanImageIsRefused() {
		this.contextRunner.withPropertyValues("ublk.devices.image.size=2MB")
			.run((context) -> assertThat(failure(context)).hasMessageContaining("has 1048576 bytes, not 2097152."));
	}

	@Test
	void propertiesHoldWhenTheSizeIsLookedUpToo() {
		ApplicationContextRunner impatient = this.contextRunner.withPropertyValues("ublk.devices.image.http.retries=0");
		this.server.next(503);
		impatient.run((context) -> assertThat(failure(context)).hasMessageContaining("its server answers 503"));
		this.server.next(503);
		impatient
			.withPropertyValues("ublk.devices.image.store=stripe",
					"ublk.devices.image.stripe.stores=" + this.server.address())
			.run((context) -> assertThat(failure(context)).hasMessageContaining("its server answers 503"));
		assertThat(this.server.requests()).hasSize(2);
	}

	@Test
	void propertyOutOfBoundsIsNamed() {
		this.contextRunner.withPropertyValues("ublk.devices.image.http.retries=-1").run((context) -> {
			assertThat(failure(context)).hasMessageContaining(" cannot be opened: http.retries is -1.");
			assertThat(failure(context).remedy())
				.isEqualTo("Set http.retries of the disk to 0 or more, such as 3, or leave it out.");
		});
		this.contextRunner.withPropertyValues("ublk.devices.image.http.timeout=0").run((context) -> {
			assertThat(failure(context)).hasMessageContaining(" cannot be opened: http.timeout is PT0S.");
			assertThat(failure(context).remedy())
				.isEqualTo("Set http.timeout of the disk to 1ms or more, such as 5s, or leave it out.");
		});
	}

	@Test
	void oneOfSeveralWebClientsMustBePrimary() {
		ApplicationContextRunner several = this.contextRunner.withBean("a", WebClient.Builder.class,
				WebClient::builder);
		several.withBean("b", WebClient.Builder.class, WebClient::builder).run((context) -> {
			assertThat(failure(context))
				.hasMessageContaining("There are several beans of the type WebClient.Builder: [a, b].");
			assertThat(failure(context).remedy()).isEqualTo("Mark the one to ask for images @Primary.");
		});
		several.withBean("b", WebClient.Builder.class, WebClient::builder, (definition) -> definition.setPrimary(true))
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void secretsAreNotInMessages() {
		this.contextRunner
			.withPropertyValues("ublk.devices.image.store=http://me:pass@127.0.0.1:1/disk.img?key=secret",
					"ublk.devices.image.http.retries=0", "ublk.devices.image.size=1MB")
			.run((context) -> assertThat(failure(context))
				.hasMessageContaining("ublk.devices.image.store=http://127.0.0.1:1/disk.img?... cannot be opened: ")
				.satisfies((failure) -> {
					for (Throwable each = failure; each != null; each = each.getCause()) {
						assertThat(String.valueOf(each.getMessage())).doesNotContain("me:", "pass", "secret");
					}
				}));
	}

	@Test
	void propertiesOfImagesAreRefusedForOtherStores() {
		this.contextRunner.withClassLoader(new FilteredClassLoader(WebClient.class))
			.withPropertyValues("ublk.devices.image.store=memory", "ublk.devices.image.size=1MB",
					"ublk.devices.image.http.timeout=1s")
			.run((context) -> assertThat(failure(context))
				.hasMessageContaining("ublk.devices.image.http.timeout is for a disk with "
						+ "ublk.devices.image.store=https://host/path/to/disk.img"));
	}

	@Test
	void missingDependencyIsNamed() {
		this.contextRunner.withClassLoader(new FilteredClassLoader(WebClient.class))
			.run((context) -> assertThat(failure(context).remedy())
				.isEqualTo("Add the dependency spring-boot-starter-webclient."));
	}

	private static DiskStartupException failure(AssertableApplicationContext context) {
		Throwable failure = context.getStartupFailure();
		while (failure != null && !(failure instanceof DiskStartupException)) {
			failure = failure.getCause();
		}
		return (DiskStartupException) Objects.requireNonNull(failure, "the application started");
	}

}
