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

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.DriverDevice;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkException;
import io.github.ublk4j.engine.driver.ControlClient;
import io.github.ublk4j.store.MemoryBlockStore;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.Assumptions.abort;

/**
 * Devices come and go, and nothing of them stays.
 */
@KernelTest
class LifecycleIT {

	private static final int SIZE = 8 << 20;

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	@Test
	void hundredDevicesOneAfterAnotherLeaveNothing() throws IOException {
		try (UblkEngine engine = UblkEngine.create()) {
			cycle(engine);
			int descriptors = count("/proc/self/fd");
			int threads = count("/proc/self/task");
			for (int i = 0; i < 100; i++) {
				cycle(engine);
			}
			assertThat(count("/proc/self/fd")).isLessThanOrEqualTo(descriptors + 1);
			assertThat(count("/proc/self/task")).isLessThanOrEqualTo(threads + 2);
			assertThat(NothingIsLeftBehind.mappings().size()).isZero();
		}
	}

	private static void cycle(UblkEngine engine) {
		UblkDevice device = engine.start(DiskSpec.named("cycle").size(SIZE).queueDepth(8).build(), new RamDisk(SIZE))
			.block();
		assertThat(device.status().state()).isEqualTo(DeviceState.LIVE);
		assertThat(device.path()).exists();
		device.stop().block();
		assertThat(device.path()).doesNotExist();
	}

	private static int count(String directory) throws IOException {
		try (Stream<Path> entries = Files.list(Path.of(directory))) {
			return (int) entries.count();
		}
	}

	@Test
	void bufferMemoryIsGivenBackWhenTheDeviceStops() throws IOException {
		try (UblkEngine engine = UblkEngine.create()) {
			long before = residentBytes();
			UblkDevice device = engine
				.start(DiskSpec.named("large")
					.size(SIZE)
					.queueDepth(128)
					.maxIoSize(1 << 20)
					.dataMode(DataMode.COPY)
					.build(), new RamDisk(SIZE))
				.block();
			assertThat(device.status().bufferBytes()).isEqualTo(128L << 20);
			assertThat(device.status().bufferMemoryLocked()).isTrue();
			assertThat(device.status().queues()).allSatisfy((queue) -> {
				assertThat(queue.ioFlusher()).isTrue();
				assertThat(queue.cpu()).isNotNegative();
			});
			assertThat(residentBytes() - before).isGreaterThan(120L << 20);
			device.stop().block();
			assertThat(residentBytes() - before).isLessThan(40L << 20);
		}
	}

	private static long residentBytes() throws IOException {
		return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ", -1)[1]) * 4096;
	}

