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
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Supplier;

import io.github.ublk4j.engine.UblkDriver;
import io.github.ublk4j.engine.UblkEngine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * The driver behind the {@link UblkEngine}, asked once, and only if the engine exists:
 * looking at it must not be what creates the engine.
 */
final class KnownDriver implements Supplier<@Nullable UblkDriver> {

	private static final Logger logger = LoggerFactory.getLogger(KnownDriver.class);

	private static final Duration PATIENCE = Duration.ofSeconds(2);

	private final ConfigurableListableBeanFactory beanFactory;

	private volatile @Nullable UblkDriver driver;

	KnownDriver(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	@Override
	public @Nullable UblkDriver get() {
		if (this.driver == null) {
			this.driver = Arrays.stream(this.beanFactory.getBeanNamesForType(UblkEngine.class, false, false))
				.map(this.beanFactory::getSingleton)
				.filter(UblkEngine.class::isInstance)
				.map((engine) -> ask((UblkEngine) engine))
				.filter(Objects::nonNull)
				.findFirst()
				.orElse(null);
		}
		return this.driver;
	}

	private static @Nullable UblkDriver ask(UblkEngine engine) {
		try {
			return engine.driver().block(PATIENCE);
		}
		catch (RuntimeException ex) {
			logger.warn("The ublk driver does not say what it can do", ex);
			return null;
		}
	}

}
