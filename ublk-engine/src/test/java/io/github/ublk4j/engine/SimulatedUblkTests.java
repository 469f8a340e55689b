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

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import io.github.ublk4j.store.MemoryBlockStore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

@Timeout(60)
class SimulatedUblkTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final SimulatedUblk ublk = new SimulatedUblk();

	private final UblkEngine engine = UblkEngine.builder()
		.simulated(this.ublk)
		.drainTimeout(Duration.ofMillis(100))
		.build();

	@AfterEach
	void closeEngine() {
		this.engine.close();
		assertThat(this.ublk.disks()).isEmpty();
		assertThat(this.engine.devices()).isEmpty();
	}

	private SimulatedDisk start(DiskSpec.Builder spec, BlockDeviceHandler handler) {
		DiskSpec built = spec.build();
		this.engine.start(built, handler).block(PATIENCE);
		return this.ublk.disk(built.name());
	}

	private static DiskSpec.Builder disk() {
		return DiskSpec.named("disk").size(1 << 20).maxIoSize(8192).queueDepth(4);
	}

	private static byte[] random(int length) {
		byte[] data = new byte[length];
		new Random(length).nextBytes(data);
		return data;
	}

	private static void assertFails(Mono<?> request, BlockErrno errno) {
		StepVerifier.create(request)
			.expectErrorSatisfies((failure) -> assertThat(failure).isInstanceOf(BlockIoException.class)
				.extracting((ex) -> ((BlockIoException) ex).errno())
				.isEqualTo(errno))
			.verify(PATIENCE);
	}

	@ParameterizedTest
	@EnumSource(DataMode.class)
	void readAfterWriteReturnsTheSameBytes(DataMode mode) {
		MemoryBlockStore store = MemoryBlockStore.sparse(1 << 20);
		this.engine.start(disk().dataMode(mode).build(), store).block(PATIENCE);
		SimulatedDisk disk = this.ublk.disk("disk");
		byte[] data = random(40_960);
		disk.write(512, data).block(PATIENCE);
		assertThat(disk.read(512, data.length).block(PATIENCE)).isEqualTo(data);
		assertThat(disk.read(0, 512).block(PATIENCE)).containsOnly(0);
	}

	@Test
	void automaticDataModeIsThatOfARecentKernel() {
		start(disk(), new Recorder());
		assertThat(this.engine.device("disk").orElseThrow().status().dataMode()).isEqualTo(DataMode.USER_COPY);
	}

	@ParameterizedTest
	@EnumSource(DataMode.class)
	void whatAReadLeavesOutIsZero(DataMode mode) {
		SimulatedDisk disk = start(disk().dataMode(mode), new Recorder());
		assertThat(disk.read(0, 16_384).block(PATIENCE)).containsOnly(0);
	}

	@ParameterizedTest
	@EnumSource(DataMode.class)
	void diskThatPromisesToFillAndDoesNotIsSeenThrough(DataMode mode) {
		SimulatedDisk disk = start(disk().dataMode(mode), new Recorder() {

			@Override
			public Mono<Void> write(WriteRequest request) {
				request.buffer();
				return super.write(request);
			}

			@Override
			public boolean fillsReadBuffers() {
				return true;
			}

		});
		disk.write(0, random(32_768)).block(PATIENCE);
		assertThat(disk.read(0, 32_768).block(PATIENCE)).isNotEqualTo(new byte[32_768]);
	}

	@Test
	void largeRequestsAreCutAtPhysicalBlocks() {
		Recorder recorder = new Recorder();
		SimulatedDisk disk = start(disk(), recorder);
		disk.read(512, 20_480).block(PATIENCE);
		assertThat(recorder.seen()).containsExactlyInAnyOrder("READ 512+7680", "READ 8192+8192", "READ 16384+4608");
	}

	@Test
	void rangesAreNotCutAtTheLargestTransfer() {
		Recorder recorder = new Recorder();
		SimulatedDisk disk = start(disk().size(8L << 30), recorder);
		disk.discard(0, 1L << 30).block(PATIENCE);
		disk.writeZeroes(0, 4096, false).block(PATIENCE);
		disk.writeZeroes(0, 3L << 30, true).block(PATIENCE);
		assertThat(recorder.seen()).containsExactlyInAnyOrder("DISCARD 0+1073741824",
				"WRITE_ZEROES 0+4096 stays allocated", "WRITE_ZEROES 0+2147479552",
				"WRITE_ZEROES 2147479552+1073745920");
	}

	@Test
	void onePieceThatFailsFailsTheRequest() {
		SimulatedDisk disk = start(disk(), new Recorder() {

			@Override
			public Mono<Void> write(WriteRequest request) {
				return (request.offset() == 8192) ? Mono.error(new BlockIoException(BlockErrno.ENOSPC, "nothing left"))
						: Mono.empty();
			}

		});
		assertFails(disk.write(0, new byte[24_576]), BlockErrno.ENOSPC);
		disk.write(0, new byte[8192]).block(PATIENCE);
	}

	@Test
	void forceUnitAccessAndFlushReachADiskWithCache() {
		Recorder recorder = new Recorder();
		SimulatedDisk disk = start(disk(), recorder);
		disk.writeFua(0, new byte[512]).block(PATIENCE);
		disk.flush().block(PATIENCE);
		disk.write(512, new byte[512]).block(PATIENCE);
		assertThat(recorder.seen()).containsExactly("WRITE 0+512 durable", "FLUSH 0+0", "WRITE 512+512");
	}

	@Test
	void diskWithoutCacheIsNeverAskedToFlush() {
		AtomicBoolean durable = new AtomicBoolean();
		SimulatedDisk disk = start(disk(), new BlockDeviceHandler() {

			@Override
			public Mono<Void> read(ReadRequest request) {
				return Mono.empty();
			}

			@Override
			public Mono<Void> write(WriteRequest request) {
				durable.set(request.forceUnitAccess());
				return Mono.empty();
			}

		});
		disk.writeFua(0, new byte[512]).block(PATIENCE);
		disk.flush().block(PATIENCE);
		assertThat(durable).isFalse();
		assertThat(this.engine.device("disk").orElseThrow().status().queues().get(0).requests()).isOne();
	}

	@Test
	void requestsThatTheDiskCannotTakeAreRefused() {
		SimulatedDisk disk = start(disk().logicalBlockSize(4096), (read) -> Mono.empty(), true);
		assertFails(disk.read(512, 4096), BlockErrno.EINVAL);
		assertFails(disk.read(0, 512), BlockErrno.EINVAL);
		assertFails(disk.read(-4096, 4096), BlockErrno.EINVAL);
		assertFails(disk.read(1 << 20, 4096), BlockErrno.EIO);
		assertFails(disk.read((1 << 20) - 4096, 8192), BlockErrno.EIO);
		assertFails(disk.read(Long.MAX_VALUE & -4096, 8192), BlockErrno.EIO);
		assertFails(disk.write(0, new byte[4096]), BlockErrno.EIO);
		assertThat(disk.read((1 << 20) - 4096, 4096).block(PATIENCE)).hasSize(4096);
		assertThat(disk.read(0, 0).block(PATIENCE)).isEmpty();
	}

	private SimulatedDisk start(DiskSpec.Builder spec, BlockDeviceHandler handler, boolean readOnly) {
		return start(spec.readOnly(readOnly), handler);
	}

	@Test
	void operationsThatAreNotOfferedAreRefused() {
		this.engine.startStream(disk().build(), (requests) -> requests.doOnNext(BlockRequest::complete).then())
			.block(PATIENCE);
		SimulatedDisk disk = this.ublk.disk("disk");
		assertFails(disk.discard(0, 4096), BlockErrno.EOPNOTSUPP);
		assertFails(disk.writeZeroes(0, 4096, true), BlockErrno.EOPNOTSUPP);
		disk.write(0, new byte[4096]).block(PATIENCE);
	}

	@Test
	void noMoreThanDepthRequestsAreInFlight() {
		AtomicInteger inFlight = new AtomicInteger();
		AtomicInteger most = new AtomicInteger();
		SimulatedDisk disk = start(disk().queueDepth(3), new Recorder() {

			@Override
			public Mono<Void> read(ReadRequest request) {
				most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
				return Mono.delay(Duration.ofMillis(2)).doOnNext((tick) -> inFlight.decrementAndGet()).then();
			}

		});
		Flux.range(0, 50).flatMap((i) -> disk.read(i * 512L, 512), 50).blockLast(PATIENCE);
		assertThat(most).hasValue(3);
	}

	@Test
	void requestsAreAnsweredInTheOrderInWhichTheDiskCompletesThem() {
		Map<Long, Sinks.Empty<Void>> gates = new ConcurrentHashMap<>();
		SimulatedDisk disk = start(disk(), new Recorder() {

			@Override
			public Mono<Void> read(ReadRequest request) {
				return gates.computeIfAbsent(request.offset(), (offset) -> Sinks.empty()).asMono();
			}

		});
		List<Integer> ended = Collections.synchronizedList(new ArrayList<>());
		Flux.range(0, 3).flatMap((i) -> disk.read(i * 512L, 512).doOnNext((data) -> ended.add(i)), 3).subscribe();
		Awaitility.await().until(() -> gates.size() == 3);
		for (int i : new int[] { 1, 2, 0 }) {
			Objects.requireNonNull(gates.get(i * 512L)).emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST);
			Awaitility.await().until(() -> ended.contains(i));
		}
		assertThat(ended).containsExactly(1, 2, 0);
	}

	@Test
	void requestsTakeTheQueuesInTurn() {
		SimulatedDisk disk = start(disk().queues(2), new Recorder());
		Flux.range(0, 10).concatMap((i) -> disk.read(0, 512)).blockLast(PATIENCE);
		assertThat(this.engine.device("disk").orElseThrow().status().queues()).extracting(QueueStatus::requests)
			.containsExactly(5L, 5L);
	}

	@Test
	void answerMayBlock() {
		SimulatedDisk disk = start(disk(), new Recorder());
		assertThat(disk.write(0, new byte[512])
			.then(Mono.fromCallable(() -> disk.read(0, 512).block(PATIENCE)))
			.block(PATIENCE)).hasSize(512);
	}

	@Test
	void stopWaitsForRequestsInFlightAlsoWhenSomebodyPausesTheDevice() {
		Sinks.Empty<Void> gate = Sinks.empty();
		CountDownLatch arrived = new CountDownLatch(4);
		try (UblkEngine patient = UblkEngine.builder().simulated(this.ublk).build()) {
			UblkDevice device = Objects.requireNonNull(patient.start(disk().build(), new Recorder() {

				@Override
				public Mono<Void> read(ReadRequest request) {
					arrived.countDown();
					return gate.asMono();
				}

			}).block(PATIENCE));
			SimulatedDisk disk = this.ublk.disk("disk");
			List<CompletableFuture<byte[]>> answers = new ArrayList<>();
			// one more than tags: it has been accepted, so it is served too
			for (int i = 0; i < 5; i++) {
				answers.add(disk.read(0, 512).toFuture());
			}
			await(arrived);
			CompletableFuture<Void> stop = device.stop().toFuture();
			Awaitility.await().until(() -> device.status().state() == DeviceState.STOPPING);
			Awaitility.await().untilAsserted(() -> assertFails(disk.read(0, 512), BlockErrno.EIO));
			assertThat(stop).isNotDone();
			device.pause();
			gate.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST);
			assertThat(stop).succeedsWithin(PATIENCE);
			answers.forEach((answer) -> assertThat(answer).succeedsWithin(PATIENCE));
			assertFails(disk.flush(), BlockErrno.EIO);
		}
	}

	@Test
	void stopThatIsRefusedLeavesTheDiskPaused() {
		SimulatedDisk disk = start(disk(), new Recorder());
		UblkDevice device = this.engine.device("disk").orElseThrow();
		device.pause();
		disk.takeUnseen(true);
		assertRefused(device, "a mount or device that this process cannot see");
		CompletableFuture<byte[]> read = disk.read(0, 512).toFuture();
		Awaitility.await().during(Duration.ofMillis(100)).until(() -> !read.isDone());
		device.resume();
		assertThat(read).succeedsWithin(PATIENCE);
		assertRefused(device, "a mount or device that this process cannot see");
		disk.takeUnseen(false);
		disk.useBy("/dev/ublkb0 is mounted on /mnt");
		assertRefused(device, "/dev/ublkb0 is mounted on /mnt");
		disk.read(0, 512).block(PATIENCE);
		disk.useBy();
		device.stopUnused().block(PATIENCE);
	}

	private static void assertRefused(UblkDevice device, String user) {
		assertThatExceptionOfType(DiskInUseException.class).isThrownBy(() -> device.stopUnused().block(PATIENCE))
			.withMessageContaining(user);
		assertThat(device.status().state()).isEqualTo(DeviceState.LIVE);
	}

	private static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new AssertionError(ex);
		}
	}

	@Test
	void requestThatIsNotAnsweredIsCancelledByTheStop() {
		Sinks.Empty<Void> cancelled = Sinks.empty();
		CountDownLatch arrived = new CountDownLatch(1);
		SimulatedDisk disk = start(disk(), new Recorder() {

			@Override
			public Mono<Void> read(ReadRequest request) {
				arrived.countDown();
				return Mono.<Void>never().doOnCancel(cancelled::tryEmitEmpty);
			}

		});
		CompletableFuture<byte[]> answer = disk.read(0, 512).toFuture();
		await(arrived);
		this.engine.device("disk").orElseThrow().stop().block(PATIENCE);
		assertFails(Mono.fromFuture(answer), BlockErrno.EIO);
		cancelled.asMono().block(PATIENCE);
	}

	@Test
	void queueThatTheDriverGivesUpFailsItsRequestsAndTheDevice() {
		Sinks.Empty<Void> gate = Sinks.empty();
		CountDownLatch arrived = new CountDownLatch(1);
		SimulatedDisk disk = start(disk(), new Recorder() {

			@Override
			public Mono<Void> read(ReadRequest request) {
				arrived.countDown();
				return gate.asMono();
			}

		});
		CompletableFuture<byte[]> answer = disk.read(0, 512).toFuture();
		await(arrived);
		disk.abortQueue(0);
		assertFails(Mono.fromFuture(answer), BlockErrno.EIO);
		assertFails(disk.read(0, 512), BlockErrno.EIO);
		UblkDevice device = this.engine.device("disk").orElseThrow();
		Awaitility.await().until(() -> device.status().state() == DeviceState.FAILED);
		assertThat(device.status().failure()).contains("EIO");
		gate.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST);
		Awaitility.await().until(() -> !device.status().queues().get(0).alive());
	}

	@Test
	void deadQueueFailsItsRequestsAndRemovesTheDisk() {
		CountDownLatch arrived = new CountDownLatch(1);
		SimulatedDisk disk = start(disk().queues(2), new Recorder() {

			@Override
			public Mono<Void> read(ReadRequest request) {
				arrived.countDown();
				return Mono.never();
			}

		});
		CompletableFuture<byte[]> answer = disk.read(0, 512).toFuture();
		await(arrived);
		disk.killQueue(0);
		assertFails(Mono.fromFuture(answer), BlockErrno.EIO);
		Awaitility.await().until(() -> this.ublk.disks().isEmpty());
		UblkDevice device = this.engine.device("disk").orElseThrow();
		assertThat(device.status().state()).isEqualTo(DeviceState.FAILED);
		assertFails(disk.read(0, 512), BlockErrno.EIO);
		device.stop().block(PATIENCE);
	}

	@Test
	void hostOutlivesItsEngines() {
		start(disk(), new Recorder());
		try (UblkEngine other = UblkEngine.builder().simulated(this.ublk).build()) {
			UblkDevice second = Objects.requireNonNull(
					other.start(DiskSpec.named("second").size(4096).build(), new Recorder()).block(PATIENCE));
			assertThat(second.id()).isOne();
			assertThat(second.path()).asString().doesNotStartWith("/dev");
			assertThat(this.engine.listDriverDevices().block(PATIENCE))
				.extracting(DriverDevice::id, DriverDevice::state)
				.containsExactly(tuple(0, DriverDevice.State.LIVE), tuple(1, DriverDevice.State.LIVE));
			assertThatExceptionOfType(UblkException.class).isThrownBy(() -> other.delete(0).block(PATIENCE))
				.withMessageContaining("is served by process");
		}
		assertThat(this.engine.listDriverDevices().block(PATIENCE)).extracting(DriverDevice::id).containsExactly(0);
		assertThat(this.engine.driver().map(UblkDriver::kernel).block(PATIENCE)).isEqualTo("simulated");
	}

	@Test
	void handlerWithoutNameIsCalledTheHandler() {
		DiskSpec writable = DiskSpec.named("lambda").size(1 << 20).build();
		assertThatExceptionOfType(InvalidDiskException.class)
			.isThrownBy(() -> this.engine.start(writable, (read) -> Mono.empty()).block())
			.satisfies((ex) -> assertThat(ex.remedy()).startsWith("The handler does not support WRITE."));
	}

	@Test
	void unknownDiskIsNamed() {
		start(disk(), new Recorder());
		assertThatIllegalArgumentException().isThrownBy(() -> this.ublk.disk("dsik"))
			.withMessage("No disk 'dsik' is live; those that are: [disk]");
	}

	@Test
	void startThatFailsLeavesNothing() {
		assertThatExceptionOfType(UblkException.class)
			.isThrownBy(() -> this.engine.startStream(disk().build(), (requests) -> Mono.error(new Error("no")))
				.block(PATIENCE));
		assertThat(this.engine.listDriverDevices().block(PATIENCE)).isEmpty();
	}

	/**
	 * A disk that keeps nothing but a record of its requests.
	 */
	private static class Recorder implements BlockDeviceHandler {

		private final List<String> seen = Collections.synchronizedList(new ArrayList<>());

		List<String> seen() {
			return List.copyOf(this.seen);
		}

		private Mono<Void> record(BlockRequest request, String flags) {
			this.seen.add(request.operation() + " " + request.offset() + "+" + request.length() + flags);
			return Mono.empty();
		}

		@Override
		public Mono<Void> read(ReadRequest request) {
			return record(request, "");
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			ByteBuffer data = request.buffer();
			assertThat(data.isDirect()).isTrue();
			return record(request, request.forceUnitAccess() ? " durable" : "");
		}

		@Override
		public Mono<Void> flush(FlushRequest request) {
			return record(request, "");
		}

		@Override
		public Mono<Void> discard(DiscardRequest request) {
			return record(request, "");
		}

		@Override
		public Mono<Void> writeZeroes(WriteZeroesRequest request) {
			return record(request, request.mayUnmap() ? "" : " stays allocated");
		}

	}

}
