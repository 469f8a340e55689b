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
import java.util.OptionalLong;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.BlockStoreFactory;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.store.MemoryBlockStore;
import io.github.ublk4j.store.NullBlockStore;
import io.github.ublk4j.store.PatternBlockStore;
import io.github.ublk4j.store.StoreUnavailableException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Kinds of store that need no bean, and those that are beans.
 */
class BlockStoreFactoryTests {

	private final TestUblk ublk = new TestUblk();

	private final ApplicationContextRunner contextRunner;

	BlockStoreFactoryTests(@TempDir Path directory) {
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withBean(UblkEngine.class, this.ublk::engine)
			.withPropertyValues("ublk.run-directory=" + directory.resolve("run"));
	}

	@Test
	void nullStoreNeedsNoBean() {
		this.contextRunner.withPropertyValues("ublk.devices.sink.store=null", "ublk.devices.sink.size=1TB")
			.run((context) -> assertThat(this.ublk.server()).isInstanceOf(NullBlockStore.class));
	}

	@Test
	void patternStoreHasSeed() {
		this.contextRunner
			.withPropertyValues("ublk.devices.image.store=pattern:-7", "ublk.devices.image.size=1TB",
					"ublk.devices.image.read-only=true")
			.run((context) -> assertThat(this.ublk.server()).isInstanceOf(PatternBlockStore.class)
				.hasToString("pattern store with the seed -7"));
	}

	@Test
	void seedThatIsNoNumberIsRefused() {
		this.contextRunner
			.withPropertyValues("ublk.devices.image.store=pattern:x", "ublk.devices.image.size=1TB",
					"ublk.devices.image.read-only=true")
			.run((context) -> assertThat(failure(context))
				.hasMessageEndingWith("the seed 'x' is not a number of 64 bits, such as 42."));
	}

	private static DiskStartupException failure(AssertableApplicationContext context) {
		Throwable failure = context.getStartupFailure();
		while (failure != null && !(failure instanceof DiskStartupException)) {
			failure = failure.getCause();
		}
		return (DiskStartupException) Objects.requireNonNull(failure, "the application started");
	}

	@Test
	void beanAddsKindOfStore() {
		this.contextRunner.withUserConfiguration(Buckets.class)
			.withPropertyValues("ublk.devices.tenant.store=bucket:tenant-7")
			.run((context) -> {
				assertThat(this.ublk.server()).isInstanceOf(MemoryBlockStore.class);
				assertThat(this.ublk.specs()).singleElement()
					.satisfies((spec) -> assertThat(spec.size()).isEqualTo(3 << 20));
				assertThat(context.getBean(Buckets.class).opened).isEqualTo("tenant bucket:tenant-7");
			});
	}

	@Test
	void beanGoesBeforeTheKindsOfTheStarter() {
		this.contextRunner.withUserConfiguration(Buckets.class)
			.withPropertyValues("ublk.devices.tenant.store=null")
			.run((context) -> assertThat(context.getBean(Buckets.class).opened).isEqualTo("tenant null"));
	}

	@Test
	void messagesNameTheKindsOfBeans() {
		this.contextRunner.withUserConfiguration(Buckets.class)
			.withPropertyValues("ublk.devices.tenant.store=buckets:x")
			.run((context) -> assertThat(failure(context).remedy())
				.startsWith("Set ublk.devices.tenant.store to bucket:<name> or memory or "));
	}

	@Test
	void failureOfBeanNamesThePropertyAndTheRemedy() {
		this.contextRunner.withUserConfiguration(Buckets.class)
			.withPropertyValues("ublk.devices.tenant.store=bucket:gone")
			.run((context) -> {
				DiskStartupException failure = failure(context);
				assertThat(failure).hasMessage("The disk 'tenant' cannot be made, because "
						+ "ublk.devices.tenant.store=bucket:gone cannot be opened: There is no bucket 'gone'.");
				assertThat(failure.remedy()).isEqualTo("Create it.");
			});
	}

	@Configuration(proxyBeanMethods = false)
	static class Buckets {

		private String opened = "nothing";

		@Bean
		BlockStoreFactory buckets() {
			return new BlockStoreFactory() {

				@Override
				public String syntax() {
					return "bucket:<name>";
				}

				@Override
				public boolean supports(String store) {
					return store.startsWith("bucket:") || store.equals("null");
				}

				@Override
				public OptionalLong existingSize(String store) {
					return OptionalLong.of(3 << 20);
				}

				@Override
				public BlockStore open(DiskSpec spec, String store) {
					if (store.endsWith("gone")) {
						throw new StoreUnavailableException("There is no bucket 'gone'.", "Create it.");
					}
					Buckets.this.opened = spec.name() + " " + store;
					return MemoryBlockStore.sparse(spec.size());
				}

			};
		}

	}

}