	@Test
	void partitionTableIsReadWhileTheDeviceStarts() {
		AtomicLong reads = new AtomicLong();
		RamDisk disk = new RamDisk(SIZE) {
			@Override
			public Mono<Void> read(ReadRequest read) {
				reads.incrementAndGet();
				return super.read(read);
			}
		};
		// one partition of 1 MiB at 1 MiB
		byte[] entry = { 0, 0, 0, 0, (byte) 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0 };
		System.arraycopy(entry, 0, disk.data, 446, entry.length);
		disk.data[510] = 0x55;
		disk.data[511] = (byte) 0xaa;
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(DiskSpec.named("partitioned").size(SIZE).build(), disk).block();
			HandlerIT.await(() -> Files.exists(Path.of(device.path() + "p1")));
			assertThat(reads.get()).isPositive();
			assertThat(Shell.run("blockdev --getsize64 " + device.path() + "p1").strip()).isEqualTo("1048576");
		}
	}

	@Test
	void geometryIsWhatWasAskedFor() {
		try (UblkEngine engine = UblkEngine.create()) {
			DiskSpec spec = DiskSpec.named("geometry")
				.size(SIZE)
				.logicalBlockSize(4096)
				.physicalBlockSize(16384)
				.ioMin(32768)
				.ioOpt(65536)
				.maxIoSize(131072)
				.readOnly(true)
				.rotational(true)
				.queues(2)
				.build();
			UblkDevice device = engine.start(spec, new RamDisk(SIZE)).block();
			Path block = Path.of("/sys/block", device.path().getFileName().toString());
			assertThat(Shell.run("cd " + block + "/queue; cat logical_block_size physical_block_size minimum_io_size"
					+ " optimal_io_size rotational max_hw_sectors_kb; cat ../ro ../size; ls ../mq | wc -l"))
				.isEqualToIgnoringWhitespace("4096 16384 32768 65536 1 128 1 16384 2");
			assertThat(Shell.tryRun("dd if=/dev/zero of=" + device.path() + " bs=4k count=1 conv=notrunc").status())
				.isNotZero();
		}
	}

	@Test
	void partitionTableIsNotReadUnlessAskedFor() {
		try (UblkEngine engine = UblkEngine.create()) {
			assumeThat(engine.driver().block().features()).as("in Linux 7.0 and later").contains("NO_AUTO_PART_SCAN");
			RamDisk disk = new RamDisk(SIZE);
			byte[] entry = { 0, 0, 0, 0, (byte) 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0 };
			System.arraycopy(entry, 0, disk.data, 446, entry.length);
			disk.data[510] = 0x55;
			disk.data[511] = (byte) 0xaa;
			UblkDevice device = engine.start(DiskSpec.named("unscanned").size(SIZE).partitionScan(false).build(), disk)
				.block();
			Shell.run("udevadm settle || true");
			assertThat(
					Path.of("/sys/block", device.path().getFileName().toString(), device.path().getFileName() + "p1"))
				.doesNotExist();
			Shell.run("blockdev --rereadpt " + device.path());
			HandlerIT.await(() -> Files.exists(Path.of(device.path() + "p1")));
		}
	}

	@Test
	void deviceThatSomebodyElseDeletesHasFailed() {
		try (UblkEngine engine = UblkEngine.create(); ControlClient elsewhere = new ControlClient(PATIENCE)) {
			UblkDevice device = engine.start(DiskSpec.named("taken").size(SIZE).queues(2).build(), new RamDisk(SIZE))
				.block();
			assertThat(elsewhere.delete(device.id(), PATIENCE)).isTrue();
			assertThat(device.path()).doesNotExist();
			HandlerIT.await(() -> device.status().state() == DeviceState.FAILED);
			assertThat(device.status().failure()).contains("somebody else stopped or deleted its device");
			assertThat(engine.listDriverDevices().block()).isEmpty();
			device.stop().block();
			assertThat(device.status().state()).isEqualTo(DeviceState.STOPPED);
		}
	}

	@Test
	void idleDeviceDoesNotLookLikeWaitForIo() throws Exception {
		try (UblkEngine engine = UblkEngine.create()) {
			assumeThat(engine.driver().block().features())
				.as("IORING_ENTER_NO_IOWAIT is in Linux 6.15, UPDATE_SIZE in 6.16")
				.contains("UPDATE_SIZE");
			engine.start(DiskSpec.named("idle").size(SIZE).queues(2).build(), new RamDisk(SIZE)).block();
			// what udev and the like read of a new disk is over
			Thread.sleep(1000);
			long before = ioWaitMillis();
			Thread.sleep(2000);
			assertThat(ioWaitMillis() - before).isLessThan(500);
		}
	}

	private static long ioWaitMillis() throws IOException {
		String processors = Files.readAllLines(Path.of("/proc/stat")).get(0);
		return 10 * Long.parseLong(processors.split(" +", -1)[5]);
	}

	@Test
	void twoBusyDevicesDoNotDisturbEachOther() {
		try (UblkEngine engine = UblkEngine.create()) {
			List<UblkDevice> devices = Flux.just("left", "right")
				.flatMap((name) -> engine.start(DiskSpec.named(name).size(SIZE).queues(2).build(), new RamDisk(SIZE)))
				.collectList()
				.block();
			List<Thread> load = devices.stream()
				.map((device) -> new Thread(
						() -> Fio.verify(device.path(), "--bs=4k --size=4m --iodepth=32 --loops=2")))
				.toList();
			FailureCollector failures = new FailureCollector();
			load.forEach((thread) -> {
				thread.setUncaughtExceptionHandler(failures);
				thread.start();
			});
			load.forEach(FailureCollector::join);
			failures.assertNone();
			assertThat(devices).allSatisfy((device) -> assertThat(device.status().queues())
				.allSatisfy((queue) -> assertThat(queue.errors()).isZero()));
		}
	}

	@Test
	void devicesOfThisHostAreListed() {
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(DiskSpec.named("listed").size(SIZE).build(), new RamDisk(SIZE)).block();
			List<DriverDevice> found = engine.listDriverDevices().block();
			assertThat(found).singleElement().satisfies((listed) -> {
				assertThat(listed.id()).isEqualTo(device.id());
				assertThat(listed.path()).isEqualTo(device.path());
				assertThat(listed.state()).isEqualTo(DriverDevice.State.LIVE);
				assertThat(listed.serverPid()).isEqualTo((int) ProcessHandle.current().pid());
				assertThat(listed.flags()).contains("CMD_IOCTL_ENCODE");
			});
			assertThatExceptionOfType(UblkException.class).isThrownBy(() -> engine.delete(device.id()).block())
				.withMessageContaining("is served by process");
		}
	}

	@Test
	void nameIsTakenUntilItsDeviceHasStopped() {
		try (UblkEngine engine = UblkEngine.create()) {
			DiskSpec spec = DiskSpec.named("taken").size(SIZE).build();
			UblkDevice first = engine.start(spec, new RamDisk(SIZE)).block();
			assertThatExceptionOfType(InvalidDiskException.class)
				.isThrownBy(() -> engine.start(spec, new RamDisk(SIZE)).block())
				.withMessageContaining("taken");
			first.stop().block();
			first.stop().block();
			engine.start(spec, new RamDisk(SIZE)).block();
		}
	}

	@Test
	void startsAndStopsFromManyThreadsAtOnce() {
		try (UblkEngine engine = UblkEngine.create()) {
			Flux.range(0, 16)
				.flatMap((i) -> engine.start(DiskSpec.named("many" + i).size(SIZE).queueDepth(4).build(),
						new RamDisk(SIZE)), 8)
				.flatMap((device) -> Flux.merge(device.stop(), device.stop()), 8)
				.blockLast(Duration.ofMinutes(2));
			assertThat(engine.devices()).isEmpty();
		}
	}

	@Test
	void processEndsQuicklyUnderLoadWhenTerminated() throws Exception {
		Process process = DiskProcess.start();
		try (BufferedReader output = new BufferedReader(
				new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
			String path = DiskProcess.await(output, "/dev/ublkb");
			Process load = new ProcessBuilder("fio", "--name=load", "--filename=" + path, "--ioengine=libaio",
					"--direct=1", "--rw=randrw", "--bs=4k", "--iodepth=32", "--time_based", "--runtime=60", "--size=4m")
				.redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
			DiskProcess.await(output, "busy");
			process.destroy();
			assertThat(process.waitFor(10, TimeUnit.SECONDS)).as("ended within 10 s of SIGTERM").isTrue();
			load.destroy();
			load.waitFor();
			assertThat(Path.of(path)).doesNotExist();
		}
		finally {
			process.destroyForcibly();
		}
	}

	@Test
	void killedProcessLeavesADeviceThatCanBeDeleted() throws Exception {
		Process process = DiskProcess.start();
		String path;
		try (BufferedReader output = new BufferedReader(
				new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
			path = DiskProcess.await(output, "/dev/ublkb");
			process.destroyForcibly();
			process.waitFor();
		}
		int id = Integer.parseInt(path.substring("/dev/ublkb".length()));
		try (UblkEngine engine = UblkEngine.create()) {
			HandlerIT.await(() -> engine.listDriverDevices().block().get(0).state() == DriverDevice.State.DEAD);
			engine.delete(id).block();
			assertThat(engine.listDriverDevices().block()).isEmpty();
		}
	}

	@Test
	void deviceHeldOpenIsStoppedAndGoesWhenItsHolderLetsGo() throws Exception {
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(DiskSpec.named("held").size(SIZE).build(), new RamDisk(SIZE)).block();
			Process holder = new ProcessBuilder("bash", "-c", "exec 3<" + device.path() + "; echo; read").start();
			assertThat(holder.getInputStream().read()).isEqualTo('\n');
			device.stop().block(Duration.ofSeconds(20));
			assertThat(device.status().state()).isEqualTo(DeviceState.STOPPED);
			holder.getOutputStream().close();
			holder.waitFor();
		}
	}

	@Test
	void impossibleDisksAreRefusedBeforeAnythingIsMade() {
		try (UblkEngine engine = UblkEngine.create()) {
			assertThatExceptionOfType(InvalidDiskException.class)
				.isThrownBy(
						() -> engine.start(DiskSpec.named("write").size(SIZE).build(), (read) -> Mono.empty()).block())
				.withMessageContaining("does not support WRITE");
			try (MemoryBlockStore small = MemoryBlockStore.sparse(4096)) {
				assertThatExceptionOfType(InvalidDiskException.class)
					.isThrownBy(() -> engine.start(DiskSpec.named("larger").size(SIZE).build(), small).block())
					.withMessageContaining("holds only 4096 bytes");
			}
			assertThat(engine.listDriverDevices().block()).isEmpty();
		}
	}

	@Test
	void deviceThatCannotStartLeavesNothing() {
		try (UblkEngine engine = UblkEngine.builder()
			.drainTimeout(Duration.ofSeconds(1))
			.controlTimeout(Duration.ofSeconds(3))
			.build()) {
			assertThatExceptionOfType(UblkException.class)
				.isThrownBy(() -> engine.startStream(DiskSpec.named("broken").size(SIZE).build(), (requests) -> {
					throw new IllegalStateException("no pipeline today");
				}).block())
				.withMessageContaining("disk 'broken' could not be started")
				.withMessageContaining("no pipeline today");
			assertThat(engine.devices()).isEmpty();
			assertThat(engine.listDriverDevices().block()).isEmpty();
		}
	}

	@Test
	void deviceWhoseHandlerBlocksItsStartGoesWithTheNext() {
		CountDownLatch end = new CountDownLatch(1);
		DiskSpec spec = DiskSpec.named("blocked").size(SIZE).readOnly(true).build();
		try (UblkEngine engine = UblkEngine.builder()
			.drainTimeout(Duration.ofSeconds(1))
			.controlTimeout(Duration.ofSeconds(2))
			.build()) {
			Throwable failure = engine.start(spec, (read) -> Mono.fromRunnable(() -> await(end)))
				.materialize()
				.block()
				.getThrowable();
			if (failure == null) {
				end.countDown();
				abort("this kernel looks for partitions when the disk is live already");
			}
			assertThat(failure).isInstanceOf(UblkException.class)
				.hasMessageContaining("does not answer the reads with which the kernel looks for partitions")
				.hasMessageContaining("a handler blocks")
				.hasMessageContaining("when the disk is started again");
			assertThat(engine.device("blocked").orElseThrow().status().state()).isEqualTo(DeviceState.FAILED);
			end.countDown();
			UblkDevice device = engine.start(spec, (read) -> Mono.empty()).block();
			assertThat(engine.devices()).containsExactly(device);
			device.stop().block();
			assertThat(engine.listDriverDevices().block()).isEmpty();
		}
		finally {
			end.countDown();
		}
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void startThatIsCancelledLeavesNothing() {
		try (UblkEngine engine = UblkEngine.create()) {
			for (int millis : new int[] { 1, 5, 20, 50 }) {
				assertThatThrownBy(() -> engine.start(DiskSpec.named("cancelled").size(SIZE).build(), new RamDisk(SIZE))
					.timeout(Duration.ofMillis(millis))
					.then(Mono.error(new TimeoutException("not cancelled")))
					.block()).hasRootCauseInstanceOf(TimeoutException.class);
				engine.devices().forEach((device) -> device.stop().block());
				HandlerIT.await(() -> engine.devices().isEmpty() && engine.listDriverDevices().block().isEmpty());
			}
		}
	}

	@Test
	void stopThatFailedCanBeRepeated() throws Exception {
		CountDownLatch blocked = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		RamDisk disk = new RamDisk(SIZE) {
			@Override
			public Mono<Void> write(WriteRequest write) {
				blocked.countDown();
				try {
					release.await();
				}
				catch (InterruptedException ex) {
					throw new AssertionError(ex);
				}
				return super.write(write);
			}
		};
		try (UblkEngine engine = UblkEngine.builder()
			.drainTimeout(Duration.ofSeconds(1))
			.controlTimeout(Duration.ofSeconds(2))
			.build()) {
			UblkDevice device = engine.start(DiskSpec.named("blocked").size(SIZE).build(), disk).block();
			Process writer = new ProcessBuilder("dd", "if=/dev/zero", "of=" + device.path(), "bs=4k", "count=1",
					"oflag=direct", "conv=notrunc")
				.start();
			blocked.await();
			assertThatExceptionOfType(UblkException.class).isThrownBy(() -> device.stop().block())
				.withMessageContaining("a handler blocks [ublk-blocked-0]");
			assertThat(device.status().state()).isEqualTo(DeviceState.FAILED);
			release.countDown();
			device.stop().block();
			assertThat(device.status().state()).isEqualTo(DeviceState.STOPPED);
			writer.waitFor();
		}
	}

	@Test
	void engineIsClosedFromAThreadThatMustNotBlock() {
		UblkEngine engine = UblkEngine.create();
		engine.start(DiskSpec.named("reactive").size(SIZE).build(), new RamDisk(SIZE)).block();
		Mono.fromRunnable(engine::close).subscribeOn(Schedulers.parallel()).block();
		assertThat(engine.devices()).isEmpty();
	}

	@Test
	void engineIsNotClosedFromAHandler() {
		AtomicReference<Throwable> refused = new AtomicReference<>();
		try (UblkEngine engine = UblkEngine.create()) {
			Runnable close = engine::close;
			UblkDevice device = engine.start(DiskSpec.named("suicide").size(SIZE).build(), new RamDisk(SIZE) {
				@Override
				public Mono<Void> write(WriteRequest write) {
					try {
						close.run();
					}
					catch (IllegalStateException ex) {
						refused.set(ex);
					}
					return super.write(write);
				}
			}).block();
			Shell.run("dd if=/dev/zero of=" + device.path() + " bs=4k count=1 oflag=direct conv=notrunc");
			assertThat(refused.get()).hasMessageContaining("thread of a queue");
		}
	}

	@Test
	void buffersThatDoNotFitIntoMemoryAreRefused() {
		try (UblkEngine engine = UblkEngine.create()) {
			assertThatExceptionOfType(UblkException.class)
				.isThrownBy(() -> engine.start(DiskSpec.named("huge")
					.size(SIZE)
					.queueDepth(4096)
					.maxIoSize(32 << 20)
					.dataMode(DataMode.COPY)
					.build(), new RamDisk(SIZE)).block())
				.withMessageContaining("1 queues x 4096 requests x 33554432 bytes");
		}
	}

}
