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

import io.github.ublk4j.block.BackingFile;
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
import reactor.core.publisher.Mono;

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
	 * A queue that ends with its benchmark.
	 */
	abstract static class Served {

		final EndlessDriver driver;

		Served(EndlessDriver driver) {
			this.driver = driver;
		}

		/**
		 * Ends the queue.
		 */
		@TearDown
		public void stop() {
			this.driver.stop();
		}

	}

	/**
	 * A queue whose handler has nothing to do.
	 */
	@State(Scope.Benchmark)
	public static class Inline extends Served {

		/**
		 * Starts the queue.
		 */
		public Inline() {
			super(EndlessDriver.copyMode((request) -> Mono.empty()));
		}

	}

	/**
	 * A queue whose handler reads from a file.
	 */
	@State(Scope.Benchmark)
	public static class Transferring extends Served {

		/**
		 * Starts the queue.
		 */
		public Transferring() {
			this(TestFile.of(70));
		}

		private Transferring(BackingFile file) {
			super(EndlessDriver.copyMode((request) -> request.transferFrom(file, request.offset())));
		}

	}

	/**
	 * A queue in user-copy mode.
	 */
	@State(Scope.Benchmark)
	public static class UserCopy extends Served {

		/**
		 * Starts the queue.
		 */
		public UserCopy() {
			super(new EndlessDriver((request) -> {
				request.buffer().put(0, (byte) 1);
				return Mono.empty();
			}, new UserCopyPath(new UserCopyPathTests.FakeCopier(), EndlessDriver.DEPTH, EndlessDriver.LENGTH, false)));
		}

	}

	/**
	 * A queue whose requests are completed by another thread.
	 */
	@State(Scope.Benchmark)
	public static class HandedOver extends Served {

		private final AnsweringThread answering;

		/**
		 * Starts the queue and the other thread.
		 */
		public HandedOver() {
			this(new AnsweringThread());
		}

		private HandedOver(AnsweringThread answering) {
			super(EndlessDriver.copyMode(answering));
			this.answering = answering;
		}

		@Override
		@TearDown
		public void stop() {
			super.stop();
			this.answering.stop();
		}

	}

}
