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

package io.github.ublk4j.engine.uring;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

import io.github.ublk4j.engine.linux.LinuxPlatform;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What one entry costs on a real ring: taken, filled, submitted, worked on by the kernel
 * and reaped. One system call per batch.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Thread)
public class RingBenchmark {

	// made on the thread that uses it
	@SuppressWarnings("NullAway.Init")
	private IoUring ring;

	private long reaped;

	private final CompletionConsumer consumer = (userData, result, flags) -> this.reaped += userData + result;

	/**
	 * Makes the ring on the thread that uses it.
	 */
	@Setup
	public void open() {
		String unsupported = LinuxPlatform.isLinux() ? LinuxPlatform.unsupportedReason()
				: "io_uring is a feature of Linux";
		if (unsupported != null) {
			throw new IllegalStateException(unsupported);
		}
		this.ring = new IoUring(128, 0);
		this.ring.registerRingFd();
	}

	/**
	 * Closes the ring.
	 */
	@TearDown
	public void close() {
		this.ring.close();
	}

	/**
	 * An operation is one NOP submitted alone.
	 * @return something that depends on all completions
	 */
	@Benchmark
	public long nopInBatchOf1() {
		return batch(1);
	}

	/**
	 * An operation is one of 32 NOPs submitted together.
	 * @return something that depends on all completions
	 */
	@Benchmark
	@OperationsPerInvocation(32)
	public long nopInBatchOf32() {
		return batch(32);
	}

	/**
	 * An operation is one of 128 NOPs submitted together.
	 * @return something that depends on all completions
	 */
	@Benchmark
	@OperationsPerInvocation(128)
	public long nopInBatchOf128() {
		return batch(128);
	}

	private long batch(int count) {
		for (int i = 0; i < count; i++) {
			ByteBuffer sqe = this.ring.nextSqe();
			for (int offset = 0; offset < SqeDescriptor.SIZE; offset += Long.BYTES) {
				sqe.putLong(offset, 0);
			}
			sqe.put(SqeDescriptor.OPCODE, (byte) IoUring.OP_NOP);
			sqe.putLong(SqeDescriptor.USER_DATA, i);
		}
		this.ring.enter(count);
		if (this.ring.reap(this.consumer) != count) {
			throw new IllegalStateException("not all of " + count + " completions are there");
		}
		return this.reaped;
	}

}
