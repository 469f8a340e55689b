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

package io.github.ublk4j.proof;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.engine.simulation.SimulatedDisk;

/**
 * Reads and writes blocks of a disk that nobody else writes, one after another, and knows
 * what they may hold: what was acknowledged last, or what failed since then. One thread
 * at a time.
 */
final class DiskClient {

	static final int BLOCK = 512;

	private static final long PATIENCE_SECONDS = 60;

	private final int firstBlock;

	private final Random random;

	private final List<Set<Long>> expected;

	private long lastValue;

	private long answered;

	private long failed;

	private long timedOut;

	/**
	 * Creates a client.
	 * @param number beginning with 0; clients with different numbers have different
	 * blocks
	 * @param blocks how many blocks each has
	 */
	DiskClient(int number, int blocks, Random random) {
		this.firstBlock = number * blocks;
		this.random = random;
		this.lastValue = (long) number << Integer.SIZE;
		this.expected = Stream.generate(() -> (Set<Long>) new HashSet<>(Set.of(0L))).limit(blocks).toList();
	}

	/**
	 * Reads or writes a block.
	 */
	void step(SimulatedDisk disk) {
		int block = this.random.nextInt(this.expected.size());
		if (this.random.nextBoolean()) {
			write(disk, block);
		}
		else {
			read(disk, block);
		}
	}

	private void write(SimulatedDisk disk, int block) {
		long value = ++this.lastValue;
		ByteBuffer data = ByteBuffer.allocate(BLOCK);
		while (data.hasRemaining()) {
			data.putLong(value);
		}
		Set<Long> possible = this.expected.get(block);
		possible.add(value);
		if (await(() -> disk.write(offset(block), data.array()).toFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS),
				"write of block " + block)) {
			possible.removeIf((other) -> other != value);
		}
	}

	private boolean read(SimulatedDisk disk, int block) {
		return await(() -> {
			byte[] data = disk.read(offset(block), BLOCK).toFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
			ByteBuffer values = ByteBuffer.wrap(data);
			long value = values.getLong();
			while (values.hasRemaining()) {
				long next = values.getLong();
				if (next != value) {
					throw new AssertionError(
							"block " + (this.firstBlock + block) + " holds parts of " + value + " and " + next);
				}
			}
			Set<Long> possible = this.expected.get(block);
			if (!possible.contains(value)) {
				throw new AssertionError("block " + (this.firstBlock + block) + " holds " + value
						+ ", but only one of these can have been written last: " + possible);
			}
			return value;
		}, "read of block " + block);
	}

	private boolean await(Request request, String what) {
		try {
			request.get();
			this.answered++;
			return true;
		}
		catch (TimeoutException ex) {
			throw new AssertionError("the " + what + " was not answered", ex);
		}
		catch (InterruptedException ex) {
			throw new CompletionException(ex);
		}
		catch (ExecutionException ex) {
			if (!(ex.getCause() instanceof BlockIoException failure)) {
				throw new AssertionError("the " + what + " failed oddly", ex);
			}
			this.failed++;
			if (failure.errno() == BlockErrno.ETIMEDOUT) {
				this.timedOut++;
			}
			return false;
		}
	}

	/**
	 * Reads every block.
	 * @return whether all could be read
	 */
	boolean check(SimulatedDisk disk) {
		boolean all = true;
		for (int block = 0; block < this.expected.size(); block++) {
			all &= read(disk, block);
		}
		return all;
	}

	private long offset(int block) {
		return (long) (this.firstBlock + block) * BLOCK;
	}

	long answered() {
		return this.answered;
	}

	long failed() {
		return this.failed;
	}

	long timedOut() {
		return this.timedOut;
	}

	@FunctionalInterface
	private interface Request {

		Object get() throws InterruptedException, ExecutionException, TimeoutException;

	}

}
