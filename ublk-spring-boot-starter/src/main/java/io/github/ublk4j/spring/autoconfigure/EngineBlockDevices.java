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

import java.util.Arrays;
import java.util.List;

import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.BlockDevices;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * The devices of the {@link UblkEngine}, which is asked only once it exists: looking at
 * the disks must not be what creates it.
 */
final class EngineBlockDevices implements BlockDevices {

	private final ConfigurableListableBeanFactory beanFactory;

	EngineBlockDevices(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	@Override
	public List<UblkDevice> all() {
		return Arrays.stream(this.beanFactory.getBeanNamesForType(UblkEngine.class, false, false))
			.map(this.beanFactory::getSingleton)
			.filter(UblkEngine.class::isInstance)
			.map(UblkEngine.class::cast)
			.flatMap((engine) -> engine.devices().stream())
			.toList();
	}

}
