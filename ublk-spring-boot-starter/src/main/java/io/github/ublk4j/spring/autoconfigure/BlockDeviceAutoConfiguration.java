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

import io.github.ublk4j.spring.BlockDevice;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for the disks of
 * {@link BlockDevice @BlockDevice} beans and of {@code ublk.devices}.
 */
@AutoConfiguration(after = UblkAutoConfiguration.class)
public final class BlockDeviceAutoConfiguration {

	BlockDeviceAutoConfiguration() {
	}

	@Bean
	BlockDeviceLifecycle blockDeviceLifecycle(ConfigurableListableBeanFactory beanFactory, UblkProperties properties,
			DiskSet disks, EngineSupplier engine, Environment environment, ApplicationContext context) {
		properties.requireValid();
		new WrittenAttributes().requireKnown(environment);
		DiskDeclarations declarations = new DiskDeclarations(beanFactory, properties, new WrittenNames(environment));
		return new BlockDeviceLifecycle(declarations, disks, engine, properties.unsupportedHost(),
				new Leftovers(properties.orphans()),
				() -> new ShutdownPhase(environment).warnIfShorterThan(properties.drainTimeout()), context);
	}

}
