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

package io.github.ublk4j.store.chunk;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import io.github.ublk4j.store.StoreUnavailableException;

/**
 * A server of chunks in memory, which can be slow, lose answers, do what it was asked to
 * after it has answered with an error, and crash.
 */
final class TestChunkVolume implements ChunkVolume {

	private final Scheduler scheduler = Schedulers.newParallel("test-chunks", 2, true);

	private final Map<Long, byte[]> chunks = new TreeMap<>();

	private final Map<Long, byte[]> durable = new TreeMap<>();

	private final Map<Long, Integer> underWay = new HashMap<>();

	private final Random random;

	private @Nullable VolumeDescriptor descriptor;

	private @Nullable String holder;

	private long token;

	/** Out of a hundred changes. */
	volatile int failures;

	/** Most milliseconds of each answer, 0 for one on the caller's thread. */
	volatile int delay;

	/** What ends before any change, instead of the change. */
	volatile Supplier<Mono<Void>> beforeChange = Mono::empty;

	volatile Supplier<Mono<Void>> beforeFlush = Mono::empty;

	/** What ends before a claim does. */
	volatile Supplier<Mono<Void>> beforeClaim = Mono::empty;

	/** Ends requests for a token without one. */
	volatile boolean withoutTokens;

	final AtomicInteger gets = new AtomicInteger();

	final AtomicInteger puts = new AtomicInteger();

	final AtomicInteger deletes = new AtomicInteger();

	final AtomicInteger mostTogether = new AtomicInteger();

	private final Set<String> violations = new HashSet<>();

	TestChunkVolume(long seed) {
		this.random = new Random(seed);
	}

	@Override
	public synchronized Mono<VolumeDescriptor> describe() {
		return Mono.justOrEmpty(this.descriptor);
	}

	@Override
	public synchronized Mono<VolumeDescriptor> createIfAbsent(VolumeDescriptor wanted) {
		VolumeDescriptor present = this.descriptor;
		if (present == null) {
			present = wanted;
			this.descriptor = wanted;
		}
		return Mono.just(present);
	}

	@Override
	public synchronized Mono<ChunkStore> claim(VolumeClaim claim) {
		if (claim.readOnly()) {
			return Mono.just(new Claim(claim.holder(), 0));
		}
		if (this.holder != null && !claim.takeOver()) {
			return Mono.error(new StoreUnavailableException("The " + this + " is served by " + this.holder + ".",
					"Stop it, or take over."));
		}
		this.holder = claim.holder();
		return this.beforeClaim.get().thenReturn(new Claim(claim.holder(), ++this.token));
	}

	/**
	 * Returns the numbers of the chunks that are there.
	 */
	synchronized Set<Long> present() {
		return Set.copyOf(this.chunks.keySet());
	}

	/**
	 * Forgets what has not been flushed, but for some of it, and who the holder is.
	 */
	synchronized void crash() {
		Set<Long> all = new HashSet<>(this.chunks.keySet());
		all.addAll(this.durable.keySet());
		for (long index : all) {
			if (this.random.nextBoolean()) {
				byte[] kept = this.durable.get(index);
				if (kept == null) {
					this.chunks.remove(index);
				}
				else {
					this.chunks.put(index, kept);
				}
			}
		}
		this.holder = null;
		this.token++;
	}

	/**
	 * Returns how many tokens were given out.
	 */
	synchronized long tokens() {
		return this.token;
	}

	synchronized Set<String> violations() {
		return Set.copyOf(this.violations);
	}

	private synchronized int nextInt(int bound) {
		return this.random.nextInt(bound);
	}

	private <T> Mono<T> later(Mono<T> answer) {
		int most = this.delay;
		return (most == 0) ? answer : Mono.delay(Duration.ofMillis(nextInt(most)), this.scheduler).then(answer);
	}

	@Override
	public String toString() {
		return "volume of the test";
	}

	private final class Claim implements ChunkStore {

		private final String holder;

		private final long first;

		Claim(String holder, long first) {
			this.holder = holder;
			this.first = first;
		}

		@Override
		public long token() {
			return this.first;
		}

		@Override
		public Mono<ByteBuffer> get(long index, int offset, int length) {
			TestChunkVolume.this.gets.incrementAndGet();
			return later(Mono.fromSupplier(() -> {
				synchronized (TestChunkVolume.this) {
					byte[] chunk = TestChunkVolume.this.chunks.get(index);
					return (chunk != null) ? ByteBuffer.wrap(chunk.clone(), offset, length).slice() : null;
				}
			}));
		}

