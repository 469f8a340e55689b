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

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.DiskInUseException;
import io.github.ublk4j.engine.DiskRefusedException;
import io.github.ublk4j.engine.DriverDevice;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkException;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Servers die, leave and hang; the disk does what its recovery says. The property
 * {@code ublk.rounds} repeats the kills.
 */
@KernelTest
class RecoveryIT {

	static final int SIZE = 64 << 20;

	private static final int ROUNDS = Integer.getInteger("ublk.rounds", 1);

	private static final int BLOCK = 4096;

	@TempDir
	private Path directory;

	static Stream<DataMode> modes() {
		return KernelModes.supported();
	}

	private static void assumeSupported(Recovery recovery) {
		assumeThat(recovery != Recovery.FAIL_IO || KernelModes.hasZeroCopy()).as("FAIL_IO is in Linux 6.14 and later")
			.isTrue();
	}

	private static boolean hasQuiesce() {
		try (UblkEngine engine = UblkEngine.create()) {
			return engine.driver().block().features().contains("QUIESCE");
		}
	}

	@ParameterizedTest
	@MethodSource("modes")
	@Timeout(value = 1, unit = TimeUnit.HOURS) // for all rounds; each has limits of its
												// own
	void mountedFileSystemSurvivesItsServer(DataMode mode) throws Exception {
		ServerProcess server = ServerProcess.start(this.directory, Recovery.REISSUE, mode);
		String path = server.path();
		Path mount = Files.createDirectories(this.directory.resolve("mnt"));
		Shell.run("mkfs.ext4 -q " + path + " && mount " + path + " " + mount);
		try {
			for (int round = 0; round < ROUNDS; round++) {
				Process load = new ProcessBuilder("fio", "--name=load", "--directory=" + mount, "--size=16m",
						"--ioengine=libaio", "--direct=1", "--rw=randwrite", "--bs=4k", "--iodepth=16",
						"--verify=crc32c", "--verify_fatal=1", "--loops=2", "--fsync=64", "--unlink=1")
					.redirectErrorStream(true)
					.redirectOutput(this.directory.resolve("fio.log").toFile())
					.start();
				TimeUnit.MILLISECONDS.sleep(300 + 400L * (round % 6));
				assertThat(load.isAlive()).as("fio is at work").isTrue();
				server.kill();
				server = ServerProcess.start(this.directory, Recovery.REISSUE, mode);
				assertThat(server.path()).isEqualTo(path);
				assertThat(load.waitFor(180, TimeUnit.SECONDS)).as("fio ends").isTrue();
				assertThat(load.exitValue()).as(Files.readString(this.directory.resolve("fio.log"))).isZero();
			}
		}
		finally {
			Shell.run("umount " + mount);
		}
		Shell.run("e2fsck -fn " + path);
		server.tell("stop");
	}

	@ParameterizedTest
	@EnumSource(value = Recovery.class, names = { "QUEUE", "REISSUE", "FAIL_IO" })
	@Timeout(value = 1, unit = TimeUnit.HOURS) // for all rounds; each has limits of its
												// own
	void acknowledgedWritesAreThereAfterAKill(Recovery recovery) throws Exception {
		assumeSupported(recovery);
		ServerProcess server = ServerProcess.start(this.directory, recovery, DataMode.AUTO);
		String path = server.path();
		for (int round = 1; round <= ROUNDS; round++) {
			Writer writer = new Writer(path, (byte) round);
			writer.start();
			TimeUnit.MILLISECONDS.sleep(500);
			server.kill();
			TimeUnit.MILLISECONDS.sleep(200);
			server = ServerProcess.start(this.directory, recovery, DataMode.AUTO);
			assertThat(server.path()).isEqualTo(path);
			writer.finish();
			writer.verify();
			if (recovery == Recovery.REISSUE) {
				assertThat(writer.failed.get()).as("failed writes").isZero();
			}
		}
		server.tell("stop");
	}

