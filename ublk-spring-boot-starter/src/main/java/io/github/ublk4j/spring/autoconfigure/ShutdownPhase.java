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

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * How long the application gives each phase of its shutdown.
 */
final class ShutdownPhase {

	private static final Logger logger = LoggerFactory.getLogger(ShutdownPhase.class);

	private static final String PROPERTY = "spring.lifecycle.timeout-per-shutdown-phase";

	private static final Duration DEFAULT = Duration.ofSeconds(30);

	private final Duration timeout;

	ShutdownPhase(Environment environment) {
		this.timeout = Binder.get(environment).bind(PROPERTY, Duration.class).orElse(DEFAULT);
	}

	/**
	 * Warns if the disks may need longer. They are not broken off: data would be lost.
	 * @param drainTimeout how long they wait for requests in flight
	 */
	void warnIfShorterThan(Duration drainTimeout) {
		if (this.timeout.compareTo(drainTimeout) < 0) {
			logger.warn(
					"ublk.drain-timeout is {} ms, but {} is {} ms: the disks may take longer to stop than the "
							+ "application allows for. Raise the latter, and what ends the process after it "
							+ "(TimeoutStopSec of systemd, for example), or lower the former",
					drainTimeout.toMillis(), PROPERTY, this.timeout.toMillis());
		}
	}

}
