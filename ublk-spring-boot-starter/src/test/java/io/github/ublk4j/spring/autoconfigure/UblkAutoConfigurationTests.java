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

import java.time.Duration;

import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.TestUblk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mockito.MockedStatic;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Answers.RETURNS_SELF;
import static org.mockito.ArgumentMatchers.anyLong;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.mockStatic;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;

class UblkAutoConfigurationTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class,
				UblkEndpointAutoConfiguration.class, UblkHealthContributorAutoConfiguration.class));

	@Test
	void applicationWithoutDisksStartsOnHostWithoutUblk() {
		this.contextRunner.run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBean(BlockDevices.class).all()).isEmpty();
			assertThat(context.getBeanFactory().containsSingleton("ublkEngine")).isFalse();
		});
	}

	@Test
	void engineOfTheApplicationIsUsed() {
		TestUblk ublk = new TestUblk();
		this.contextRunner.withBean("myEngine", UblkEngine.class, ublk::engine)
			.run((context) -> assertThat(context).getBean(UblkEngine.class).isSameAs(ublk.engine()));
	}

	@ParameterizedTest
	@CsvSource({ "64MB, 67108864", "4096, 4096" })
	void propertiesReachTheEngine(String limit, long bytes) {
		UblkEngine.Builder builder = builderOf("ublk.drain-timeout=1s", "ublk.control-timeout=2s",
				"ublk.memory.limit=" + limit);
		verify(builder).drainTimeout(Duration.ofSeconds(1));
		verify(builder).controlTimeout(Duration.ofSeconds(2));
		verify(builder).memoryLimit(bytes);
	}

	@Test
	void memoryIsNotLimitedByDefault() {
		verify(builderOf(), never()).memoryLimit(anyLong());
	}

	/**
	 * Returns what the engine of an application is built with.
	 */
	private UblkEngine.Builder builderOf(String... properties) {
		UblkEngine.Builder builder = mock(UblkEngine.Builder.class, RETURNS_SELF);
		UblkEngine engine = mock(UblkEngine.class);
		given(builder.build()).willReturn(engine);
		try (MockedStatic<UblkEngine> engines = mockStatic(UblkEngine.class)) {
			engines.when(UblkEngine::builder).thenReturn(builder);
			this.contextRunner.withPropertyValues(properties)
				.run((context) -> assertThat(context.getBean(UblkEngine.class)).isSameAs(engine));
		}
		return builder;
	}

	@Test
	void worksWithoutActuator() {
		new ApplicationContextRunner().withUserConfiguration(AllAutoConfigurations.class)
			.withClassLoader(
					new FilteredClassLoader("org.springframework.boot.actuate", "org.springframework.boot.health"))
			.run((context) -> {
				assertThat(context).hasNotFailed().hasSingleBean(BlockDeviceLifecycle.class);
				assertThat(context).doesNotHaveBean("ublkEndpoint").doesNotHaveBean("ublkHealthContributor");
			});
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class,
			UblkEndpointAutoConfiguration.class, UblkHealthContributorAutoConfiguration.class })
	static class AllAutoConfigurations {

	}

}
