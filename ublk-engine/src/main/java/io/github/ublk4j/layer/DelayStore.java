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
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;

import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * Lets requests wait before they reach the store below, each kind as long as it is told.
 * The delays can be changed at any time, by any thread; a request that waits already
 * waits as long as it was told then. No thread waits. Requests of the same delay may
 * overtake each other, as they may on any disk.
 */
public final class DelayStore extends InterceptingStore {

	private volatile Map<BlockOperation, Duration> delays = withoutDelay();

	/**
	 * Creates a layer that delays nothing yet.
	 * @param below the store below
	 */
	public DelayStore(BlockStore below) {
		super(below);
	}

	/**
	 * Sets how long the requests of one kind wait.
	 * @param operation the kind
	 * @param delay the time; {@code ZERO} for none
	 * @return this layer
	 * @throws InvalidLayerException if the time is negative, or longer than a day
	 */
	public DelayStore delay(BlockOperation operation, Duration delay) {
		if (delay.isNegative() || delay.compareTo(Duration.ofDays(1)) > 0) {
			throw new InvalidLayerException(OptionNames.of(operation), delay, "Use 0 to 1d, such as 5ms.");
		}
		synchronized (this) {
			Map<BlockOperation, Duration> changed = new EnumMap<>(this.delays);
			changed.put(operation, delay);
			this.delays = Collections.unmodifiableMap(changed);
		}
		return this;
	}

	private static Map<BlockOperation, Duration> withoutDelay() {
		Map<BlockOperation, Duration> delays = new EnumMap<>(BlockOperation.class);
		for (BlockOperation operation : BlockOperation.values()) {
			delays.put(operation, Duration.ZERO);
		}
		return Collections.unmodifiableMap(delays);
	}

	/**
	 * Returns how long requests wait.
	 * @return the delay of each operation
	 */
	public Map<BlockOperation, Duration> delays() {
		return this.delays;
	}

	@Override
	Mono<Void> intercept(BlockOperation operation, long offset, long length, Supplier<Mono<Void>> request) {
		Duration wait = this.delays.getOrDefault(operation, Duration.ZERO);
		return wait.isZero() ? request.get() : Mono.delay(wait).then(Mono.defer(request));
	}

}
