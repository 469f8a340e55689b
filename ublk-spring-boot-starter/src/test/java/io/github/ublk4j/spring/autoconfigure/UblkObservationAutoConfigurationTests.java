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

import io.github.ublk4j.engine.HandlerDecorator;
import io.github.ublk4j.spring.actuate.ObservationDecorator;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

class UblkObservationAutoConfigurationTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, UblkObservationAutoConfiguration.class,
				ObservationAutoConfiguration.class));

	@Test
	void nothingIsObservedByDefault() {
		this.contextRunner.run((context) -> assertThat(context).doesNotHaveBean(HandlerDecorator.class));
	}

	@Test
	void requestsAreObservedWhenAskedFor() {
		this.contextRunner.withPropertyValues("ublk.observations.enabled=true")
			.run((context) -> assertThat(context).hasSingleBean(ObservationDecorator.class));
	}

	@Test
	void nothingIsObservedWithoutRegistry() {
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(UblkAutoConfiguration.class, UblkObservationAutoConfiguration.class))
			.withPropertyValues("ublk.observations.enabled=true")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(HandlerDecorator.class));
	}

}
