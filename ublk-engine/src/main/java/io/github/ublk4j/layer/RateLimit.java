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

/**
 * What a {@link RateLimitStore} lets through.
 *
 * @param bytesPerSecond bytes read and written; 0 for no limit
 * @param operationsPerSecond requests of any kind; 0 for no limit
 * @param burst after how long an idleness the full credit is there: what may go through
 * at once is what the rates allow in this time. A single request goes through, however
 * large, and those after it wait for it
 */
public record RateLimit(long bytesPerSecond, long operationsPerSecond, Duration burst) {

	/** Limits nothing. */
	public static final RateLimit NONE = new RateLimit(0, 0, Duration.ofMillis(100));

	/**
	 * Checks the values.
	 * @param bytesPerSecond bytes read and written
	 * @param operationsPerSecond requests of any kind
	 * @param burst how long it takes to fill the credit
	 * @throws InvalidLayerException if one is out of bounds
	 */
	public RateLimit {
		if (bytesPerSecond < 0) {
			throw new InvalidLayerException("bytesPerSecond", bytesPerSecond, "Use 1 or more, or 0 for no limit.");
		}
		if (operationsPerSecond < 0) {
			throw new InvalidLayerException("operationsPerSecond", operationsPerSecond,
					"Use 1 or more, or 0 for no limit.");
		}
		if (burst.isNegative() || burst.compareTo(Duration.ofHours(1)) > 0) {
			throw new InvalidLayerException("burst", burst, "Use 0 to 1h, such as 100ms.");
		}
	}

}