	@ParameterizedTest
	@EnumSource(value = Recovery.class, names = { "NONE", "REISSUE" })
	void serverKilledAtAnyMomentLeavesWhatTheNextOneCanUse(Recovery recovery) throws Exception {
		long seed = Long.getLong("ublk.seed", System.nanoTime());
		Random random = new Random(seed);
		for (int round = 0; round < 2 + ROUNDS; round++) {
			Process server = ServerProcess.launch(this.directory, recovery, DataMode.AUTO);
			TimeUnit.MILLISECONDS.sleep(1000 + random.nextInt(5000));
			server.destroyForcibly();
			assertThat(server.waitFor(30, TimeUnit.SECONDS)).as("ends after SIGKILL, seed " + seed).isTrue();
		}
		try (ServerProcess last = ServerProcess.start(this.directory, recovery, DataMode.AUTO)) {
			Fio.verify(Path.of(last.path()), "--bs=4k --size=8m --iodepth=16");
			assertThat(NothingIsLeftBehind.devices()).as("devices, seed " + seed).hasSize(2);
			last.tell("stop");
		}
	}

	@Test
	void serversKilledInTheMiddleOfAStartAndOfTakeOversFailNoRequest() throws Exception {
		assumeThat(System.getProperty("ublk.kernel"))
			.as("the drivers of 6.12 and 6.18 let nobody take over what was left in the middle of a take-over")
			.isNotIn("6.12", "6.18");
		Recovery recovery = Recovery.REISSUE;
		ServerProcess.startDoomed(this.directory, recovery, 1);
		ServerProcess server = ServerProcess.start(this.directory, recovery, DataMode.AUTO);
		String path = server.path();
		Fio.verify(Path.of(path), "--bs=4k --size=8m --iodepth=16");
		server.kill();
		Writer writer = new Writer(path, (byte) 1);
		writer.start();
		for (int queue = 0; queue < 2; queue++) {
			ServerProcess.startDoomed(this.directory, recovery, queue);
		}
		server = ServerProcess.start(this.directory, recovery, DataMode.AUTO);
		assertThat(server.path()).isEqualTo(path);
		writer.finish();
		writer.verify();
		assertThat(writer.failed.get()).as("failed writes").isZero();
		server.tell("stop");
	}

	@Test
	void serverKilledWhileItQuiescesLeavesTheDiskToTheNextOne() throws Exception {
		Recovery recovery = Recovery.REISSUE;
		long seed = Long.getLong("ublk.seed", System.nanoTime());
		Random random = new Random(seed);
		ServerProcess server = ServerProcess.start(this.directory, recovery, DataMode.AUTO);
		String path = server.path();
		for (int round = 1; round <= ROUNDS; round++) {
			Writer writer = new Writer(path, (byte) round);
			writer.start();
			TimeUnit.MILLISECONDS.sleep(500);
			server.order("quiesce");
			TimeUnit.MILLISECONDS.sleep(random.nextInt(150));
			server.kill();
			server = ServerProcess.start(this.directory, recovery, DataMode.AUTO);
			assertThat(server.path()).as("path, seed " + seed).isEqualTo(path);
			writer.finish();
			writer.verify();
			assertThat(writer.failed.get()).as("failed writes, seed " + seed).isZero();
		}
		server.tell("stop");
	}

	@Test
	void diskWithoutRecoveryGoesWithItsServerAndItsNumberIsUsedAgain() throws Exception {
		ServerProcess server = ServerProcess.start(this.directory, Recovery.NONE, DataMode.AUTO);
		String path = server.path();
		server.kill();
		HandlerIT.await(() -> !Files.exists(Path.of(path)));
		server = ServerProcess.start(this.directory, Recovery.NONE, DataMode.AUTO);
		assertThat(server.path()).isEqualTo(path);
		server.tell("stop");
	}

