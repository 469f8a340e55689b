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

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * However a handler answers, the kernel gets its answer.
 */
@KernelTest
class HandlerIT {

	private static final int SIZE = 8 << 20;

	@Test
	void answersOnTheQueueThread() {
		verified(UnaryOperator.identity());
	}

	@Test
	void answersOnAnotherThread() {
		verified((answer) -> answer.publishOn(Schedulers.parallel()));
	}

	@Test
	void answersAfterADelay() {
		verified((answer) -> answer.delaySubscription(Duration.ofMillis(2)));
	}

	@Test
	void answersInReversedOrder() {
		Reversing reversing = new Reversing();
		verified((answer) -> answer.then(reversing.turn()));
	}

	@Test
	void answersThroughAStream() {
		RamDisk disk = new RamDisk(SIZE);
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.startStream(spec("stream"), (requests) -> serve(requests, disk)).block();
			writeAndVerify(device.path());
		}
	}

	private static Mono<Void> serve(Flux<BlockRequest> requests, RamDisk disk) {
		return requests.publishOn(Schedulers.parallel()).doOnNext((request) -> {
			if (request instanceof ReadRequest read) {
				disk.read(read);
			}
			else if (request instanceof WriteRequest write) {
				disk.write(write);
			}
			request.complete();
		}).then();
	}

	@Test
	void errorIsSeenByTheReader() {
		assertReadFails("failing", (read) -> Mono.error(new BlockIoException(BlockErrno.EIO, "test")));
	}

	@Test
	void exceptionIsSeenByTheReader() {
		assertReadFails("throwing", (read) -> {
			throw new IllegalStateException("test");
		});
	}

	@Test
	@SuppressWarnings("NullAway") // what the test is about
	void nullIsSeenByTheReader() {
		assertReadFails("null", (read) -> null);
	}

	@Test
	void noSpaceIsSeenByTheWriterAsSuch() {
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec("full"), new RamDisk(SIZE) {
				@Override
				public Mono<Void> write(WriteRequest write) {
					return Mono.error(new BlockIoException(BlockErrno.ENOSPC, "test"));
				}
			}).block();
			Shell.Result result = Shell
				.tryRun("dd if=/dev/zero of=" + device.path() + " bs=4k count=1 oflag=direct conv=notrunc");
			assertThat(result.status()).isNotZero();
			assertThat(result.output()).contains("No space left on device");
		}
	}

	@Test
	void deviceWithUnansweredRequestsCanBeStopped() {
		try (UblkEngine engine = UblkEngine.builder()
			.drainTimeout(Duration.ofSeconds(1))
			.controlTimeout(Duration.ofSeconds(20))
			.build()) {
			AtomicBoolean silent = new AtomicBoolean();
			AtomicBoolean cancelled = new AtomicBoolean();
			RamDisk disk = new RamDisk(SIZE);
			UblkDevice device = engine.start(spec("silent"), new BlockDeviceHandler() {
				@Override
				public Mono<Void> read(ReadRequest read) {
					return silent.get() ? Mono.<Void>never().doOnCancel(() -> cancelled.set(true)) : disk.read(read);
				}

				@Override
				public Mono<Void> write(WriteRequest write) {
					return disk.write(write);
				}
			}).block();
			silent.set(true);
			Thread reader = new Thread(
					() -> Shell.tryRun("dd if=" + device.path() + " of=/dev/null bs=4k count=1 iflag=direct"));
			reader.start();
			await(() -> device.status().queues().get(0).inFlight() > 0);
			long start = System.nanoTime();
			device.stop().block();
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(900),
					Duration.ofSeconds(10));
			assertThat(cancelled).isTrue();
			assertThat(device.status().state()).isEqualTo(DeviceState.STOPPED);
			assertThat(engine.devices()).isEmpty();
		}
	}

	@Test
	void flushAndForceUnitAccessReachTheHandler() {
		AtomicLong flushes = new AtomicLong();
		AtomicLong forced = new AtomicLong();
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec("durable"), new RamDisk(SIZE) {
				@Override
				public Mono<Void> write(WriteRequest write) {
					if (write.forceUnitAccess()) {
						forced.incrementAndGet();
					}
					return super.write(write);
				}

				@Override
				public Mono<Void> flush(FlushRequest flush) {
					flushes.incrementAndGet();
					return Mono.empty();
				}
			}).block();
			Path queue = Path.of("/sys/block", device.path().getFileName().toString(), "queue");
			assertThat(Shell.run("cat " + queue + "/write_cache")).isEqualTo("write back\n");
			assertThat(Shell.run("cat " + queue + "/fua")).isEqualTo("1\n");
			Shell.run("dd if=/dev/zero of=" + device.path() + " bs=4k count=4 conv=fsync,notrunc");
			assertThat(flushes.get()).isPositive();
			Shell.run("dd if=/dev/zero of=" + device.path() + " bs=4k count=4 oflag=direct,dsync conv=notrunc");
			assertThat(forced.get()).isPositive();
		}
	}

	@Test
	void diskWithoutFlushHasNoVolatileCache() {
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec("through"), new RamDisk(SIZE)).block();
			Path queue = Path.of("/sys/block", device.path().getFileName().toString(), "queue");
			assertThat(Shell.run("cat " + queue + "/write_cache")).isEqualTo("write through\n");
			assertThat(Shell.run("cat " + queue + "/discard_max_bytes")).isEqualTo("0\n");
		}
	}

	private static void verified(UnaryOperator<Mono<Void>> how) {
		RamDisk disk = new RamDisk(SIZE);
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec("how"), new BlockDeviceHandler() {
				@Override
				public Mono<Void> read(ReadRequest read) {
					return how.apply(Mono.defer(() -> disk.read(read)));
				}

				@Override
				public Mono<Void> write(WriteRequest write) {
					return how.apply(Mono.defer(() -> disk.write(write)));
				}
			}).block();
			writeAndVerify(device.path());
			assertThat(device.status().queues().get(0).errors()).isZero();
		}
	}

	private static void writeAndVerify(Path path) {
		Fio.verify(path, "--bsrange=4k-64k --size=4m --iodepth=16");
	}

	private static void assertReadFails(String name, BlockDeviceHandler handler) {
		AtomicBoolean broken = new AtomicBoolean();
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine
				.start(DiskSpec.named(name).size(SIZE).readOnly(true).build(),
						(read) -> broken.get() ? handler.read(read) : Mono.empty())
				.block();
			broken.set(true);
			Shell.Result result = Shell
				.tryRun("dd if=" + device.path() + " of=/dev/null bs=4k count=1 skip=100 iflag=direct");
			assertThat(result.status()).isNotZero();
			assertThat(result.output()).contains("Input/output error");
			broken.set(false);
			Shell.run("dd if=" + device.path() + " of=/dev/null bs=4k count=1 skip=100 iflag=direct");
		}
	}

	private static DiskSpec spec(String name) {
		return DiskSpec.named(name).size(SIZE).build();
	}

	static void await(java.util.function.BooleanSupplier condition) {
		org.awaitility.Awaitility.await().atMost(Duration.ofSeconds(30)).until(condition::getAsBoolean);
	}

	/**
	 * Collects answers for a moment and gives the newest first.
	 */
	private static final class Reversing {

		private final Deque<Sinks.Empty<Void>> waiting = new ArrayDeque<>();

		Mono<Void> turn() {
			return Mono.defer(() -> {
				Sinks.Empty<Void> sink = Sinks.empty();
				synchronized (this.waiting) {
					this.waiting.push(sink);
				}
				Schedulers.parallel().schedule(this::releaseAll, 5, java.util.concurrent.TimeUnit.MILLISECONDS);
				return sink.asMono();
			});
		}

		private void releaseAll() {
			synchronized (this.waiting) {
				while (!this.waiting.isEmpty()) {
					this.waiting.pop().tryEmitEmpty();
				}
			}
		}

	}

}
