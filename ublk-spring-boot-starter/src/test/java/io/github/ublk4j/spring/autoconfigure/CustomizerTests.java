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
import java.time.Duration;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.BlockDeviceCustomizer;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.TestDisks;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.spring.UblkEngineCustomizer;
import io.github.ublk4j.spring.ValueOrigin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mockito.InOrder;
import org.mockito.MockedStatic;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.mockito.Answers.RETURNS_SELF;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.inOrder;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.mockStatic;

class CustomizerTests {

	private final TestUblk ublk = new TestUblk();

	private final ApplicationContextRunner withoutEngine;

	private final ApplicationContextRunner contextRunner;

	CustomizerTests(@TempDir Path directory) {
		this.withoutEngine = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withPropertyValues("ublk.run-directory=" + directory.resolve("run"));
		this.contextRunner = this.withoutEngine.withBean(UblkEngine.class, this.ublk::engine)
			.withUserConfiguration(TestDisks.Two.class);
	}

	@Test
	void customizersHaveTheLastWordInTheirOrder() {
		this.contextRunner.withUserConfiguration(Ordered.class)
			.withPropertyValues("ublk.devices.first.queue-depth=16", "ublk.devices.first.queues=3")
			.run((context) -> assertThat(this.ublk.specs())
				.extracting(DiskSpec::name, DiskSpec::queueDepth, DiskSpec::queues)
				.containsExactly(tuple("first", 64, 3), tuple("second", 128, 1)));
	}

	@Test
	void customizerCanGiveDiskItsSize() {
		this.contextRunner.withPropertyValues("ublk.devices.ram.store=memory")
			.withBean(BlockDeviceCustomizer.class, () -> (name, spec) -> {
				if (name.equals("ram")) {
					spec.size(1 << 20);
				}
			})
			.run((context) -> {
				assertThat(this.ublk.specs().get(2).size()).isEqualTo(1 << 20);
				assertThat(context.getBean(BlockDevices.class).origins("ram")).containsEntry("size",
						ValueOrigin.CUSTOMIZER);
			});
	}

	@Test
	void failingCustomizerIsNamed() {
		this.contextRunner.withBean("broken", BlockDeviceCustomizer.class, () -> (name, spec) -> {
			throw new IllegalStateException("no idea");
		}).run((context) -> {
			assertThat(context).getFailure()
				.cause()
				.isInstanceOf(DiskStartupException.class)
				.hasMessage("The BlockDeviceCustomizer 'broken' failed for the disk 'first' (bean 'first'): "
						+ "java.lang.IllegalStateException: no idea");
			assertThat(this.ublk.journal()).isEmpty();
		});
	}

	@Test
	void customizerThatSetsWhatCannotBeIsBlamed() {
		this.contextRunner.withBean(BlockDeviceCustomizer.class, () -> (name, spec) -> spec.queueDepth(5000))
			.run((context) -> assertThat(context).getFailure()
				.cause()
				.isInstanceOf(DiskStartupException.class)
				.hasMessage("The disk 'first' (bean 'first') cannot be made: "
						+ "a BlockDeviceCustomizer sets its queueDepth to 5000."));
	}

	@Test
	void engineIsCustomizedAfterItsProperties() {
		UblkEngine.Builder builder = mock(UblkEngine.Builder.class, RETURNS_SELF);
		given(builder.build()).willReturn(this.ublk.engine());
		try (MockedStatic<UblkEngine> engines = mockStatic(UblkEngine.class)) {
			engines.when(UblkEngine::builder).thenReturn(builder);
			this.withoutEngine.withPropertyValues("ublk.drain-timeout=1s")
				.withBean(UblkEngineCustomizer.class, () -> (engine) -> engine.drainTimeout(Duration.ofSeconds(2)))
				.run((context) -> {
					context.getBean(UblkEngine.class);
					InOrder order = inOrder(builder);
					order.verify(builder).drainTimeout(Duration.ofSeconds(1));
					order.verify(builder).listener(context.getBean(DiskSet.class));
					order.verify(builder).drainTimeout(Duration.ofSeconds(2));
					order.verify(builder).build();
				});
		}
	}

	@Test
	void failingCustomizerOfTheEngineIsNamed() {
		this.withoutEngine.withUserConfiguration(TestDisks.Two.class)
			.withBean("broken", UblkEngineCustomizer.class, () -> (engine) -> engine.memoryLimit(-1))
			.run((context) -> assertThat(context).getFailure()
				.hasStackTraceContaining(
						"DiskStartupException: The UblkEngineCustomizer 'broken' failed for the engine: "
								+ "java.lang.IllegalArgumentException: The memory limit is -1 bytes"));
	}

	@Configuration(proxyBeanMethods = false)
	static class Ordered {

		@Bean
		@Order(2)
		BlockDeviceCustomizer last() {
			return (name, spec) -> {
				if (name.equals("first")) {
					spec.queueDepth(64);
				}
			};
		}

		@Bean
		@Order(1)
		BlockDeviceCustomizer early() {
			return (name, spec) -> {
				if (name.equals("first")) {
					spec.queueDepth(32);
				}
			};
		}

	}

}
