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
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.github.ublk4j.engine.OrphanedDevice;
import io.github.ublk4j.engine.UblkDriver;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.host.HostCheck;
import io.github.ublk4j.spring.actuate.UblkHost;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * What the {@link UblkEngine} knows of its host, asked only if the engine exists: looking
 * at it must not be what creates the engine. What the driver can do is asked once.
 */
final class KnownHost implements UblkHost {

	private static final Logger logger = LoggerFactory.getLogger(KnownHost.class);

	private static final Duration PATIENCE = Duration.ofSeconds(2);

	private final ConfigurableListableBeanFactory beanFactory;

	private final RecentChecks checks;

	private volatile @Nullable UblkDriver driver;

	/**
	 * Creates a host that nobody has looked at.
	 * @param beanFactory where the engine is, once it has been made
	 * @param preflight checks the host without an engine
	 */
	KnownHost(ConfigurableListableBeanFactory beanFactory, Supplier<List<HostCheck>> preflight) {
		this.beanFactory = beanFactory;
		this.checks = new RecentChecks(() -> engines().findFirst().map(UblkEngine::preflight).orElseGet(preflight),
				System::nanoTime);
	}

	@Override
	public @Nullable UblkDriver driver() {
		if (this.driver == null) {
			this.driver = ask(UblkEngine::driver);
		}
		return this.driver;
	}

	@Override
	public List<OrphanedDevice> orphans() {
		return Objects.requireNonNullElse(ask(UblkEngine::orphanedDevices), List.of());
	}

	@Override
	public List<HostCheck> checks() {
		return this.checks.get();
	}

	private <T> @Nullable T ask(Function<UblkEngine, Mono<T>> question) {
		return engines().map((engine) -> ask(engine, question)).filter(Objects::nonNull).findFirst().orElse(null);
	}

	private Stream<UblkEngine> engines() {
		return Arrays.stream(this.beanFactory.getBeanNamesForType(UblkEngine.class, false, false))
			.map(this.beanFactory::getSingleton)
			.filter(UblkEngine.class::isInstance)
			.map(UblkEngine.class::cast);
	}

	private static <T> @Nullable T ask(UblkEngine engine, Function<UblkEngine, Mono<T>> question) {
		try {
			return question.apply(engine).block(PATIENCE);
		}
		catch (RuntimeException ex) {
			logger.warn("The ublk driver does not answer", ex);
			return null;
		}
	}

}
