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
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * Lets so many bytes and requests per second through, by token buckets. No thread waits:
 * a request that comes too early goes on by a timer. Reads and writes count with their
 * bytes; every request counts as one.
 * <p>
 * The limit can be changed at any time, by any thread; requests that wait are then
 * measured by the new one.
 */
public final class RateLimitStore extends InterceptingStore {

	private final LongSupplier clock;

	private volatile Buckets buckets;

	/**
	 * Creates a layer.
	 * @param below the store below
	 * @param limit what it lets through
	 */
	public RateLimitStore(BlockStore below, RateLimit limit) {
		this(below, limit, System::nanoTime);
	}

	RateLimitStore(BlockStore below, RateLimit limit, LongSupplier clock) {
		super(below);
		this.clock = clock;
		this.buckets = new Buckets(limit, clock);
	}

	/**
	 * Sets what is let through from now on.
	 * @param limit the limit; {@link RateLimit#NONE} for none
	 */
	public void limit(RateLimit limit) {
		changeLimit((current) -> limit);
	}

	/**
	 * Changes what is let through from now on, by what is let through so far: two who
	 * change different parts at the same time do not undo each other's change.
	 * @param change makes the new limit of the one in force
	 */
	public void changeLimit(UnaryOperator<RateLimit> change) {
		Buckets old;
		synchronized (this) {
			old = this.buckets;
			this.buckets = new Buckets(change.apply(old.limit), this.clock);
		}
		old.replaced.tryEmitEmpty();
	}

	/**
	 * Returns what is let through.
	 * @return the limit
	 */
	public RateLimit limit() {
		return this.buckets.limit;
	}

	@Override
	Mono<Void> intercept(BlockOperation operation, long offset, long length, Supplier<Mono<Void>> request) {
		boolean transfer = operation == BlockOperation.READ || operation == BlockOperation.WRITE;
		return pass(transfer ? length : 0, request);
	}

	private Mono<Void> pass(long bytes, Supplier<Mono<Void>> request) {
		Buckets current = this.buckets;
		long wait = current.reserve(bytes);
		if (wait <= 0) {
			return request.get();
		}
		Mono<Boolean> due = Mono.delay(Duration.ofNanos(wait)).thenReturn(true);
		return Mono.firstWithSignal(due, current.replaced.asMono().thenReturn(false))
			.flatMap((passed) -> passed ? request.get() : pass(bytes, request));
	}

	private static final class Buckets {

		private final RateLimit limit;

		private final TokenBucket bytes;

		private final TokenBucket operations;

		private final Sinks.Empty<Void> replaced = Sinks.empty();

		Buckets(RateLimit limit, LongSupplier clock) {
			this.limit = limit;
			this.bytes = new TokenBucket(limit.bytesPerSecond(), limit.burst(), clock);
			this.operations = new TokenBucket(limit.operationsPerSecond(), limit.burst(), clock);
		}

		long reserve(long count) {
			return Math.max(this.bytes.reserve(count), this.operations.reserve(1));
		}

	}

}
