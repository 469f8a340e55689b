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

import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.metrics.DiskMetrics;
import io.github.ublk4j.metrics.QueueMetrics;
import io.github.ublk4j.spring.actuate.MicrometerDiskMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.mockito.MockedStatic;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Answers.RETURNS_SELF;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.mockStatic;
import static org.mockito.Mockito.verify;

class UblkMetricsAutoConfigurationTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, UblkMetricsAutoConfiguration.class,
				MetricsAutoConfiguration.class, CompositeMeterRegistryAutoConfiguration.class,
				SimpleMetricsExportAutoConfiguration.class));

	@Test
	void disksAreMeasuredByTheRegistryThatBootConfigures() {
		this.contextRunner.run((context) -> {
			context.getBean(DiskMetrics.class).queue("scratch", 0, 128);
			assertThat(context.getBean(MeterRegistry.class).find("ublk.requests").functionTimers()).isNotEmpty();
		});
	}

	@Test
	void engineIsBuiltWithTheMetrics() {
		UblkEngine.Builder builder = mock(UblkEngine.Builder.class, RETURNS_SELF);
		UblkEngine engine = mock(UblkEngine.class);
		given(builder.build()).willReturn(engine);
		try (MockedStatic<UblkEngine> engines = mockStatic(UblkEngine.class)) {
			engines.when(UblkEngine::builder).thenReturn(builder);
			this.contextRunner.run((context) -> {
				assertThat(context.getBean(UblkEngine.class)).isSameAs(engine);
				verify(builder).metrics(context.getBean(MicrometerDiskMetrics.class));
			});
		}
	}

	@Test
	void nothingIsMeasuredWithoutARegistry() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, UblkMetricsAutoConfiguration.class))
			.run((context) -> assertThat(context).doesNotHaveBean(DiskMetrics.class));
	}

	@Test
	void metricsCanBeDisabled() {
		this.contextRunner.withPropertyValues("ublk.metrics.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(DiskMetrics.class));
	}

	@Test
	void metricsOfTheApplicationAreUsed() {
		this.contextRunner.withBean("mine", DiskMetrics.class, () -> DiskMetrics.NONE)
			.run((context) -> assertThat(context).getBean(DiskMetrics.class).isSameAs(DiskMetrics.NONE));
	}

	@Test
	void metersCanBeFilteredOutByProperty() {
		this.contextRunner.withPropertyValues("management.metrics.enable.ublk=false").run((context) -> {
			assertThat(context.getBean(DiskMetrics.class).queue("scratch", 0, 128)).isSameAs(QueueMetrics.NONE);
			assertThat(context.getBean(MeterRegistry.class).getMeters())
				.noneMatch((meter) -> meter.getId().getName().startsWith("ublk"));
		});
	}

	@Test
	void percentilesAreThoseOfTheProperties() {
		this.contextRunner
			.withPropertyValues("ublk.metrics.histogram=true",
					"management.metrics.distribution.percentiles.ublk.requests=0.5,0.99")
			.run((context) -> {
				context.getBean(DiskMetrics.class).queue("scratch", 0, 128);
				Timer timer = context.getBean(SimpleMeterRegistry.class)
					.get("ublk.requests")
					.tag("operation", "read")
					.tag("outcome", "success")
					.timer();
				assertThat(timer.takeSnapshot().percentileValues()).hasSize(2);
			});
	}

	@Test
	void worksWithoutMicrometer() {
		new ApplicationContextRunner().withUserConfiguration(AllAutoConfigurations.class)
			.withClassLoader(new FilteredClassLoader("io.micrometer", "org.springframework.boot.micrometer"))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(DiskMetrics.class));
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ UblkAutoConfiguration.class, UblkMetricsAutoConfiguration.class })
	static class AllAutoConfigurations {

	}

}
