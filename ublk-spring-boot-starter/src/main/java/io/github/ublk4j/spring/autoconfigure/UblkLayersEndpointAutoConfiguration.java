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

import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.actuate.UblkLayersEndpoint;
import io.github.ublk4j.spring.actuate.UblkLayersEndpointWebExtension;

import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for the {@link UblkLayersEndpoint}.
 */
@AutoConfiguration(after = UblkAutoConfiguration.class)
@ConditionalOnClass({ Endpoint.class, ConditionalOnAvailableEndpoint.class })
@ConditionalOnAvailableEndpoint(UblkLayersEndpoint.class)
public final class UblkLayersEndpointAutoConfiguration {

	UblkLayersEndpointAutoConfiguration() {
	}

	@Bean
	@ConditionalOnMissingBean
	UblkLayersEndpoint ublkLayersEndpoint(BlockDevices devices) {
		return new UblkLayersEndpoint(devices);
	}

	@Bean
	@ConditionalOnMissingBean
	UblkLayersEndpointWebExtension ublkLayersEndpointWebExtension(UblkLayersEndpoint endpoint) {
		return new UblkLayersEndpointWebExtension(endpoint);
	}

}
