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

import io.github.ublk4j.metrics.DiskMetrics;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.actuate.MicrometerDiskMetrics;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.context.annotation.Bean;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for the metrics of disks.
 */
@AutoConfiguration(after = { UblkAutoConfiguration.class, CompositeMeterRegistryAutoConfiguration.class })
@ConditionalOnClass({ MeterRegistry.class, CompositeMeterRegistryAutoConfiguration.class })
@ConditionalOnBean(MeterRegistry.class)
@ConditionalOnBooleanProperty(name = "ublk.metrics.enabled", matchIfMissing = true)
@EnableConfigurationProperties(UblkMetricsProperties.class)
public final class UblkMetricsAutoConfiguration {

	UblkMetricsAutoConfiguration() {
	}

	@Bean
	@ConditionalOnMissingBean(DiskMetrics.class)
	MicrometerDiskMetrics ublkDiskMetrics(MeterRegistry registry, ObjectProvider<BlockDevices> devices,
			UblkMetricsProperties properties) {
		return new MicrometerDiskMetrics(registry, (disk) -> devices.getObject().find(disk),
				(disk) -> devices.getObject().store(disk), properties.histogram());
	}

}
