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

package io.github.ublk4j.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import io.github.ublk4j.store.BackingFiles;
import io.github.ublk4j.store.FileBlockStore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Transfers of a simulated disk, which find their files on Linux alone.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class SimulatedTransferTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private static final int SIZE = 64 << 10;

	private final SimulatedUblk ublk = new SimulatedUblk();

	private final UblkEngine engine = UblkEngine.builder().simulated(this.ublk).build();

	private final byte[] content = new byte[SIZE];

	@TempDir
	private Path directory;

	private Path path = Path.of("");

	@BeforeEach
	void fillFile() throws IOException {
		new Random(1).nextBytes(this.content);
		this.path = Files.write(this.directory.resolve("disk.img"), this.content);
	}

	@AfterEach
	void closeEngine() {
		this.engine.close();
	}

	private SimulatedDisk start(DataMode mode, BlockDeviceHandler handler) {
		DiskSpec spec = DiskSpec.named("disk").size(2 * SIZE).maxIoSize(8192).dataMode(mode).build();
		this.engine.start(spec, handler).block(PATIENCE);
		return this.ublk.disk("disk");
	}

	@ParameterizedTest
	@EnumSource(DataMode.class)
	void dataGoesToAndFromTheFile(DataMode mode) throws IOException {
		try (BackingFile file = BackingFiles.open(this.path)) {
			SimulatedDisk disk = start(mode, new Transfers(file));
			assertThat(disk.read(0, SIZE).block(PATIENCE)).isEqualTo(this.content);
			byte[] data = new byte[24_576];
			new Random(2).nextBytes(data);
			disk.writeFua(4096, data).block(PATIENCE);
			disk.flush().block(PATIENCE);
			System.arraycopy(data, 0, this.content, 4096, data.length);
			assertThat(Files.readAllBytes(this.path)).isEqualTo(this.content);
			assertThat(disk.read(0, SIZE).block(PATIENCE)).isEqualTo(this.content);
		}
	}

	@Test
	void storeOfADiskWhoseQueueDiedCanBeServedAgain() {
		for (int i = 0; i < 10; i++) {
			FileBlockStore store = FileBlockStore.at(this.path).open();
			UblkDevice device = Objects.requireNonNull(
					this.engine.start(DiskSpec.named("disk").size(SIZE).queueDepth(8).build(), store).block(PATIENCE));
			SimulatedDisk disk = this.ublk.disk("disk");
			for (int write = 0; write < 8; write++) {
				disk.write(write * 4096L, new byte[4096]).onErrorComplete().subscribe();
			}
			disk.killQueue(0);
			Awaitility.await().until(() -> device.status().state() == DeviceState.FAILED);
			device.stop().block(PATIENCE);
			assertThat(CompletableFuture.runAsync(store::close)).succeedsWithin(Duration.ofSeconds(5));
		}
	}

	@ParameterizedTest
	@EnumSource(DataMode.class)
	void zeroedRangesReadAsZeros(DataMode mode) throws IOException {
		try (BackingFile file = BackingFiles.open(this.path)) {
			SimulatedDisk disk = start(mode, new Transfers(file));
			disk.discard(512, 1024).block(PATIENCE);
			disk.writeZeroes(8192, SIZE, true).block(PATIENCE);
			Arrays.fill(this.content, 512, 512 + 1024, (byte) 0);
			Arrays.fill(this.content, 8192, SIZE, (byte) 0);
			assertThat(Files.readAllBytes(this.path)).isEqualTo(this.content);
		}
	}

	@ParameterizedTest
	@EnumSource(DataMode.class)
	void fileThatCannotServeTheRequestFailsIt(DataMode mode) {
		try (BackingFile file = BackingFiles.openReadOnly(this.path)) {
			SimulatedDisk disk = start(mode, new Transfers(file));
			assertFails(disk.read(SIZE - 4096, 8192), BlockErrno.ENODATA);
			assertFails(disk.write(0, new byte[4096]), BlockErrno.EIO);
			assertThat(disk.read(0, 4096).block(PATIENCE)).isEqualTo(Arrays.copyOf(this.content, 4096));
		}
	}

	private static void assertFails(Mono<?> request, BlockErrno errno) {
		StepVerifier.create(request)
			.expectErrorSatisfies((failure) -> assertThat(failure).isInstanceOf(BlockIoException.class)
				.extracting((ex) -> ((BlockIoException) ex).errno())
				.isEqualTo(errno))
			.verify(PATIENCE);
	}

	private record Transfers(BackingFile file) implements BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest request) {
			return request.transferFrom(this.file, request.offset());
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			return request.transferTo(this.file, request.offset());
		}

		@Override
		public Mono<Void> flush(FlushRequest request) {
			return request.sync(this.file);
		}

		@Override
		public Mono<Void> discard(DiscardRequest request) {
			return request.punchHole(this.file, request.offset());
		}

		@Override
		public Mono<Void> writeZeroes(WriteZeroesRequest request) {
			return request.zeroRange(this.file, request.offset());
		}

		@Override
		public boolean transfersOnly() {
			return true;
		}

		@Override
		public boolean fillsReadBuffers() {
			return true;
		}

	}

}
