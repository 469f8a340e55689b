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

package io.github.ublk4j.layer;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * A token bucket, kept as the time at which its debt is paid (the virtual scheduling
 * algorithm of ITU-T I.371). A reservation is one compare-and-set.
 */
final class TokenBucket {

	private static final double NANOS_PER_SECOND = 1e9;

	// long enough for anybody, and short enough that sums do not overflow
	private static final long LONGEST_DEBT = Duration.ofDays(365).toNanos();

	private final double nanosPerToken;

	private final long burst;

	private final LongSupplier clock;

	private final long origin;

	private final AtomicLong paid;

	/**
	 * Creates a full bucket.
	 * @param perSecond tokens per second; 0 for as many as are wanted
	 * @param burst how long it takes to fill
	 * @param clock nanoseconds, from anywhere
	 */
	TokenBucket(long perSecond, Duration burst, LongSupplier clock) {
		this.nanosPerToken = (perSecond > 0) ? NANOS_PER_SECOND / perSecond : 0;
		this.burst = burst.toNanos();
		this.clock = clock;
		this.origin = clock.getAsLong();
		this.paid = new AtomicLong(-this.burst);
	}

	/**
	 * Takes tokens that may not be there yet.
	 * @param tokens how many
	 * @return nanoseconds until all that were taken before are there; 0 or less for now
	 */
	long reserve(long tokens) {
		if (this.nanosPerToken == 0 || tokens == 0) {
			return 0;
		}
		long cost = Math.min((long) (tokens * this.nanosPerToken), LONGEST_DEBT);
		while (true) {
			long now = this.clock.getAsLong() - this.origin;
			long before = this.paid.get();
			long start = Math.max(before, now - this.burst);
			long after = Math.min(start + cost, now + LONGEST_DEBT);
			if (this.paid.compareAndSet(before, after)) {
				return start - now;
			}
		}
	}

}
