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

import io.github.ublk4j.engine.DeviceListener;
import io.github.ublk4j.engine.HandlerDecorator;
import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.metrics.DiskMetrics;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.UblkEngineCustomizer;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.context.annotation.Lazy;
import org.springframework.util.unit.DataSize;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for the {@link UblkEngine}.
 */
@AutoConfiguration
@EnableConfigurationProperties(UblkProperties.class)
@ImportRuntimeHints(UblkRuntimeHints.class)
public final class UblkAutoConfiguration {

	// beside the links of disks, whose names do not begin with a dot
	private static final String STATE_DIRECTORY = ".state";

	UblkAutoConfiguration() {
	}

	/**
	 * Lazy, so that an application without disks starts on a host without ublk.
	 */
	@Bean
	@Lazy
	@ConditionalOnMissingBean
	UblkEngine ublkEngine(UblkProperties properties, ObjectProvider<SimulatedUblk> simulated,
			ObjectProvider<DiskMetrics> metrics, ObjectProvider<HandlerDecorator> decorators,
			ObjectProvider<DeviceListener> listeners, ListableBeanFactory beanFactory) {
		UblkEngine.Builder builder = builder(properties, simulated);
		metrics.ifUnique(builder::metrics);
		decorators.orderedStream().forEach(builder::decorator);
		listeners.orderedStream().forEach(builder::listener);
		new NamedCustomizers<>(beanFactory, UblkEngineCustomizer.class).apply("engine",
				(customizer) -> customizer.customize(builder));
		return builder.build();
	}

	static UblkEngine.Builder builder(UblkProperties properties, ObjectProvider<SimulatedUblk> simulated) {
		SimulatedUblk host = simulated.getIfAvailable();
		return (host != null) ? settings(properties).simulated(host) : builder(properties);
	}

	static UblkEngine.Builder builder(UblkProperties properties) {
		return settings(properties).stateDirectory(properties.runDirectory().resolve(STATE_DIRECTORY));
	}

	private static UblkEngine.Builder settings(UblkProperties properties) {
		UblkEngine.Builder builder = UblkEngine.builder()
			.drainTimeout(properties.drainTimeout())
			.controlTimeout(properties.controlTimeout());
		DataSize limit = properties.memory().limit();
		if (limit != null) {
			builder.memoryLimit(limit.toBytes());
		}
		if (properties.oomScoreAdj() != null) {
			builder.oomScoreAdj(properties.oomScoreAdj());
		}
		return builder;
	}

	@Bean
	EngineSupplier ublkEngineSupplier(ObjectProvider<UblkEngine> engine, UblkProperties properties) {
		return new EngineSupplier(engine, properties.enabled());
	}

	@Bean
	DiskSet ublkDiskSet(EngineSupplier engine, UblkProperties properties, ApplicationEventPublisher publisher) {
		return new DiskSet(engine, new DeviceLinks(properties.runDirectory()), publisher);
	}

	@Bean
	@ConditionalOnMissingBean
	BlockDevices blockDevices(DiskSet disks) {
		return new ApplicationBlockDevices(disks);
	}

}
