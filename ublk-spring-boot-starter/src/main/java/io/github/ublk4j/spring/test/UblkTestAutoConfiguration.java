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

package io.github.ublk4j.spring.test;

import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.UblkEngineCustomizer;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of {@link UblkTest @UblkTest}.
 */
@AutoConfiguration
final class UblkTestAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	SimulatedUblk simulatedUblk() {
		return new SimulatedUblk();
	}

	@Bean
	FailedRequests failedRequestsOfTest() {
		return new FailedRequests();
	}

	@Bean
	UblkEngineCustomizer failedRequestsCustomizer(FailedRequests failures) {
		return (engine) -> engine.decorator(failures);
	}

	/**
	 * Not closed, since the disks belong to the application.
	 */
	@Bean(destroyMethod = "")
	@ConditionalOnMissingBean
	BlockDeviceTestClient blockDeviceTestClient(SimulatedUblk ublk, ObjectProvider<UblkEngine> engine,
			FailedRequests failures) {
		return new BlockDeviceTestClient(ublk, engine::getObject, failures);
	}

}
