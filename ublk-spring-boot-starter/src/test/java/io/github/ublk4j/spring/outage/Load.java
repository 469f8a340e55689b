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

package io.github.ublk4j.spring.outage;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import org.awaitility.Awaitility;
import reactor.core.Exceptions;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Clients that write all the time, and know what has to be on the disk. Their blocks lie
 * in turns, so that all of them write to every chunk.
 */
final class Load implements AutoCloseable {

	/** Bytes of the disk. */
	static final int SIZE = 1 << 20;

	private static final int CLIENTS = 4;

	private static final int BLOCK = 4096;

	private static final int BLOCKS = SIZE / BLOCK / CLIENTS;

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private final BlockDeviceTestClient disk;

	private final List<Client> clients = IntStream.range(0, CLIENTS).mapToObj(Client::new).toList();

	private final CompletableFuture<?> end;

	private volatile boolean stopped;

	private Load(BlockDeviceTestClient disk) {
		this.disk = disk;
		this.end = CompletableFuture.allOf(this.clients.stream()
			.map((client) -> CompletableFuture.runAsync(client, (task) -> new Thread(task, "load").start()))
			.toArray(CompletableFuture[]::new));
	}

	/**
	 * Starts clients, and waits until all of them have written and flushed.
	 */
	static Load on(BlockDeviceTestClient disk) {
		Load load = new Load(disk);
		try {
			load.awaitProgress();
			return load;
		}
		catch (RuntimeException ex) {
			load.close();
			throw ex;
		}
	}

	/**
	 * Waits until every client has had requests completed that it began after now.
	 */
	void awaitProgress() {
		int[] before = flushes();
		// the next may have begun before
		Awaitility.await()
			.atMost(PATIENCE)
			.until(() -> IntStream.range(0, CLIENTS).allMatch((i) -> flushes()[i] >= before[i] + 2));
	}

	private int[] flushes() {
		return this.clients.stream().mapToInt((client) -> client.flushes.get()).toArray();
	}

	/**
	 * Returns how many writes have been completed.
	 */
	int completed() {
		return this.clients.stream().mapToInt((client) -> client.completed.get()).sum();
	}

	/**
	 * Returns how requests have failed since the last call.
	 */
	Set<BlockErrno> takeFailures() {
		Set<BlockErrno> all = EnumSet.noneOf(BlockErrno.class);
		for (Client client : this.clients) {
			synchronized (client.failures) {
				all.addAll(client.failures);
				client.failures.clear();
			}
		}
		return all;
	}

	/**
	 * Lets clients end the request that they wait for, and no others begin.
	 */
	void stop() {
		this.stopped = true;
		assertThat(this.end).succeedsWithin(PATIENCE);
	}

	/**
	 * Lets no others begin, however the test has ended.
	 */
	@Override
	public void close() {
		this.stopped = true;
	}

	/**
	 * Checks that each block has what was last flushed, or what was written after that.
	 * @param disk the same disk, perhaps of another application
	 */
	void assertNothingIsLost(BlockDeviceTestClient disk) {
		byte[] found = disk.read(0, SIZE).block(PATIENCE);
		assertThat(found).isNotNull();
		this.clients.forEach((client) -> client.assertNothingIsLost(found));
	}

	/**
	 * Numbers its writes, and fills its blocks with the number.
	 */
	private final class Client implements Runnable {

		private final int index;

		private final Random random;

		private final AtomicInteger completed = new AtomicInteger();

		private final AtomicInteger flushes = new AtomicInteger();

		private final Set<BlockErrno> failures = EnumSet.noneOf(BlockErrno.class);

		private final int[] attempted = new int[BLOCKS];

		private final int[] written = new int[BLOCKS];

		private int[] flushed = new int[BLOCKS];

		private int number;

		Client(int index) {
			this.index = index;
			this.random = new Random(index);
		}

		@Override
		public void run() {
			while (!Load.this.stopped) {
				try {
					for (int i = 0; i < 8; i++) {
						write(this.random.nextInt(BLOCKS));
					}
					Load.this.disk.flush().block(PATIENCE);
					this.flushed = this.written.clone();
					this.flushes.incrementAndGet();
				}
				catch (RuntimeException ex) {
					failed(Exceptions.unwrap(ex));
				}
			}
		}

		private void write(int block) {
			this.attempted[block] = ++this.number;
			Load.this.disk.write(offset(block), content(this.number)).block(PATIENCE);
			this.written[block] = this.number;
			this.completed.incrementAndGet();
		}

		private void failed(Throwable failure) {
			assertThat(failure).isInstanceOf(BlockIoException.class);
			synchronized (this.failures) {
				this.failures.add(((BlockIoException) failure).errno());
			}
		}

		private int offset(int block) {
			return (block * CLIENTS + this.index) * BLOCK;
		}

		private static byte[] content(int number) {
			byte[] content = new byte[BLOCK];
			ByteBuffer buffer = ByteBuffer.wrap(content);
			while (buffer.hasRemaining()) {
				buffer.putInt(number);
			}
			return content;
		}

		void assertNothingIsLost(byte[] content) {
			assertThat(Arrays.stream(this.flushed).max().orElse(0)).isPositive();
			for (int block = 0; block < BLOCKS; block++) {
				byte[] found = Arrays.copyOfRange(content, offset(block), offset(block) + BLOCK);
				int foundNumber = ByteBuffer.wrap(found).getInt();
				assertThat(foundNumber).as("block %d of client %d", block, this.index)
					.isBetween(this.flushed[block], this.attempted[block]);
				assertThat(found).as("block %d of client %d", block, this.index).isEqualTo(content(foundNumber));
			}
		}

	}

}
