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

package io.github.ublk4j.engine.queue;

import java.lang.management.ManagementFactory;
import java.time.Duration;

import com.sun.management.ThreadMXBean;
import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.ReadRequest;
import org.junit.jupiter.api.Test;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Proves that the engine allocates nothing per request, by the allocation counter of the
 * thread that does the work.
 */
class AllocationTests {

	private static final int DEPTH = 32;

	private static final long REQUESTS = 100_000;

	// a class loaded late or a profile of the JIT compiler, but less than one object per
	// hundred requests
	private static final long TOLERANCE = REQUESTS / 100 * 16;

	private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

	@Test
	void synchronousCompletionAllocatesNothing() {
		Carousel carousel = new Carousel((request) -> Mono.empty());
		carousel.run();
		assertThat(carousel.queueBytes).isLessThan(TOLERANCE);
	}

	@Test
	void completionHandedOverByAnotherThreadAllocatesNothing() {
		Answering answering = new Answering();
		Thread answerer = new Thread(answering, "answerer");
		answerer.setDaemon(true);
		answerer.start();
		Carousel carousel = new Carousel(answering);
		carousel.run();
		assertThat(carousel.queueBytes).isLessThan(TOLERANCE);
		assertThat(this.threads.getThreadAllocatedBytes(answerer.getId())).isLessThan(TOLERANCE);
	}

	@Test
	void buffersOfUserCopyModeAllocateNothing() {
		UserCopyPath path = new UserCopyPath(new UserCopyPathTests.FakeCopier(), DEPTH, 4096, true);
		Carousel carousel = new Carousel((request) -> {
			request.buffer().put(0, (byte) 1);
			return Mono.empty();
		}, path);
		carousel.run();
		assertThat(carousel.queueBytes).isLessThan(TOLERANCE);
		path.release();
	}

	@Test
	void transferAllocatesNothing() {
		BackingFile file = new RingTransferTests.TestFile(70);
		Carousel carousel = new Carousel((request) -> request.transferFrom(file, request.offset()));
		carousel.run();
		assertThat(carousel.transfers).isGreaterThan(2 * REQUESTS);
		assertThat(carousel.queueBytes).isLessThan(TOLERANCE);
	}

	@Test
	void transferInZeroCopyModeAllocatesNothing() {
		BackingFile file = new RingTransferTests.TestFile(70);
		ZeroCopyPath path = new ZeroCopyPath(new UserCopyPathTests.FakeCopier(), DEPTH, 4096, true, true);
		Carousel carousel = new Carousel((request) -> request.transferFrom(file, request.offset()), path);
		carousel.run();
		assertThat(carousel.transfers).isGreaterThan(2 * REQUESTS);
		assertThat(carousel.queueBytes).isLessThan(TOLERANCE);
		assertThat(path.bytes()).isZero();
	}

	/**
	 * Answers on a thread of its own through a ring of subscribers, without allocating.
	 */
	private static final class Answering extends Mono<Void> implements BlockDeviceHandler, Runnable {

		private final java.util.concurrent.atomic.AtomicReferenceArray<CoreSubscriber<? super Void>> ring = new java.util.concurrent.atomic.AtomicReferenceArray<>(
				2 * DEPTH);

		private int in;

		@Override
		public Mono<Void> read(ReadRequest request) {
			return this;
		}

		@Override
		public void subscribe(CoreSubscriber<? super Void> subscriber) {
			subscriber.onSubscribe(Operators.emptySubscription());
			this.ring.set(this.in, subscriber);
			this.in = (this.in + 1) % this.ring.length();
		}

		@Override
		public void run() {
			int out = 0;
			while (true) {
				CoreSubscriber<? super Void> subscriber = this.ring.getAndSet(out, null);
				if (subscriber != null) {
					out = (out + 1) % this.ring.length();
					subscriber.onComplete();
				}
				else {
					Thread.onSpinWait();
				}
			}
		}

	}

	/**
	 * A transport that answers every commit with the next request of the same tag, on the
	 * queue's thread and without allocating.
	 */
	private final class Carousel implements QueueTransport {

		private final BlockQueue queue;

		private final int[] arriving = new int[DEPTH];

		private int arrivals;

		private final int[] ending = new int[DEPTH];

		private int ends;

		private long transfers;

		private long served;

		private long bytesAtStart;

		private volatile long queueBytes = Long.MAX_VALUE;

		Carousel(BlockDeviceHandler handler) {
			this(handler, new DriverDouble(DEPTH, 4096).dataPath());
		}

		Carousel(BlockDeviceHandler handler, DataPath path) {
			this.queue = BlockQueue.forHandler("carousel", 0, DEPTH, (index) -> this, path, handler,
					(index, reason, failure) -> {
					});
		}

		void run() {
			this.queue.start(Duration.ofSeconds(10));
			assertThat(this.queue.awaitEnd(Duration.ofSeconds(60))).isTrue();
			assertThat(this.queue.snapshot().requests()).isGreaterThan(2 * REQUESTS);
		}

		@Override
		public void fetch(int tag, long address) {
			this.arriving[this.arrivals++] = tag;
		}

		@Override
		public void commitAndFetch(int tag, int result, long address) {
			if (result != 4096) {
				throw new AssertionError("result " + result);
			}
			this.arriving[this.arrivals++] = tag;
		}

		@Override
		public void transfer(RingTransfer transfer, int slot) {
			this.ending[this.ends++] = slot;
			this.transfers++;
		}

		@Override
		public void registerPages(int tag) {
			throw new AssertionError("nothing is registered or cancelled");
		}

		@Override
		public void unregisterPages(int tag) {
			throw new AssertionError("nothing is registered or cancelled");
		}

		@Override
		public void cancelTransfer(int slot) {
			throw new AssertionError("nothing is registered or cancelled");
		}

		@Override
		public void exchange(boolean wait) {
			// the next requests are there already
		}

		@Override
		public void poll(Events events) {
			int ended = this.ends;
			this.ends = 0;
			for (int i = 0; i < ended; i++) {
				events.transferred(this.ending[i], 4096);
			}
			int count = this.arrivals;
			this.arrivals = 0;
			boolean last = this.served > 2 * REQUESTS + 1000;
			if (last && this.queueBytes == Long.MAX_VALUE) {
				this.queueBytes = AllocationTests.this.threads.getThreadAllocatedBytes(Thread.currentThread().getId())
						- this.bytesAtStart;
			}
			for (int i = 0; i < count; i++) {
				int tag = this.arriving[i];
				// the first half warms up
				if (this.served++ == REQUESTS) {
					this.bytesAtStart = AllocationTests.this.threads
						.getThreadAllocatedBytes(Thread.currentThread().getId());
				}
				if (last) {
					events.aborted(tag, 19);
				}
				else {
					events.arrived(tag);
				}
			}
		}

		@Override
		public int operationAndFlags(int tag) {
			return 0;
		}

		@Override
		public long startSector(int tag) {
			return 0;
		}

		@Override
		public int sectors(int tag) {
			return 8;
		}

		@Override
		public void wakeUp() {
			// never sleeps
		}

		@Override
		public long enters() {
			return 0;
		}

		@Override
		public void close() {
			// nothing to release
		}

	}

}