	@ParameterizedTest
	@EnumSource(value = Recovery.class, names = { "QUEUE", "REISSUE" })
	void upgradeUnderLoadFailsNoRequest(Recovery recovery) throws Exception {
		assumeThat(recovery == Recovery.REISSUE || hasQuiesce()).as("QUIESCE is in Linux 6.16 and later").isTrue();
		ServerProcess server = ServerProcess.start(this.directory, recovery, DataMode.AUTO);
		String path = server.path();
		Process load = new ProcessBuilder("fio", "--name=load", "--filename=" + path, "--ioengine=libaio", "--direct=1",
				"--rw=randwrite", "--bs=4k", "--iodepth=32", "--size=32m", "--verify=crc32c", "--verify_fatal=1",
				"--loops=" + (ROUNDS + 1))
			.redirectErrorStream(true)
			.redirectOutput(this.directory.resolve("fio.log").toFile())
			.start();
		for (int round = 0; round < ROUNDS; round++) {
			TimeUnit.MILLISECONDS.sleep(500);
			server.tell("quiesce");
			server = ServerProcess.start(this.directory, recovery, DataMode.AUTO);
			assertThat(server.path()).isEqualTo(path);
		}
		assertThat(load.waitFor(240, TimeUnit.SECONDS)).as("fio ends").isTrue();
		assertThat(load.exitValue()).as(Files.readString(this.directory.resolve("fio.log"))).isZero();
		server.tell("stop");
	}

	@Test
	void livingServerKeepsItsDiskAndADeadOneLeavesAnOrphan() throws Exception {
		ServerProcess server = ServerProcess.start(this.directory, Recovery.QUEUE, DataMode.AUTO);
		try (UblkEngine engine = UblkEngine.builder().stateDirectory(this.directory.resolve("state")).build()) {
			DiskSpec.Builder spec = DiskSpec.named("recovered").size(SIZE).recovery(Recovery.QUEUE);
			assertThatExceptionOfType(UblkException.class)
				.isThrownBy(() -> engine.start(spec.build(), new RamDisk(SIZE)).block())
				.withMessageContaining("it is served by process " + server.pid())
				.havingCause()
				.isInstanceOf(DiskRefusedException.class);
			assertThat(engine.orphanedDevices().block()).isEmpty();
			server.kill();
			HandlerIT.await(() -> engine.listDriverDevices().block().get(0).state() == DriverDevice.State.QUIESCED);
			assertThat(engine.orphanedDevices().block()).singleElement().satisfies((orphan) -> {
				assertThat(orphan.disk()).isEqualTo("recovered");
				assertThat(orphan.users()).isEmpty();
			});
			assertThatExceptionOfType(UblkException.class)
				.isThrownBy(() -> engine.start(spec.queueDepth(64).build(), new RamDisk(SIZE)).block())
				.withMessageContaining("queue depth: 32 in the device, 64 in the disk")
				.withMessageContaining("queues: 2 in the device, 1 in the disk")
				.withMessageContaining("supports flush: true in the device, false");
			assertThat(engine.listDriverDevices().block().get(0).state()).isEqualTo(DriverDevice.State.QUIESCED);
			engine.delete(engine.listDriverDevices().block().get(0).id()).block();
			assertThat(engine.orphanedDevices().block()).isEmpty();
		}
	}

	/** What a file system has not written yet is written when its disk is stopped. */
	@ParameterizedTest
	@EnumSource(Recovery.class)
	void stopOfAMountedDiskLosesNothing(Recovery recovery) throws IOException {
		assumeSupported(recovery);
		Path mount = Files.createDirectories(this.directory.resolve("mnt"));
		Path data = this.directory.resolve("data");
		DiskSpec spec = DiskSpec.named("mounted").size(SIZE).recovery(recovery).build();
		RamDisk disk = new RamDisk(SIZE);
		Shell.run("head -c 16M /dev/urandom > " + data);
		try (UblkEngine engine = UblkEngine.builder().stateDirectory(this.directory).build()) {
			UblkDevice device = engine.start(spec, disk).block();
			Shell.run("mkfs.ext4 -q " + device.path() + " && mount " + device.path() + " " + mount);
			try {
				Shell.run("cp " + data + " " + mount + "/data");
				device.stop().block();
			}
			finally {
				Shell.run("umount " + mount);
			}
			UblkDevice again = engine.start(spec, disk).block();
			Shell.run("mount " + again.path() + " " + mount);
			try {
				Shell.run("cmp " + data + " " + mount + "/data");
			}
			finally {
				Shell.run("umount " + mount);
			}
		}
	}

