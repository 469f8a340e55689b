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

package io.github.ublk4j.sample.simulated;

import io.github.ublk4j.engine.SimulatedUblk;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;

/**
 * A simulated driver in place of the kernel's.
 */
@Configuration(proxyBeanMethods = false)
@Profile("simulated")
class SimulatedConfiguration {

	@Bean
	SimulatedUblk simulatedUblk() {
		return new SimulatedUblk();
	}

	@Bean
	GeneratedLoad generatedLoad(SimulatedUblk ublk) {
		return new GeneratedLoad(ublk);
	}

}
