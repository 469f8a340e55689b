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

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.github.ublk4j.block.BackingFile;
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
import io.github.ublk4j.store.BackingFiles;
import io.github.ublk4j.store.MemoryBlockStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Reads and writes of single blocks by several threads take effect as if one after
 * another, in an order that agrees with the clock.
 */
@Timeout(3600)
class LinearizabilityTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final int BLOCK = 512;

	private static final int BLOCKS = 3;

	private static final int CLIENTS = 5;

	private static final int OPERATIONS = 250;

	private final SimulatedUblk ublk = new SimulatedUblk();

	private final AtomicLong values = new AtomicLong();

	@ParameterizedTest
	@EnumSource(value = DataMode.class, names = { "COPY", "USER_COPY", "ZERO_COPY" })
	void requestsOfABlockTakeEffectOneAfterAnother(DataMode mode) {
		ProofRun run = new ProofRun(getClass(), Duration.ofSeconds(2));
		while (run.goesOn()) {
			try (ChanceHandler handler = new ChanceHandler(MemoryBlockStore.sparse(BLOCK * BLOCKS), run.random(), 500,
					0, false)) {
				round(run, disk(mode).build(), handler);
			}
		}
	}

	@ParameterizedTest
	@EnumSource(value = DataMode.class, names = { "COPY", "USER_COPY", "ZERO_COPY" })
	void writeThatTakesTooLongHappensOnceOrNever(DataMode mode) {
		ProofRun run = new ProofRun(getClass(), Duration.ofSeconds(3));
		long timeouts = 0;
		while (run.goesOn()) {
			try (ChanceHandler handler = new ChanceHandler(MemoryBlockStore.sparse(BLOCK * BLOCKS), run.random(), 500,
					60_000, false)) {
				// buffers of late requests come back
				System.gc();
				timeouts += round(run, disk(mode).requestTimeout(Duration.ofMillis(20)).build(), handler);
			}
		}
		assertThat(timeouts).as("%s: requests that took too long", run).isPositive();
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void transfersOfABlockTakeEffectOneAfterAnother(@TempDir Path folder) throws IOException {
		ProofRun run = new ProofRun(getClass(), Duration.ofSeconds(2));
		for (int i = 0; run.goesOn(); i++) {
			Path path = folder.resolve("disk" + i);
			Files.write(path, new byte[BLOCK * BLOCKS]);
			try (BackingFile file = BackingFiles.open(path)) {
				DataMode mode = (i % 2 == 0) ? DataMode.ZERO_COPY : DataMode.USER_COPY;
				round(run, disk(mode).build(), new Transferring(file));
			}
			Files.delete(path);
		}
	}

	private static DiskSpec.Builder disk(DataMode mode) {
		return DiskSpec.named("disk").size(BLOCK * BLOCKS).queues(2).queueDepth(4).maxIoSize(4096).dataMode(mode);
	}

	private long round(ProofRun run, DiskSpec spec, BlockDeviceHandler handler) {
		List<BlockHistory> histories = Stream.generate(BlockHistory::new).limit(BLOCKS).toList();
		try (UblkEngine engine = UblkEngine.builder().simulated(this.ublk).build()) {
			UblkDevice device = engine.start(spec, handler).blockOptional(PATIENCE).orElseThrow();
			List<CompletableFuture<Void>> clients = IntStream.range(0, CLIENTS)
				.mapToObj((i) -> run.random())
				.map((random) -> CompletableFuture.runAsync(() -> client(random, histories),
						(task) -> new Thread(task, "proof-client").start()))
				.toList();
			clients.forEach(CompletableFuture::join);
			histories.forEach((history) -> assertThat(history.contradictions()).as(run.toString()).isEmpty());
			assertThat(histories).allSatisfy((history) -> assertThat(history.reads()).isPositive());
			if (spec.requestTimeout().compareTo(PATIENCE) >= 0) {
				assertThat(device.status().queues()).allSatisfy((queue) -> assertThat(queue.errors()).isZero());
			}
			return device.status().queues().stream().mapToLong((queue) -> queue.timeouts()).sum();
		}
	}

	private void client(Random random, List<BlockHistory> histories) {
		SimulatedDisk disk = this.ublk.disk("disk");
		for (int i = 0; i < OPERATIONS; i++) {
			int block = random.nextInt(BLOCKS);
			if (random.nextBoolean()) {
				read(disk, block, histories.get(block));
			}
			else {
				write(disk, block, histories.get(block));
			}
		}
	}

	private static void read(SimulatedDisk disk, int block, BlockHistory history) {
		long begin = System.nanoTime();
		try {
			byte[] data = disk.read((long) block * BLOCK, BLOCK).toFuture().join();
			history.read(ByteBuffer.wrap(data).getLong(), begin, System.nanoTime());
		}
		catch (CompletionException ex) {
			requireTimeout(ex);
		}
	}

	// or so many of them that there were no buffers for this request
	private static void requireTimeout(CompletionException failure) {
		assertThat(failure.getCause()).isInstanceOfSatisfying(BlockIoException.class,
				(ex) -> assertThat(ex.errno()).isIn(BlockErrno.ETIMEDOUT, BlockErrno.EIO));
	}

	private void write(SimulatedDisk disk, int block, BlockHistory history) {
		long value = this.values.incrementAndGet();
		ByteBuffer data = ByteBuffer.allocate(BLOCK);
		while (data.hasRemaining()) {
			data.putLong(value);
		}
		long begin = System.nanoTime();
		try {
			disk.write((long) block * BLOCK, data.array()).toFuture().join();
			history.written(value, begin, System.nanoTime());
		}
		catch (CompletionException ex) {
			requireTimeout(ex);
			history.perhapsWritten(value, begin);
		}
	}

	private record Transferring(BackingFile file) implements BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest request) {
			return request.transferFrom(this.file, request.offset());
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			return request.transferTo(this.file, request.offset());
		}

	}

}
