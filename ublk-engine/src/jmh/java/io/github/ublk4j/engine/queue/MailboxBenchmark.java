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

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to leave a task in the mailbox and to take out what is there.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Benchmark)
public class MailboxBenchmark {

	private final Mailbox mailbox = new Mailbox();

	/**
	 * An operation is a put and a drain by a thread that has the mailbox for itself.
	 * @param producer the thread
	 */
	@Benchmark
	public void putAndDrainBy1Thread(Producer producer) {
		putAndDrain(producer.task);
	}

	/**
	 * An operation is a put and a drain by each of two threads, which take each other's
	 * tasks.
	 * @param producer one of the threads
	 */
	@Benchmark
	@Threads(2)
	public void putAndDrainBy2Threads(Producer producer) {
		putAndDrain(producer.task);
	}

	private void putAndDrain(ReturningTask own) {
		// where the other thread has taken it and not finished with it
		while (own.away && this.mailbox.isEmpty()) {
			Thread.onSpinWait();
		}
		if (!own.away) {
			own.away = true;
			this.mailbox.put(own);
		}
		this.mailbox.drain(LoopTask::run);
	}

	/**
	 * A thread and its task.
	 */
	@State(Scope.Thread)
	public static class Producer {

		private final ReturningTask task = new ReturningTask();

	}

	private static final class ReturningTask extends LoopTask {

		private volatile boolean away;

		@Override
		void run() {
			this.away = false;
		}

		@Override
		void reject() {
			throw new AssertionError("nothing is rejected");
		}

	}

}
