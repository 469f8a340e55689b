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

package io.github.ublk4j.kernel;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkException;
import io.github.ublk4j.store.BackingFiles;
import io.github.ublk4j.store.FileBlockStore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * The data of a request arrives whole in every mode, and nothing else does.
 */
@KernelTest
class DataModeIT {

	private static final int SIZE = 64 << 20;

	@TempDir
	private Path directory;

	@Test
	void automaticModeIsUserCopyForADiskThatUsesBuffers() {
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec(DataMode.AUTO), new RamDisk(SIZE)).block();
			assertThat(device.status().dataMode()).isEqualTo(DataMode.USER_COPY);
			assertThat(device.status().flags()).contains("USER_COPY");
		}
	}

	@Test
	void automaticModeIsTheBestOfTheKernelForADiskThatOnlyTransfers() {
		try (BlockStore store = fileStore(); UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec(DataMode.AUTO), store).block();
			assertThat(device.status().dataMode())
				.isEqualTo(KernelModes.hasZeroCopy() ? DataMode.ZERO_COPY : DataMode.USER_COPY);
		}
	}

	@Test
	@DisabledIf("io.github.ublk4j.kernel.KernelModes#hasZeroCopy")
	void modeThatTheKernelLacksIsRefusedWithTheVersionThatHasIt() {
		try (UblkEngine engine = UblkEngine.create()) {
			assertThatThrownBy(() -> engine.start(spec(DataMode.ZERO_COPY), new RamDisk(SIZE)).block())
				.isInstanceOf(UblkException.class)
				.hasMessageContaining("ZERO_COPY")
				.hasMessageContaining("6.15");
			assertThat(engine.devices()).isEmpty();
		}
	}

	@ParameterizedTest
	@MethodSource("io.github.ublk4j.kernel.KernelModes#supported")
	void bufferOfAnotherThreadHoldsTheData(DataMode mode) {
		RamDisk disk = new RamDisk(SIZE);
		BlockDeviceHandler elsewhere = new BlockDeviceHandler() {
			@Override
			public Mono<Void> read(ReadRequest request) {
				return Mono.defer(() -> disk.read(request)).subscribeOn(Schedulers.parallel());
			}

			@Override
			public Mono<Void> write(WriteRequest request) {
				return Mono.defer(() -> disk.write(request)).subscribeOn(Schedulers.parallel());
			}
		};
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec(mode), elsewhere).block();
			Fio.verify(device.path(), "--bsrange=4k-256k --iodepth=16 --size=16m");
		}
	}

	@ParameterizedTest
	@MethodSource("io.github.ublk4j.kernel.KernelModes#supported")
	void whatAReadLeavesUnfilledIsZero(DataMode mode) {
		// fills the first 512 bytes of every other read, and nothing of the others
		AtomicInteger reads = new AtomicInteger();
		BlockDeviceHandler lazy = new BlockDeviceHandler() {
			@Override
			public Mono<Void> read(ReadRequest request) {
				if (reads.incrementAndGet() % 2 == 0) {
					for (int i = 0; i < 512; i++) {
						request.buffer().put(i, (byte) 'r');
					}
				}
				return Mono.empty();
			}

			@Override
			public Mono<Void> write(WriteRequest request) {
				request.buffer().get(0);
				return Mono.empty();
			}
		};
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec(mode), lazy).block();
			// secrets pass through the buffers and fill the memory of the reader
			Shell.run("yes secret | dd of=" + device.path()
					+ " bs=64K count=64 iflag=fullblock oflag=direct status=none");
			for (String direct : new String[] { "iflag=direct", "" }) {
				String bytes = Shell.run("dd if=" + device.path() + " bs=64K count=32 " + direct
						+ " status=none | tr -d 'r\\0' | wc -c");
				assertThat(bytes.strip()).isEqualTo("0");
			}
			assertThat(reads).hasPositiveValue();
		}
	}

	@ParameterizedTest
	@MethodSource("io.github.ublk4j.kernel.KernelModes#supported")
	void requestsOfAllSizesArriveWhole(DataMode mode) {
		DiskSpec large = DiskSpec.named("large").size(SIZE).dataMode(mode).queueDepth(4).maxIoSize(32 << 20).build();
		try (BlockStore store = fileStore(); UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(large, store).block();
			Shell.run("head -c 48M /dev/urandom > " + file("data"));
			// unaligned to each other, and as large as the kernel makes them
			Shell.run("dd if=" + file("data") + " of=" + device.path()
					+ " bs=48M iflag=fullblock oflag=direct status=none");
			Shell.run("cmp -n 50331648 " + file("data") + " " + file("disk.img"));
			Shell.run("dd if=" + device.path() + " bs=48M count=1 iflag=direct status=none | cmp - " + file("data"));
			Shell.run("dd if=" + device.path() + " bs=30720 iflag=direct status=none count=200 | cmp -n 6144000 - "
					+ file("data"));
		}
	}

	@ParameterizedTest
	@MethodSource("io.github.ublk4j.kernel.KernelModes#supported")
	void directFileStoreReadsBackWhatWasWritten(DataMode mode) {
		// on a file system that has direct I/O
		Shell.run("head -c 64M /dev/zero > " + file("disk.img"));
		try (BlockStore store = FileBlockStore.at(file("disk.img")).directIo(true).open();
				UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine
				.start(DiskSpec.named("direct").size(SIZE).logicalBlockSize(4096).dataMode(mode).build(), store)
				.block();
			Fio.verify(device.path(), "--bsrange=4k-256k --iodepth=16 --size=16m");
		}
	}

	@ParameterizedTest
	@MethodSource("io.github.ublk4j.kernel.KernelModes#supported")
	void bufferAndTransferOfOneRequestGoTogether(DataMode mode) {
		Shell.run("head -c 64M /dev/zero > " + file("disk.img"));
		try (BackingFile file = BackingFiles.open(file("disk.img")); UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec(mode), new Inverting(file)).block();
			Fio.verify(device.path(), "--bsrange=4k-64k --iodepth=16 --size=8m");
			Shell.run("printf 'AAAA' | dd of=" + device.path() + " conv=notrunc,fsync status=none");
			assertThat(Shell.run("head -c 4 " + file("disk.img") + " | od -An -tx1").strip()).isEqualTo("be be be be");
		}
	}

	@ParameterizedTest
	@MethodSource("io.github.ublk4j.kernel.KernelModes#supported")
	void transferFromAFileThatIsTooShortFailsTheRead(DataMode mode) {
		Shell.run("head -c 1M /dev/zero > " + file("disk.img"));
		try (BackingFile file = BackingFiles.openReadOnly(file("disk.img")); UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine
				.start(DiskSpec.named("short").size(2 << 20).readOnly(true).dataMode(mode).build(),
						(BlockDeviceHandler) (read) -> read.transferFrom(file, read.offset()))
				.block();
			Shell.run("dd if=" + device.path() + " bs=64K count=16 iflag=direct of=/dev/null status=none");
			assertThat(Shell.tryRun("dd if=" + device.path() + " bs=64K skip=20 count=1 iflag=direct of=/dev/null")
				.status()).isNotZero();
			// and one that ends in the middle
			Shell.run("truncate -s 1050624 " + file("disk.img"));
			assertThat(Shell.tryRun("dd if=" + device.path() + " bs=64K skip=16 count=1 iflag=direct of=/dev/null")
				.status()).isNotZero();
		}
	}

	@ParameterizedTest
	@MethodSource("io.github.ublk4j.kernel.KernelModes#supported")
	void cancelledTransferEndsTheRequest(DataMode mode) {
		Path pipe = file("pipe");
		Shell.run("mkfifo " + pipe);
		try (BackingFile never = BackingFiles.open(pipe); UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine
				.start(DiskSpec.named("hung").size(1 << 20).readOnly(true).dataMode(mode).build(),
						(BlockDeviceHandler) (read) -> read.transferFrom(never, 0).timeout(Duration.ofMillis(200)))
				.block(Duration.ofSeconds(60));
			assertThat(Shell.tryRun("dd if=" + device.path() + " bs=4K count=1 iflag=direct of=/dev/null").status())
				.isNotZero();
			Awaitility.await().until(() -> device.status().queues().get(0).inFlight() == 0);
		}
	}

	@ParameterizedTest
	@MethodSource("io.github.ublk4j.kernel.KernelModes#supported")
	void requestsServedInDifferentWaysKeepEveryByte(DataMode mode) {
		Shell.run("truncate -s 64M " + file("disk.img") + " && truncate -s 64M " + file("mirror.img"));
		try (BackingFile first = BackingFiles.open(file("disk.img"));
				BackingFile second = BackingFiles.open(file("mirror.img"));
				UblkEngine engine = UblkEngine.create()) {
			DiskSpec spec = DiskSpec.named("mixed").size(SIZE).queues(2).dataMode(mode).build();
			UblkDevice device = engine.start(spec, new Mirroring(first, second)).block();
			Fio.verify(device.path(), "--bsrange=512-256k --iodepth=32 --numjobs=2 --size=8m --offset_increment=24m"
					+ " --serialize_overlap=1");
			Shell.run("mkfs.ext4 -q " + device.path() + " && fsck.ext4 -fn " + device.path());
			assertThat(device.status().queues()).extracting(QueueStatus::errors).containsOnly(0L);
		}
		Shell.run("cmp " + file("disk.img") + " " + file("mirror.img"));
	}

	@ParameterizedTest
	@MethodSource("io.github.ublk4j.kernel.KernelModes#supported")
	void deviceWhoseTransfersNeverEndCanBeStopped(DataMode mode) throws Exception {
		Shell.run("mkfifo " + file("pipe"));
		AtomicBoolean hanging = new AtomicBoolean();
		try (BackingFile never = BackingFiles.open(file("pipe"));
				UblkEngine engine = UblkEngine.builder().drainTimeout(Duration.ofSeconds(1)).build()) {
			UblkDevice device = engine
				.start(DiskSpec.named("hung").size(1 << 20).readOnly(true).dataMode(mode).build(),
						(BlockDeviceHandler) (read) -> hanging.get() ? read.transferFrom(never, 0) : Mono.empty())
				.block();
			// the kernel may still be looking for partitions, and nobody can open the
			// disk meanwhile
			Shell.run("dd if=" + device.path() + " of=/dev/null bs=4k count=1 iflag=direct status=none");
			hanging.set(true);
			// none beside another, which the kernel would make one request
			Process reader = new ProcessBuilder("fio", "--name=read", "--filename=" + device.path(), "--rw=read:60k",
					"--bs=4k", "--iodepth=16", "--ioengine=libaio", "--direct=1", "--size=1m")
				.redirectErrorStream(true)
				.redirectOutput(file("fio.log").toFile())
				.start();
			Awaitility.await()
				.atMost(Duration.ofSeconds(60))
				.untilAsserted(() -> assertThat(device.inFlight(0))
					.as(() -> device.status().queues() + ", fio " + (reader.isAlive() ? "runs" : "has ended: ")
							+ Shell.run("cat " + file("fio.log")))
					.hasSizeGreaterThanOrEqualTo(16));
			device.stop().block(Duration.ofSeconds(20));
			assertThat(reader.waitFor(20, TimeUnit.SECONDS)).isTrue();
		}
	}

	@Test
	void idleUserCopyDeviceHoldsLittleMemoryAndGivesABurstBack() {
		// holds its buffers for a moment, so that there are many at a time
		RamDisk disk = new RamDisk(SIZE) {
			@Override
			public Mono<Void> write(WriteRequest request) {
				return super.write(request).then(Mono.delay(Duration.ofMillis(20)).then());
			}
		};
		DiskSpec spec = DiskSpec.named("idle")
			.size(SIZE)
			.queues(4)
			.maxIoSize(1 << 20)
			.dataMode(DataMode.USER_COPY)
			.build();
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec, disk).block();
			assertThat(device.status().bufferBytes()).isLessThan(2 << 20);
			Shell.run("fio --name=burst --filename=" + device.path()
					+ " --rw=randwrite --bs=1m --iodepth=32 --ioengine=io_uring --direct=1 --size=64m --loops=4");
			assertThat(device.status().bufferBytes()).isGreaterThan(2 << 20);
			Awaitility.await()
				.atMost(Duration.ofSeconds(15))
				.untilAsserted(() -> assertThat(device.status().bufferBytes()).isLessThan(2 << 20));
		}
	}

	private BlockStore fileStore() {
		return FileBlockStore.at(file("disk.img")).size(SIZE).open();
	}

	private Path file(String name) {
		return this.directory.resolve(name);
	}

	private static DiskSpec spec(DataMode mode) {
		return DiskSpec.named("modes").size(SIZE).dataMode(mode).build();
	}

	/**
	 * Stores everything inverted: changes the data in its buffer and transfers that.
	 */
	private record Inverting(BackingFile file) implements BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest request) {
			ByteBuffer buffer = request.buffer();
			return request.transferFrom(this.file, request.offset()).doOnSuccess((done) -> invert(buffer));
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			invert(request.buffer());
			return request.transferTo(this.file, request.offset());
		}

		@Override
		public Mono<Void> flush(FlushRequest request) {
			return request.sync(this.file);
		}

		private static void invert(ByteBuffer buffer) {
			for (int i = 0; i < buffer.limit(); i++) {
				buffer.put(i, (byte) ~buffer.get(i));
			}
		}

	}

	/**
	 * Keeps two copies, and serves every request in another way.
	 */
	private record Mirroring(BackingFile first, BackingFile second) implements BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest request) {
			BackingFile source = (request.tag() % 2 == 0) ? this.first : this.second;
			long offset = request.offset();
			return switch (ThreadLocalRandom.current().nextInt(3)) {
				case 0 -> request.transferFrom(source, offset);
				case 1 -> {
					request.buffer();
					yield request.transferFrom(source, offset);
				}
				default -> Mono.defer(() -> request.transferFrom(source, offset)).subscribeOn(Schedulers.parallel());
			};
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			long offset = request.offset();
			Mono<Void> both = Mono.when(request.transferTo(this.first, offset),
					request.transferTo(this.second, offset));
			return switch (ThreadLocalRandom.current().nextInt(3)) {
				case 0 -> both;
				case 1 -> {
					request.buffer();
					yield both;
				}
				default -> Mono.fromRunnable(request::buffer).subscribeOn(Schedulers.parallel()).then(both);
			};
		}

		@Override
		public Mono<Void> flush(FlushRequest request) {
			return Mono.when(request.sync(this.first), request.sync(this.second));
		}

	}

}
