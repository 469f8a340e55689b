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

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.ReadRequest;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * What the engine itself spends on a read of 4 KiB, from its descriptor in memory to its
 * commit, on the thread of a queue of depth 32. No ring, no driver.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class QueueBenchmark {

	private static final int REQUESTS = 100_000;

	/**
	 * An operation is a read in copy mode that the handler completes at once.
	 * @param queue the queue
	 * @throws InterruptedException if the benchmark is given up
	 */
	@Benchmark
	@OperationsPerInvocation(REQUESTS)
	public void readCompletedInline(Inline queue) throws InterruptedException {
		queue.driver.serve(REQUESTS);
	}

	/**
	 * An operation is a read in copy mode that is transferred from a file by the
	 * transport.
	 * @param queue the queue
	 * @throws InterruptedException if the benchmark is given up
	 */
	@Benchmark
	@OperationsPerInvocation(REQUESTS)
	public void readTransferredFromFile(Transferring queue) throws InterruptedException {
		queue.driver.serve(REQUESTS);
	}

	/**
	 * An operation is a read in user-copy mode with a buffer of the pool; nothing is
	 * copied.
	 * @param queue the queue
	 * @throws InterruptedException if the benchmark is given up
	 */
	@Benchmark
	@OperationsPerInvocation(REQUESTS)
	public void readInUserCopyMode(UserCopy queue) throws InterruptedException {
		queue.driver.serve(REQUESTS);
	}

	/**
	 * An operation is a read in copy mode that another thread completes.
	 * @param queue the queue
	 * @throws InterruptedException if the benchmark is given up
	 */
	@Benchmark
	@OperationsPerInvocation(REQUESTS)
	public void readCompletedByAnotherThread(HandedOver queue) throws InterruptedException {
		queue.driver.serve(REQUESTS);
	}

	/**
	 * A queue whose handler has nothing to do.
	 */
	@State(Scope.Benchmark)
	public static class Inline {

		private final EndlessDriver driver = EndlessDriver.copyMode((request) -> Mono.empty());

		/**
		 * Ends the queue.
		 */
		@TearDown
		public void stop() {
			this.driver.stop();
		}

	}

	/**
	 * A queue whose handler reads from a file.
	 */
	@State(Scope.Benchmark)
	public static class Transferring {

		private final BackingFile file = new UnusedFile();

		private final EndlessDriver driver = EndlessDriver
			.copyMode((request) -> request.transferFrom(this.file, request.offset()));

		/**
		 * Ends the queue.
		 */
		@TearDown
		public void stop() {
			this.driver.stop();
		}

	}

	/**
	 * A queue in user-copy mode.
	 */
	@State(Scope.Benchmark)
	public static class UserCopy {

		private final EndlessDriver driver = new EndlessDriver((request) -> {
			request.buffer().put(0, (byte) 1);
			return Mono.empty();
		}, new UserCopyPath(new NoCopier(), EndlessDriver.LENGTH, false));

		/**
		 * Ends the queue.
		 */
		@TearDown
		public void stop() {
			this.driver.stop();
		}

	}

	/**
	 * A queue whose requests are completed by another thread.
	 */
	@State(Scope.Benchmark)
	public static class HandedOver {

		private final Answerer answerer = new Answerer();

		private final EndlessDriver driver = EndlessDriver.copyMode(this.answerer);

		/**
		 * Ends the queue and the other thread.
		 */
		@TearDown
		public void stop() {
			this.driver.stop();
			this.answerer.stopped = true;
		}

	}

	private record UnusedFile() implements BackingFile {

		@Override
		public int fd() {
			return 70;
		}

		@Override
		public void close() {
			// never opened
		}

	}

	private record NoCopier() implements RequestCopier {

		@Override
		public void fromRequest(int tag, IoBuffer target, int length) {
			// nothing
		}

		@Override
		public void toRequest(int tag, IoBuffer source, int length) {
			// nothing
		}

		@Override
		public void zeroRequest(int tag, int length) {
			// nothing
		}

	}

	/**
	 * Completes on a thread of its own, which yields but never sleeps.
	 */
	private static final class Answerer extends Mono<Void> implements BlockDeviceHandler, Runnable {

		private final AtomicReferenceArray<@Nullable CoreSubscriber<? super Void>> ring = new AtomicReferenceArray<>(
				2 * EndlessDriver.DEPTH);

		private int in;

		private volatile boolean stopped;

		Answerer() {
			Thread thread = new Thread(this, "answerer");
			thread.setDaemon(true);
			thread.start();
		}

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
		@SuppressWarnings("ThreadPriorityCheck")
		public void run() {
			int out = 0;
			while (!this.stopped) {
				CoreSubscriber<? super Void> subscriber = this.ring.getAndSet(out, null);
				if (subscriber != null) {
					out = (out + 1) % this.ring.length();
					subscriber.onComplete();
				}
				else {
					Thread.yield();
				}
			}
		}

	}

}