	@Test
	void diskIsResizedWhileItIsThere() {
		assumeThat(hasQuiesce()).as("UPDATE_SIZE is in Linux 6.16 and later").isTrue();
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(DiskSpec.named("resized").size(SIZE / 2).build(), new RamDisk(SIZE))
				.block();
			device.resize(SIZE).block();
			assertThat(Shell.run("blockdev --getsize64 " + device.path()).strip()).isEqualTo("" + SIZE);
			Shell.run("mkfs.ext4 -q " + device.path() + " && mkdir -p /tmp/resized && mount " + device.path()
					+ " /tmp/resized");
			try {
				assertThatExceptionOfType(UblkException.class).isThrownBy(() -> device.resize(SIZE / 2).block())
					.withMessageContaining("is mounted on /tmp/resized");
				assertThatExceptionOfType(DiskInUseException.class).isThrownBy(() -> device.stopUnused().block())
					.withMessageContaining("is mounted on /tmp/resized");
				assertThat(device.status().state()).isEqualTo(DeviceState.LIVE);
			}
			finally {
				Shell.run("umount /tmp/resized");
			}
			device.resize(SIZE / 2).block();
			assertThat(Shell.run("blockdev --getsize64 " + device.path()).strip()).isEqualTo("" + SIZE / 2);
			HandlerIT.await(() -> {
				device.stopUnused().onErrorComplete(DiskInUseException.class).block();
				return device.status().state() == DeviceState.STOPPED;
			});
		}
	}

	@ParameterizedTest
	@MethodSource("modes")
	void requestThatTakesTooLongFailsAndTheRestGoesOn(DataMode mode) {
		RamDisk ram = new RamDisk(SIZE);
		AtomicInteger forgotten = new AtomicInteger();
		BlockDeviceHandler handler = new BlockDeviceHandler() {

			@Override
			public Mono<Void> read(ReadRequest read) {
				if (read.offset() == SIZE / 2) {
					forgotten.incrementAndGet();
					read.buffer();
					return Mono.never();
				}
				return ram.read(read);
			}

			@Override
			public Mono<Void> write(WriteRequest write) {
				return ram.write(write);
			}

		};
		try (UblkEngine engine = UblkEngine.builder().drainTimeout(Duration.ofSeconds(1)).build()) {
			DiskSpec spec = DiskSpec.named("slow")
				.size(SIZE)
				.queueDepth(4)
				.dataMode(mode)
				.requestTimeout(Duration.ofMillis(500))
				.build();
			UblkDevice device = engine.start(spec, handler).block();
			for (int i = 0; i < 3; i++) {
				Shell.Result result = Shell.tryRun("dd if=" + device.path() + " of=/dev/null iflag=direct bs=4k count=1"
						+ " skip=" + SIZE / 2 / BLOCK);
				assertThat(result.status()).isNotZero();
				assertThat(result.output()).contains("Connection timed out");
			}
			assertThat(device.status().queues().get(0).timeouts()).isGreaterThanOrEqualTo(3).isEqualTo(forgotten.get());
			Fio.verify(device.path(), "--bs=4k --size=16m --iodepth=16");
			assertThat(device.status().state()).isEqualTo(DeviceState.LIVE);
		}
	}

	@Test
	void deviceOfABlockedHandlerIsNotStoppedAndGoesWhenTheHandlerReturns() {
		CountDownLatch blocked = new CountDownLatch(1);
		CountDownLatch returns = new CountDownLatch(1);
		BlockDeviceHandler handler = new BlockDeviceHandler() {

			@Override
			public Mono<Void> read(ReadRequest read) {
				if (read.offset() == SIZE / 2) {
					blocked.countDown();
					awaitQuietly(returns);
				}
				return Mono.empty();
			}

			@Override
			public Mono<Void> write(WriteRequest write) {
				return Mono.empty();
			}

		};
		try (UblkEngine engine = UblkEngine.builder().drainTimeout(Duration.ofSeconds(1)).build()) {
			UblkDevice device = engine.start(DiskSpec.named("blocked").size(SIZE).build(), handler).block();
			Thread reader = new Thread(() -> Shell.tryRun(
					"dd if=" + device.path() + " of=/dev/null iflag=direct bs=4k count=1 skip=" + SIZE / 2 / BLOCK));
			reader.start();
			awaitQuietly(blocked);
			assertThatExceptionOfType(UblkException.class).isThrownBy(() -> device.stop().block(Duration.ofSeconds(10)))
				.withMessageContaining("a handler blocks [ublk-blocked-0]");
			assertThat(device.status().state()).isEqualTo(DeviceState.FAILED);
			returns.countDown();
			device.stop().block(Duration.ofSeconds(30));
			FailureCollector.join(reader);
		}
	}

	private static void awaitQuietly(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Writes block after block past the page cache, and knows which were acknowledged.
	 */
	private static final class Writer extends Thread {

		private final String path;

		private final byte value;

		private final BitSet acknowledged = new BitSet();

		private final AtomicInteger failed = new AtomicInteger();

		private final FailureCollector failures = new FailureCollector();

		private volatile boolean finished;

		Writer(String path, byte value) {
			this.path = path;
			this.value = value;
			setUncaughtExceptionHandler(this.failures);
		}

		@Override
		public void run() {
			try (LinuxFile disk = LinuxFile.open(this.path, LinuxFile.O_RDWR | LinuxFile.O_DIRECT)) {
				for (int block = 0; block < SIZE / BLOCK && !this.finished; block++) {
					if (write(disk, block)) {
						this.acknowledged.set(block);
					}
					else {
						this.failed.incrementAndGet();
						TimeUnit.MILLISECONDS.sleep(5);
					}
				}
			}
			catch (InterruptedException ex) {
				throw new AssertionError(ex);
			}
		}

		private boolean write(LinuxFile disk, int block) {
			ByteBuffer content = content(block);
			try {
				return disk.write(LinuxPlatform.addressOf(content), BLOCK, (long) block * BLOCK) == BLOCK;
			}
			finally {
				Reference.reachabilityFence(content);
			}
		}

		private ByteBuffer content(int block) {
			ByteBuffer bytes = ByteBuffer.allocateDirect(2 * BLOCK).alignedSlice(BLOCK).limit(BLOCK);
			while (bytes.hasRemaining()) {
				bytes.putInt(block * 31 + this.value);
			}
			return bytes.flip();
		}

		void finish() throws InterruptedException {
			TimeUnit.MILLISECONDS.sleep(500);
			this.finished = true;
			join(60_000);
			assertThat(isAlive()).as("the writer hangs").isFalse();
			this.failures.assertNone();
		}

		void verify() {
			assertThat(this.acknowledged.cardinality()).as("acknowledged writes").isPositive();
			try (LinuxFile disk = LinuxFile.open(this.path, LinuxFile.O_RDWR | LinuxFile.O_DIRECT)) {
				ByteBuffer read = ByteBuffer.allocateDirect(2 * BLOCK).alignedSlice(BLOCK).limit(BLOCK);
				List<Integer> blocks = this.acknowledged.stream().boxed().toList();
				for (int block : blocks) {
					assertThat(disk.read(LinuxPlatform.addressOf(read), BLOCK, (long) block * BLOCK)).isEqualTo(BLOCK);
					assertThat(read).as("block " + block).isEqualTo(content(block));
				}
			}
		}

	}

}
