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
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.device.DeviceClaim;
import io.github.ublk4j.engine.device.DeviceRecords;
import io.github.ublk4j.engine.device.Driver;
import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import io.github.ublk4j.metrics.DiskMetrics;
import io.github.ublk4j.store.MemoryBlockStore;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A disk is left by one server and taken over by the next.
 */
@Timeout(60)
class TakeoverTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private static final int SIZE = 1 << 20;

	private final SimulatedUblk ublk = new SimulatedUblk();

	private final MemoryBlockStore store = MemoryBlockStore.sparse(SIZE);

	@TempDir
	private Path state;

	private UblkEngine.Builder engine() {
		return UblkEngine.builder()
			.simulated(this.ublk)
			.drainTimeout(Duration.ofMillis(200))
			.stateDirectory(this.state);
	}

	private static DiskSpec.Builder disk(Recovery recovery) {
		return DiskSpec.named("disk").size(SIZE).maxIoSize(8192).queueDepth(4).recovery(recovery);
	}

	private static byte[] filled(int length, int value) {
		byte[] data = new byte[length];
		Arrays.fill(data, (byte) value);
		return data;
	}

	@ParameterizedTest
	@EnumSource(DataMode.class)
	void nextServerTakesTheDiskOverWithItsData(DataMode mode) {
		DiskSpec spec = disk(Recovery.QUEUE).dataMode(mode).build();
		int id;
		try (UblkEngine first = engine().build()) {
			UblkDevice device = first.start(spec, this.store).blockOptional(PATIENCE).orElseThrow();
			id = device.id();
			assertThat(device.takenOver()).isFalse();
			this.ublk.disk("disk").write(0, filled(4096, 7)).block(PATIENCE);
			device.quiesce().block(PATIENCE);
			assertThat(device.status().state()).isEqualTo(DeviceState.QUIESCED);
			assertThat(first.devices()).isEmpty();
		}
		assertThat(this.ublk.disks()).hasSize(1);
		try (UblkEngine second = engine().build()) {
			UblkDevice device = second.start(spec, this.store).blockOptional(PATIENCE).orElseThrow();
			assertThat(device.id()).isEqualTo(id);
			assertThat(device.takenOver()).isTrue();
			assertThat(this.ublk.disk("disk").read(0, 4096).block(PATIENCE)).containsOnly(7);
			device.stop().block(PATIENCE);
		}
		assertThat(this.ublk.disks()).isEmpty();
		try (UblkEngine third = engine().build()) {
			assertThat(third.start(spec, this.store).blockOptional(PATIENCE).orElseThrow().takenOver()).isFalse();
		}
	}

	@ParameterizedTest
	@EnumSource(value = Recovery.class, names = { "QUEUE", "REISSUE" })
	void requestsWaitForTheNextServer(Recovery recovery) {
		DiskSpec spec = disk(recovery).build();
		try (UblkEngine engine = engine().build()) {
			engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow().quiesce().block(PATIENCE);
			CompletableFuture<Void> write = this.ublk.disk("disk").write(4096, filled(4096, 3)).toFuture();
			assertThat(write).isNotDone();
			engine.start(spec, this.store).block(PATIENCE);
			assertThat(write).succeedsWithin(PATIENCE);
			assertThat(this.ublk.disk("disk").read(4096, 4096).block(PATIENCE)).containsOnly(3);
		}
	}

	@Test
	void requestsFailUntilTheNextServerIsThere() {
		DiskSpec spec = disk(Recovery.FAIL_IO).build();
		try (UblkEngine engine = engine().build()) {
			engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow().quiesce().block(PATIENCE);
			SimulatedDisk disk = this.ublk.disk("disk");
			assertFails(disk.read(0, 4096), BlockErrno.EIO);
			engine.start(spec, this.store).block(PATIENCE);
			assertThat(disk.read(0, 4096).block(PATIENCE)).containsOnly(0);
		}
	}

	@Test
	void quiescedDiskAnswersWhatItHas() {
		Slow slow = new Slow();
		try (UblkEngine engine = engine().drainTimeout(PATIENCE).build()) {
			UblkDevice device = engine.start(disk(Recovery.QUEUE).build(), slow).blockOptional(PATIENCE).orElseThrow();
			CompletableFuture<byte[]> read = this.ublk.disk("disk").read(0, 4096).toFuture();
			Awaitility.await().until(() -> slow.calls.get() == 1);
			CompletableFuture<Void> quiesced = device.quiesce().toFuture();
			assertThat(quiesced).isNotDone();
			slow.answer.tryEmitEmpty();
			assertThat(read).succeedsWithin(PATIENCE);
			assertThat(quiesced).succeedsWithin(PATIENCE);
			engine.start(disk(Recovery.QUEUE).build(), slow).block(PATIENCE);
		}
	}

	@Test
	void whatIsNotAnsweredInTimeIsReissued() {
		Slow slow = new Slow();
		DiskSpec spec = disk(Recovery.REISSUE).build();
		try (UblkEngine engine = engine().build()) {
			UblkDevice device = engine.start(spec, slow).blockOptional(PATIENCE).orElseThrow();
			CompletableFuture<byte[]> read = this.ublk.disk("disk").read(0, 4096).toFuture();
			Awaitility.await().until(() -> slow.calls.get() == 1);
			device.quiesce().block(PATIENCE);
			assertThat(read).isNotDone();
			engine.start(spec, slow).block(PATIENCE);
			slow.answer.tryEmitEmpty();
			assertThat(read).succeedsWithin(PATIENCE);
		}
	}

	@Test
	void whatIsNotAnsweredInTimeFailsWhereItMayNotBeDoneTwice() {
		Slow slow = new Slow();
		try (UblkEngine engine = engine().build()) {
			UblkDevice device = engine.start(disk(Recovery.QUEUE).build(), slow).blockOptional(PATIENCE).orElseThrow();
			CompletableFuture<byte[]> read = this.ublk.disk("disk").read(0, 4096).toFuture();
			Awaitility.await().until(() -> slow.calls.get() == 1);
			device.quiesce().block(PATIENCE);
			assertThat(read).failsWithin(PATIENCE);
			engine.start(disk(Recovery.QUEUE).build(), slow).block(PATIENCE);
		}
	}

	@Test
	void queueThatDiesLeavesTheDiskToTheNextServer() {
		DiskSpec spec = disk(Recovery.REISSUE).build();
		try (UblkEngine engine = engine().build()) {
			UblkDevice device = engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow();
			this.ublk.disk("disk").killQueue(0);
			Awaitility.await().until(() -> device.status().state() == DeviceState.FAILED);
			CompletableFuture<Void> write = this.ublk.disk("disk").write(0, filled(4096, 5)).toFuture();
			device.quiesce().block(PATIENCE);
			assertThat(engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow().takenOver()).isTrue();
			assertThat(write).succeedsWithin(PATIENCE);
		}
	}

	@Test
	void deviceThatDiffersIsRefusedAndLeftAlone() {
		try (UblkEngine engine = engine().build()) {
			UblkDevice device = engine.start(disk(Recovery.QUEUE).build(), this.store)
				.blockOptional(PATIENCE)
				.orElseThrow();
			device.quiesce().block(PATIENCE);
			DiskSpec other = disk(Recovery.REISSUE).size(SIZE / 2).logicalBlockSize(4096).queueDepth(8).build();
			assertThatExceptionOfType(DiskRefusedException.class)
				.isThrownBy(() -> causeOf(engine.start(other, this.store)))
				.satisfies((ex) -> assertThat(ex.reason()).isEqualTo(DiskRefusedException.Reason.PREDECESSOR))
				.withMessageContaining("size in bytes: 1048576 in the device, 524288 in the disk")
				.withMessageContaining("logical block size: 512 in the device, 4096")
				.withMessageContaining("queue depth: 4 in the device, 8")
				.withMessageContaining("recovery: QUEUE in the device, REISSUE")
				.withMessageContaining("delete ublk device " + device.id());
			assertThat(engine.start(disk(Recovery.QUEUE).build(), this.store)
				.blockOptional(PATIENCE)
				.orElseThrow()
				.takenOver()).isTrue();
		}
	}

	@ParameterizedTest
	@EnumSource(value = Recovery.class, names = { "QUEUE", "REISSUE", "FAIL_IO" })
	void takeoverThatFailsWhenRequestsArriveAgainLeavesTheDiskToTheNextServer(Recovery recovery) {
		DiskSpec spec = disk(recovery).build();
		AtomicReference<@Nullable UblkDevice> starting = new AtomicReference<>();
		Driver driver = driver((method, answer) -> {
			if (method.equals("endRecovery")) {
				this.ublk.disk("disk").killQueue(0);
				Awaitility.await().until(() -> Objects.requireNonNull(starting.get()).status().failure() != null);
			}
			return answer;
		});
		ControlTasks tasks = new ControlTasks();
		try (UblkEngine engine = engine().build()) {
			engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow().quiesce().block(PATIENCE);
			UblkDevice device = device(spec, driver, tasks);
			starting.set(device);
			assertThatExceptionOfType(UblkException.class).isThrownBy(() -> device.start(() -> false))
				.withMessageContaining("The queue was killed by a test")
				.withMessageContaining(device.path() + " is left to the next server");
			assertThat(this.ublk.disks()).hasSize(1);
			assertThat(engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow().takenOver()).isTrue();
			this.ublk.disk("disk").read(0, 4096).block(PATIENCE);
		}
		finally {
			tasks.shutdown();
		}
	}

	private UblkDevice device(DiskSpec spec, Driver driver, ControlTasks tasks) {
		EngineSettings settings = new EngineSettings(Duration.ofMillis(200), PATIENCE, null, DiskMetrics.NONE,
				new DeviceRecords(this.state), List.of(), List.of());
		return new UblkDevice(spec, DiskServer.of(this.store, UnaryOperator.identity()), driver, tasks, settings,
				(stopped) -> {
				});
	}

	/**
	 * Returns the driver of the host, with answers that are looked at, or replaced, by
	 * the name of the method.
	 */
	private Driver driver(BiFunction<String, @Nullable Object, @Nullable Object> answers) {
		Driver simulated = this.ublk.driver(PATIENCE);
		return (Driver) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Driver.class },
				(proxy, method, arguments) -> {
					try {
						return answers.apply(method.getName(), method.invoke(simulated, arguments));
					}
					catch (InvocationTargetException ex) {
						throw ex.getTargetException();
					}
				});
	}

	@Test
	void streamThatFailsAtOnceAnswersNoRequestOfADiskThatItTakesOver() {
		DiskSpec spec = disk(Recovery.REISSUE).build();
		BlockRequestStream stream = (requests) -> requests.doOnNext(BlockRequest::complete).then();
		try (UblkEngine engine = engine().build()) {
			engine.startStream(spec, stream).blockOptional(PATIENCE).orElseThrow().quiesce().block(PATIENCE);
			CompletableFuture<Void> write = this.ublk.disk("disk").write(0, filled(4096, 3)).toFuture();
			assertThatExceptionOfType(UblkException.class)
				.isThrownBy(() -> engine.startStream(spec, (requests) -> Mono.error(new IllegalStateException("no")))
					.block(PATIENCE))
				.withMessageContaining("is left to the next server");
			assertThat(write).isNotDone();
			assertThat(engine.startStream(spec, stream).blockOptional(PATIENCE).orElseThrow().takenOver()).isTrue();
			assertThat(write).succeedsWithin(PATIENCE);
		}
	}

	@Test
	void takeoverThatIsCancelledBeforeRequestsArriveLeavesThemToTheNextServer() {
		DiskSpec spec = disk(Recovery.REISSUE).build();
		Gate gate = new Gate();
		try (UblkEngine first = engine().build();
				UblkEngine slow = engine().decorator((disk, handler) -> gate.pass(handler)).build()) {
			int id = leave(first, spec);
			CompletableFuture<Void> write = this.ublk.disk("disk").write(0, filled(4096, 3)).toFuture();
			cancelWithin(slow.start(spec, this.store), gate);
			Awaitility.await().until(() -> slow.device("disk").isEmpty() && isWaiting(first, id));
			assertThat(write).isNotDone();
			assertThat(first.start(spec, this.store).blockOptional(PATIENCE).orElseThrow().takenOver()).isTrue();
			assertThat(write).succeedsWithin(PATIENCE);
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	@SuppressWarnings("try") // closed early on purpose
	void takeoverThatIsCancelledWhenTheDiskIsLiveLeavesItToTheNextServer(boolean closed) {
		DiskSpec spec = disk(Recovery.QUEUE).build();
		Gate gate = new Gate();
		DeviceListener waiting = new DeviceListener() {

			@Override
			public void live(UblkDevice device) {
				gate.pass(device);
			}

		};
		try (UblkEngine first = engine().build(); UblkEngine slow = engine().listener(waiting).build()) {
			int id = leave(first, spec);
			Disposable start = slow.start(spec, this.store).subscribe();
			gate.awaitArrival();
			start.dispose();
			if (closed) {
				slow.close();
			}
			gate.open();
			Awaitility.await().until(() -> slow.device("disk").isEmpty() && isWaiting(first, id));
			assertThat(first.start(spec, this.store).blockOptional(PATIENCE).orElseThrow().takenOver()).isTrue();
			this.ublk.disk("disk").read(0, 4096).block(PATIENCE);
		}
	}

	@Test
	void diskThatCannotBeLeftWithoutFailingRequestsIsServedOnWhenItsTakeoverIsCancelled() {
		Driver old = driver((method, answer) -> method.equals("features")
				? (Long) Objects.requireNonNull(answer) & ~UblkFeature.QUIESCE.mask() : answer);
		DiskSpec spec = disk(Recovery.QUEUE).build();
		ControlTasks tasks = new ControlTasks();
		try {
			UblkDevice first = device(spec, old, tasks);
			first.start(() -> false);
			this.ublk.disk("disk").killQueue(0);
			Awaitility.await().until(() -> first.status().state() == DeviceState.FAILED);
			first.quiesce().block(PATIENCE);
			AtomicBoolean cancelled = new AtomicBoolean();
			UblkDevice second = device(spec, old, tasks);
			second.start(cancelled::get);
			assertThat(second.takenOver()).isTrue();
			cancelled.set(true);
			second.giveUp();
			Awaitility.await().during(Duration.ofMillis(100)).until(() -> second.status().state() == DeviceState.LIVE);
			this.ublk.disk("disk").read(0, 4096).block(PATIENCE);
			assertThat(second.leaveIfMeantTo()).isTrue();
			UblkDevice third = device(spec, old, tasks);
			third.start(() -> false);
			assertThat(third.takenOver()).isTrue();
			third.stop().block(PATIENCE);
		}
		finally {
			tasks.shutdown();
		}
	}

	@Test
	void freshDiskIsStoppedWhenItsStartIsCancelled() {
		DiskSpec spec = disk(Recovery.QUEUE).build();
		Gate gate = new Gate();
		try (UblkEngine engine = engine().decorator((disk, handler) -> gate.pass(handler)).build()) {
			cancelWithin(engine.start(spec, this.store), gate);
			Awaitility.await().until(() -> engine.device("disk").isEmpty() && this.ublk.disks().isEmpty());
			Awaitility.await().untilAsserted(() -> assertThat(engine.listDriverDevices().block(PATIENCE)).isEmpty());
		}
	}

	private int leave(UblkEngine engine, DiskSpec spec) {
		UblkDevice device = engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow();
		device.quiesce().block(PATIENCE);
		return device.id();
	}

	private static void cancelWithin(Mono<UblkDevice> start, Gate gate) {
		Disposable started = start.subscribe();
		gate.awaitArrival();
		started.dispose();
		gate.open();
	}

	private static boolean isWaiting(UblkEngine engine, int id) {
		return Objects.requireNonNull(engine.orphanedDevices().block(PATIENCE))
			.stream()
			.anyMatch((orphan) -> orphan.device().id() == id && orphan.device().state() == DriverDevice.State.QUIESCED);
	}

	private static void assertFails(Mono<?> request, BlockErrno errno) {
		assertThat(request.toFuture()).failsWithin(PATIENCE)
			.withThrowableOfType(ExecutionException.class)
			.havingCause()
			.isInstanceOfSatisfying(BlockIoException.class, (ex) -> assertThat(ex.errno()).isEqualTo(errno));
	}

	private static void causeOf(Mono<?> start) throws Throwable {
		try {
			start.block(PATIENCE);
		}
		catch (UblkException ex) {
			throw (ex.getCause() != null) ? ex.getCause() : ex;
		}
	}

	@Test
	void diskIsServedOnce() {
		DiskSpec spec = disk(Recovery.NONE).build();
		try (UblkEngine first = engine().build(); UblkEngine second = engine().build()) {
			first.start(spec, this.store).block(PATIENCE);
			assertThatExceptionOfType(DiskRefusedException.class)
				.isThrownBy(() -> causeOf(second.start(spec, this.store)))
				.satisfies((ex) -> assertThat(ex.reason()).isEqualTo(DiskRefusedException.Reason.SERVED_ELSEWHERE))
				.withMessageContaining("process " + ProcessHandle.current().pid());
			assertThat(second.devices()).isEmpty();
		}
	}

	@Test
	void recoveryNeedsAStateDirectory() throws IOException {
		try (UblkEngine engine = UblkEngine.builder().simulated(this.ublk).build()) {
			assertThatExceptionOfType(DiskRefusedException.class)
				.isThrownBy(() -> causeOf(engine.start(disk(Recovery.QUEUE).build(), this.store)))
				.satisfies((ex) -> assertThat(ex.reason()).isEqualTo(DiskRefusedException.Reason.STATE_DIRECTORY));
		}
		Path file = Files.createFile(this.state.resolve("file"));
		try (UblkEngine engine = engine().stateDirectory(file).build()) {
			assertThatExceptionOfType(DiskRefusedException.class)
				.isThrownBy(() -> causeOf(engine.start(disk(Recovery.QUEUE).build(), this.store)))
				.withMessageContaining(file.toString());
			engine.start(disk(Recovery.NONE).build(), this.store).block(PATIENCE);
		}
	}

	@Test
	void tornRecordIsNoRecord() throws IOException {
		DiskSpec spec = disk(Recovery.QUEUE).build();
		try (UblkEngine engine = engine().build()) {
			UblkDevice left = engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow();
			left.quiesce().block(PATIENCE);
			String record = Files.readString(this.state.resolve("disk")).stripTrailing();
			Files.writeString(this.state.resolve("disk"), record.substring(0, record.length() / 2));
			assertThat(engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow().takenOver()).isFalse();
			assertThat(engine.orphanedDevices().block(PATIENCE)).singleElement().satisfies((orphan) -> {
				assertThat(orphan.device().id()).isEqualTo(left.id());
				assertThat(orphan.disk()).isNull();
				assertThat(orphan.marked()).isTrue();
				assertThat(orphan.explanation()).contains("made by this library")
					.contains("has no server")
					.contains("delete it");
			});
			engine.delete(left.id()).block(PATIENCE);
			assertThat(engine.orphanedDevices().block(PATIENCE)).isEmpty();
		}
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void recordThatOthersCanWriteLeadsToNoDevice() throws IOException {
		DiskSpec spec = disk(Recovery.QUEUE).build();
		Path record = this.state.resolve("disk");
		try (UblkEngine engine = engine().build()) {
			UblkDevice left = engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow();
			left.quiesce().block(PATIENCE);
			Files.setPosixFilePermissions(record, PosixFilePermissions.fromString("rw-rw-rw-"));
			assertThatExceptionOfType(DiskRefusedException.class)
				.isThrownBy(() -> causeOf(engine.start(spec, this.store)))
				.withMessageContaining(record + " can be written by other users");
			UblkDevice fresh = engine.start(disk(Recovery.NONE).build(), this.store)
				.blockOptional(PATIENCE)
				.orElseThrow();
			assertThat(fresh.takenOver()).isFalse();
			assertThat(fresh.id()).isNotEqualTo(left.id());
			assertThat(engine.orphanedDevices().block(PATIENCE)).singleElement().satisfies((orphan) -> {
				assertThat(orphan.device().id()).isEqualTo(left.id());
				assertThat(orphan.disk()).isNull();
			});
			fresh.stop().block(PATIENCE);
			Files.setPosixFilePermissions(record, PosixFilePermissions.fromString("rw-r--r--"));
			assertThat(engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow().id()).isEqualTo(left.id());
		}
	}

	@Test
	void deviceWhoseNumberWasNotYetOnRecordIsFoundByItsToken() throws IOException {
		DiskSpec spec = disk(Recovery.QUEUE).build();
		try (UblkEngine engine = engine().build()) {
			engine.start(DiskSpec.named("other").size(SIZE).build(), this.store).block(PATIENCE);
			engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow().quiesce().block(PATIENCE);
			Path record = this.state.resolve("disk");
			Files.writeString(record, Files.readString(record).replace("device=1\n", "device=-1\n"));
			UblkDevice next = engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow();
			assertThat(next.takenOver()).isTrue();
			assertThat(next.id()).isEqualTo(1);
		}
	}

	@Test
	void deviceThatSomebodyIsTakingOverIsNotDeleted() throws IOException {
		DiskSpec spec = disk(Recovery.QUEUE).build();
		try (UblkEngine engine = engine().build()) {
			UblkDevice left = engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow();
			left.quiesce().block(PATIENCE);
			try (DeviceClaim claim = new DeviceRecords(this.state).claim("disk")) {
				assertThat(claim).isNotNull();
				assertThatExceptionOfType(UblkException.class)
					.isThrownBy(() -> engine.delete(left.id(), true).block(PATIENCE))
					.withMessageContaining("a process has the disk 'disk'");
			}
			assertThat(this.ublk.disks()).hasSize(1);
			engine.delete(left.id()).block(PATIENCE);
			assertThat(this.ublk.disks()).isEmpty();
			assertThat(new DeviceRecords(this.state).find("disk")).isNull();
		}
	}

	@Test
	void orphanThatIsUsedIsDeletedOnlyWhenAskedFor() {
		DiskSpec spec = disk(Recovery.QUEUE).build();
		try (UblkEngine engine = engine().build()) {
			int id = leave(engine, spec);
			SimulatedDisk disk = this.ublk.disk("disk");
			disk.useBy("/dev/ublkb0 is mounted on /data in the mount namespace of process 7");
			assertThat(engine.orphanedDevices().block(PATIENCE)).singleElement()
				.satisfies((orphan) -> assertThat(orphan.explanation()).contains("namespace of process 7"));
			assertKept(engine, id, "mounted on /data");
			disk.useBy();
			disk.takeUnseen(true);
			assertKept(engine, id, "that this process cannot see");
			engine.delete(id, true).block(PATIENCE);
			assertThat(this.ublk.disks()).isEmpty();
		}
	}

	private void assertKept(UblkEngine engine, int id, String user) {
		assertThatExceptionOfType(UblkException.class).isThrownBy(() -> engine.delete(id).block(PATIENCE))
			.withMessageContaining("its disk is in use")
			.withMessageContaining(user);
		assertThat(this.ublk.disks()).hasSize(1);
		assertThat(isWaiting(engine, id)).isTrue();
	}

	@Test
	void resizedDiskKeepsItsSizeWithTheNextServer() {
		DiskSpec spec = disk(Recovery.QUEUE).size(SIZE / 2).build();
		try (UblkEngine engine = engine().build()) {
			UblkDevice device = engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow();
			device.resize(SIZE).block(PATIENCE);
			assertThat(device.spec().size()).isEqualTo(SIZE);
			this.ublk.disk("disk").write(SIZE - 4096, filled(4096, 9)).block(PATIENCE);
			assertThatExceptionOfType(InvalidDiskException.class)
				.isThrownBy(() -> device.resize(2L * SIZE).block(PATIENCE))
				.withMessageContaining("The store holds only " + SIZE);
			assertThatExceptionOfType(InvalidDiskException.class).isThrownBy(() -> device.resize(100).block(PATIENCE));
			device.quiesce().block(PATIENCE);
			UblkDevice next = engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow();
			assertThat(next.takenOver()).isTrue();
			assertThat(next.spec().size()).isEqualTo(SIZE);
			next.resize(SIZE / 4).block(PATIENCE);
			assertThat(next.status().spec().size()).isEqualTo(SIZE / 4);
		}
	}

	@Test
	void diskWithoutRecoveryIsNotQuiesced() {
		try (UblkEngine engine = engine().build()) {
			UblkDevice device = engine.start(disk(Recovery.NONE).build(), this.store)
				.blockOptional(PATIENCE)
				.orElseThrow();
			assertThatExceptionOfType(UblkException.class).isThrownBy(() -> device.quiesce().block(PATIENCE))
				.withMessageContaining("its recovery is NONE");
			assertThat(device.status().state()).isEqualTo(DeviceState.LIVE);
		}
	}

	@Test
	void diskIsLeftWhereItCannotBeQuiesced() {
		DiskSpec spec = disk(Recovery.QUEUE).build();
		ControlTasks tasks = new ControlTasks();
		UblkDevice device = device(spec, tasks, Map.of("features",
				(features) -> (Long) Objects.requireNonNull(features) & ~UblkFeature.QUIESCE.mask()));
		device.start(() -> false);
		this.ublk.disk("disk").write(0, filled(4096, 7)).block(PATIENCE);
		assertThatExceptionOfType(UblkException.class).isThrownBy(() -> device.quiesce().block(PATIENCE))
			.withMessageContaining("Linux 6.16");
		assertThat(device.status().state()).isEqualTo(DeviceState.LIVE);
		device.leave().block(PATIENCE);
		assertThat(device.status().state()).isEqualTo(DeviceState.QUIESCED);
		tasks.shutdown();
		assertThatNextServerReads(spec);
	}

	@Test
	void takeOverThatFailsAtItsEndLeavesTheDisk() {
		DiskSpec spec = disk(Recovery.REISSUE).build();
		ControlTasks tasks = new ControlTasks();
		UblkDevice first = device(spec, tasks, Map.of());
		first.start(() -> false);
		this.ublk.disk("disk").write(0, filled(4096, 7)).block(PATIENCE);
		first.leave().block(PATIENCE);
		UblkDevice second = device(spec, tasks, Map.of("awaitPath", (there) -> {
			throw new LinuxException("look for it", Errno.EIO);
		}));
		assertThatExceptionOfType(UblkException.class).isThrownBy(() -> second.start(() -> false))
			.withMessageContaining("look for it");
		tasks.shutdown();
		assertThatNextServerReads(spec);
	}

	@Test
	void sizeThatTheDriverRefusesIsRefusedByTheDisk() {
		ControlTasks tasks = new ControlTasks();
		UblkDevice device = device(disk(Recovery.NONE).build(), tasks, Map.of("resize", (done) -> {
			throw new LinuxException("UPDATE_SIZE", Errno.EIO);
		}));
		device.start(() -> false);
		assertThatExceptionOfType(UblkException.class).isThrownBy(() -> device.resize(SIZE).block(PATIENCE))
			.withMessageContaining("disk 'disk' could not be resized: UPDATE_SIZE");
		device.stop().block(PATIENCE);
		tasks.shutdown();
	}

	private void assertThatNextServerReads(DiskSpec spec) {
		try (UblkEngine engine = engine().build()) {
			assertThat(engine.start(spec, this.store).blockOptional(PATIENCE).orElseThrow().takenOver()).isTrue();
			assertThat(this.ublk.disk("disk").read(0, 4096).block(PATIENCE)).containsOnly(7);
		}
	}

	/**
	 * Makes a device of a driver that answers some calls otherwise than the simulated
	 * one.
	 */
	private UblkDevice device(DiskSpec spec, ControlTasks tasks, Map<String, UnaryOperator<@Nullable Object>> answers) {
		Driver simulated = this.ublk.driver(PATIENCE);
		Driver other = (Driver) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Driver.class },
				(proxy, method, arguments) -> {
					try {
						return answers.getOrDefault(method.getName(), UnaryOperator.identity())
							.apply(method.invoke(simulated, arguments));
					}
					catch (InvocationTargetException ex) {
						throw ex.getTargetException();
					}
				});
		return new UblkDevice(
				spec, DiskServer.of(this.store, UnaryOperator.identity()), other, tasks, new EngineSettings(PATIENCE,
						PATIENCE, null, DiskMetrics.NONE, new DeviceRecords(this.state), List.of(), List.of()),
				(forgotten) -> {
					// no engine knows it
				});
	}

	@Test
	void requestThatTakesTooLongFailsAndTheTagServesOn() {
		Slow slow = new Slow();
		DiskSpec spec = disk(Recovery.NONE).queueDepth(1).requestTimeout(Duration.ofMillis(100)).build();
		try (UblkEngine engine = engine().build()) {
			UblkDevice device = engine.start(spec, slow).blockOptional(PATIENCE).orElseThrow();
			for (int i = 0; i < 3; i++) {
				assertFails(this.ublk.disk("disk").read(0, 4096), BlockErrno.ETIMEDOUT);
			}
			slow.answer.tryEmitEmpty();
			assertThat(this.ublk.disk("disk").read(0, 4096).block(PATIENCE)).containsOnly(0);
			assertThat(device.status().queues().get(0).timeouts()).isEqualTo(3);
			assertThat(device.status().queues().get(0).errors()).isEqualTo(3);
		}
	}

	@ParameterizedTest
	@EnumSource(DataMode.class)
	void lateHandlerNeverTouchesTheDataOfLaterRequests(DataMode mode) {
		DiskSpec spec = disk(Recovery.NONE).queueDepth(1).dataMode(mode).requestTimeout(Duration.ofMillis(100)).build();
		Keeper keeper = new Keeper(this.store);
		try (UblkEngine engine = engine().build()) {
			engine.start(spec, keeper).block(PATIENCE);
			SimulatedDisk disk = this.ublk.disk("disk");
			assertThat(disk.read(0, 4096).toFuture()).failsWithin(PATIENCE);
			disk.write(0, filled(4096, 1)).block(PATIENCE);
			assertThat(keeper.kept).isNotNull();
			assertThat(disk.read(0, 4096).block(PATIENCE)).containsOnly(1);
		}
	}

	/**
	 * Keeps who passes waiting until it is opened.
	 */
	private static final class Gate {

		private final CountDownLatch arrived = new CountDownLatch(1);

		private final CountDownLatch opened = new CountDownLatch(1);

		<T> T pass(T what) {
			this.arrived.countDown();
			await(this.opened);
			return what;
		}

		void awaitArrival() {
			await(this.arrived);
		}

		void open() {
			this.opened.countDown();
		}

		private static void await(CountDownLatch latch) {
			try {
				assertThat(latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
			}
			catch (InterruptedException ex) {
				throw new AssertionError(ex);
			}
		}

	}

	/**
	 * Answers reads when it is told to.
	 */
	private static final class Slow implements BlockDeviceHandler {

		private final Sinks.Empty<Void> answer = Sinks.empty();

		private final AtomicInteger calls = new AtomicInteger();

		@Override
		public Mono<Void> read(ReadRequest read) {
			this.calls.incrementAndGet();
			return this.answer.asMono();
		}

		@Override
		public Mono<Void> write(WriteRequest write) {
			return Mono.empty();
		}

	}

	/**
	 * Never answers the first read, keeps its buffer, and writes into that while later
	 * requests are served.
	 */
	private static final class Keeper implements BlockDeviceHandler {

		private final BlockDeviceHandler delegate;

		private volatile @Nullable ByteBuffer kept;

		Keeper(MemoryBlockStore store) {
			this.delegate = store.handler();
		}

		@Override
		public Mono<Void> read(ReadRequest read) {
			if (this.kept == null) {
				this.kept = read.buffer();
				return Mono.never();
			}
			return this.delegate.read(read).then(Mono.fromRunnable(this::scribble));
		}

		@Override
		public Mono<Void> write(WriteRequest write) {
			write.buffer();
			scribble();
			return this.delegate.write(write);
		}

		private void scribble() {
			ByteBuffer late = Objects.requireNonNull(this.kept);
			for (int i = 0; i < 4096; i++) {
				late.put(i, (byte) 0x66);
			}
		}

	}

}
