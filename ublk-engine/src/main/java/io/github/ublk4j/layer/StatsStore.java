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
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * Counts requests and their times. Two of them, above and below another layer, show what
 * that one does: how much a cache spares the store, for example. Any thread can read the
 * counters; those of one moment need not fit together to the last request.
 */
public final class StatsStore extends InterceptingStore {

	private final Map<BlockOperation, Counters> counters = new EnumMap<>(BlockOperation.class);

	/**
	 * Creates a layer that has counted nothing.
	 * @param below the store below
	 */
	public StatsStore(BlockStore below) {
		super(below);
		for (BlockOperation operation : BlockOperation.values()) {
			this.counters.put(operation, new Counters());
		}
	}

	/**
	 * Returns what has been counted since the layer was made.
	 * @return the statistics of every operation
	 */
	public Map<BlockOperation, OperationStatistics> statistics() {
		Map<BlockOperation, OperationStatistics> statistics = new EnumMap<>(BlockOperation.class);
		this.counters.forEach((operation, counted) -> statistics.put(operation, counted.read()));
		return Collections.unmodifiableMap(statistics);
	}

	@Override
	Mono<Void> intercept(BlockOperation operation, long offset, long length, Supplier<Mono<Void>> request) {
		return Mono.defer(() -> {
			Counters counted = this.counters.getOrDefault(operation, new Counters());
			long begun = System.nanoTime();
			return request.get()
				.doOnSuccess((done) -> counted.succeeded(length, begun))
				.doOnError((ex) -> counted.ended(counted.errors, begun))
				.doOnCancel(() -> counted.ended(counted.cancelled, begun));
		});
	}

	private static final class Counters {

		private final LongAdder requests = new LongAdder();

		private final LongAdder errors = new LongAdder();

		private final LongAdder cancelled = new LongAdder();

		private final LongAdder bytes = new LongAdder();

		private final LongAdder nanos = new LongAdder();

		private final LongAccumulator longest = new LongAccumulator(Math::max, 0);

		void succeeded(long length, long begun) {
			ended(this.bytes, length, begun);
		}

		void ended(LongAdder outcome, long begun) {
			ended(outcome, 1, begun);
		}

		private void ended(LongAdder outcome, long amount, long begun) {
			long time = System.nanoTime() - begun;
			outcome.add(amount);
			this.nanos.add(time);
			this.longest.accumulate(time);
			this.requests.increment();
		}

		OperationStatistics read() {
			return new OperationStatistics(this.requests.sum(), this.errors.sum(), this.cancelled.sum(),
					this.bytes.sum(), Duration.ofNanos(this.nanos.sum()), Duration.ofNanos(this.longest.get()));
		}

	}

}
