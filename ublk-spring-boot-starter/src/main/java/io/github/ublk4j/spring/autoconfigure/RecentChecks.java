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
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

import io.github.ublk4j.engine.host.HostCheck;

/**
 * The checks of the host, made when they are asked for and again when they are old: they
 * open rings and ask the driver.
 */
final class RecentChecks implements Supplier<List<HostCheck>> {

	static final Duration LIFETIME = Duration.ofSeconds(30);

	private final Supplier<List<HostCheck>> preflight;

	private final LongSupplier clock;

	private List<HostCheck> checks = List.of();

	private long checkedAt;

	/**
	 * Creates checks that nobody has made.
	 * @param preflight makes the checks
	 * @param clock tells nanoseconds, as {@link System#nanoTime()}
	 */
	RecentChecks(Supplier<List<HostCheck>> preflight, LongSupplier clock) {
		this.preflight = preflight;
		this.clock = clock;
	}

	@Override
	public synchronized List<HostCheck> get() {
		long now = this.clock.getAsLong();
		if (this.checks.isEmpty() || now - this.checkedAt >= LIFETIME.toNanos()) {
			this.checks = this.preflight.get();
			this.checkedAt = now;
		}
		return this.checks;
	}

}