		@Override
		public Flux<Long> existing(long first, long last) {
			return later(Mono.fromSupplier(TestChunkVolume.this::present)).flatMapIterable((indexes) -> indexes)
				.filter((index) -> index >= first && index <= last);
		}

		@Override
		public Mono<Void> put(long token, long index, ByteBuffer chunk) {
			TestChunkVolume.this.puts.incrementAndGet();
			return change(index, () -> {
				byte[] bytes = new byte[chunk.remaining()];
				chunk.get(chunk.position(), bytes);
				return perform(token, index, bytes);
			});
		}

		@Override
		public Mono<Void> delete(long token, long index) {
			TestChunkVolume.this.deletes.incrementAndGet();
			return change(index, () -> perform(token, index, null));
		}

		private Mono<Void> change(long index, Supplier<Mono<Void>> change) {
			Mono<Void> inTime = Mono.defer(() -> {
				Mono<Void> before = TestChunkVolume.this.beforeChange.get();
				begin(index);
				return later(before.then(Mono.defer(change))).doOnTerminate(() -> end(index))
					.doOnCancel(() -> end(index));
			});
			if (nextInt(100) >= TestChunkVolume.this.failures) {
				return inTime;
			}
			return switch (nextInt(3)) {
				case 0 -> later(Mono.error(new IllegalStateException("refused by the test")));
				case 1 -> inTime.then(Mono.error(new IllegalStateException("answer lost by the test")));
				default -> {
					// reads the buffer late too, as a driver with a queue would
					Mono.delay(Duration.ofMillis(5 + nextInt(10)), TestChunkVolume.this.scheduler)
						.then(Mono.defer(change))
						.subscribe((done) -> {
						}, (failure) -> {
						});
					yield later(Mono.error(new IllegalStateException("done later by the test")));
				}
			};
		}

		private void begin(long index) {
			synchronized (TestChunkVolume.this) {
				if (TestChunkVolume.this.underWay.merge(index, 1, Integer::sum) > 1) {
					TestChunkVolume.this.violations.add("two changes of chunk " + index + " under way");
				}
				int together = TestChunkVolume.this.underWay.values().stream().mapToInt(Integer::intValue).sum();
				TestChunkVolume.this.mostTogether.accumulateAndGet(together, Math::max);
			}
		}

		private void end(long index) {
			synchronized (TestChunkVolume.this) {
				TestChunkVolume.this.underWay.merge(index, -1, Integer::sum);
			}
		}

		private Mono<Void> perform(long used, long index, byte @Nullable [] bytes) {
			synchronized (TestChunkVolume.this) {
				if (used != TestChunkVolume.this.token) {
					return Mono.error(
							new FencedException("token " + used + " is not the latest, " + TestChunkVolume.this.token));
				}
				if (bytes != null) {
					TestChunkVolume.this.chunks.put(index, bytes);
				}
				else {
					TestChunkVolume.this.chunks.remove(index);
				}
				return Mono.empty();
			}
		}

		@Override
		public Mono<Void> flush() {
			return later(TestChunkVolume.this.beforeFlush.get().then(Mono.fromRunnable(() -> {
				synchronized (TestChunkVolume.this) {
					TestChunkVolume.this.durable.clear();
					TestChunkVolume.this.durable.putAll(TestChunkVolume.this.chunks);
				}
			})));
		}

		@Override
		public Mono<Long> nextToken() {
			return later(Mono.fromCallable(() -> {
				synchronized (TestChunkVolume.this) {
					requireHeld();
					return TestChunkVolume.this.withoutTokens ? null : ++TestChunkVolume.this.token;
				}
			}));
		}

		private void requireHeld() throws FencedException {
			if (!this.holder.equals(TestChunkVolume.this.holder)) {
				throw new FencedException("it is served by " + TestChunkVolume.this.holder);
			}
		}

		@Override
		public Mono<Void> renewLease() {
			return later(Mono.fromCallable(() -> {
				synchronized (TestChunkVolume.this) {
					requireHeld();
					return this;
				}
			})).then();
		}

		@Override
		public Mono<Void> release() {
			return Mono.fromRunnable(() -> {
				synchronized (TestChunkVolume.this) {
					if (this.holder.equals(TestChunkVolume.this.holder)) {
						TestChunkVolume.this.holder = null;
					}
				}
			});
		}

	}

}
