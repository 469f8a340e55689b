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
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a disk leaves unfilled reads as zeros, whatever the buffer has held before: data
 * of other requests, or what somebody writes into it who was told to stop.
 */
@Timeout(3600)
class PoisonTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final int BLOCK = 4096;

	private static final int LARGEST = 16384;

	private static final int OPERATIONS = 60;

	private static final byte SECRET = 0x53;

	private static final byte FILLED = 0x11;

	private static final byte LATE = (byte) 0xee;

	private final SimulatedUblk ublk = new SimulatedUblk();

	@ParameterizedTest
	@EnumSource(value = DataMode.class, names = { "COPY", "USER_COPY", "ZERO_COPY" })
	void unfilledPartsOfReadsAreZeros(DataMode mode) {
		ProofRun run = new ProofRun(getClass(), Duration.ofSeconds(2));
		Lazy handler = new Lazy(run.random());
		DiskSpec spec = DiskSpec.named("poison")
			.size(1 << 20)
			.queueDepth(8)
			.maxIoSize(LARGEST)
			.dataMode(mode)
			.requestTimeout(Duration.ofMillis(20))
			.build();
		try (UblkEngine engine = UblkEngine.builder().simulated(this.ublk).build()) {
			UblkDevice device = engine.start(spec, handler).blockOptional(PATIENCE).orElseThrow();
			SimulatedDisk disk = this.ublk.disk("poison");
			while (run.goesOn()) {
				List<CompletableFuture<Void>> clients = IntStream.range(0, 4)
					.mapToObj((i) -> run.random())
					.map((random) -> CompletableFuture.runAsync(() -> use(disk, random, run),
							(task) -> new Thread(task, "proof-client").start()))
					.toList();
				clients.forEach(CompletableFuture::join);
				System.gc();
			}
			assertThat(device.status().queues().get(0).timeouts()).as(run.toString()).isPositive();
			assertThat(handler.checked).as(run.toString()).hasPositiveValue();
		}
	}

	private static void use(SimulatedDisk disk, Random random, ProofRun run) {
		for (int i = 0; i < OPERATIONS; i++) {
			int length = BLOCK * (1 + random.nextInt(LARGEST / BLOCK));
			try {
				if (random.nextBoolean()) {
					byte[] secret = new byte[length];
					Arrays.fill(secret, SECRET);
					disk.write(0, secret).toFuture().join();
				}
				else {
					int part = random.nextInt(3);
					check(part, disk.read((long) part * LARGEST, length).toFuture().join(), run);
				}
			}
			catch (CompletionException ex) {
				assertThat(ex.getCause()).as(run.toString())
					.isInstanceOfSatisfying(BlockIoException.class,
							(failure) -> assertThat(failure.errno()).isIn(BlockErrno.ETIMEDOUT, BlockErrno.EIO));
			}
		}
	}

	private static void check(int part, byte[] data, ProofRun run) {
		int filled = (part == 2) ? data.length / 2 : 0;
		for (int i = 0; i < data.length; i++) {
			byte expected = (i < filled) ? FILLED : 0;
			if (data[i] != expected) {
				throw new AssertionError(run + ": byte " + i + " of " + data.length + " in part " + part + " is "
						+ Integer.toHexString(data[i]) + ", not " + expected);
			}
		}
	}

	/**
	 * Fills nothing, or half. Some requests never end; what they have as a buffer is
	 * written into for a while.
	 */
	private static final class Lazy implements BlockDeviceHandler {

		private final Random random;

		private final Queue<ByteBuffer> kept = new ArrayBlockingQueue<>(3);

		private final AtomicInteger checked = new AtomicInteger();

		Lazy(Random random) {
			this.random = random;
		}

		@Override
		public Mono<Void> read(ReadRequest request) {
			scribble();
			if (this.random.nextInt(20) == 0) {
				keep(request.buffer());
				return Mono.never();
			}
			int part = (int) (request.offset() / LARGEST);
			if (part == 0) {
				return Mono.empty();
			}
			Mono<Void> filling = Mono.fromRunnable(() -> fill(request.buffer(), part));
			return this.random.nextBoolean() ? filling : filling.subscribeOn(Schedulers.parallel());
		}

		private static void fill(ByteBuffer buffer, int part) {
			for (int i = 0; part == 2 && i < buffer.limit() / 2; i++) {
				buffer.put(i, FILLED);
			}
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			ByteBuffer buffer = request.buffer();
			for (int i = 0; i < buffer.limit(); i++) {
				if (buffer.get(i) != SECRET) {
					return Mono.error(new BlockIoException(BlockErrno.EILSEQ, "the data of a write was changed"));
				}
			}
			this.checked.incrementAndGet();
			if (this.random.nextInt(20) == 0) {
				keep(buffer);
				return Mono.never();
			}
			return Mono.empty();
		}

		private void keep(ByteBuffer buffer) {
			while (!this.kept.offer(buffer)) {
				this.kept.poll();
			}
		}

		// reads and writes of others must not see that
		private void scribble() {
			for (ByteBuffer buffer : this.kept) {
				if (!buffer.isReadOnly()) {
					for (int i = 0; i < buffer.limit(); i++) {
						buffer.put(i, LATE);
					}
				}
			}
		}

	}

}
