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

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkException;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import io.github.ublk4j.store.MemoryBlockStore;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Disks are started, paused, resized, quiesced, taken over, killed, stopped and deleted
 * by several threads and two engines in whatever order, while others read and write: no
 * acknowledged write is lost, nothing hangs, and in the end nothing is left.
 */
@Timeout(3600)
class StateMachineTests {

	// a start waits up to ten seconds for the death of a server
	private static final Duration PATIENCE = Duration.ofSeconds(40);

	private static final int SIZE = 1 << 16;

	private static final int CLIENTS = 3;

	private static final int OPERATORS = 3;

	private static final int STEPS = 40;

	private static final List<String> NAMES = List.of("machine-a", "machine-b");

	private final SimulatedUblk ublk = new SimulatedUblk();

	private final AtomicReferenceArray<UblkEngine> engines = new AtomicReferenceArray<>(2);

	private final Queue<UblkDevice> devices = new ConcurrentLinkedQueue<>();

	private final AtomicInteger started = new AtomicInteger();

	private final AtomicInteger takenOver = new AtomicInteger();

	private List<Disk> disks = List.of();

	private volatile boolean operating;

	@TempDir
	private Path state;

	@Test
	void noAcknowledgedWriteIsLostAndNothingIsLeft() {
		ProofRun run = new ProofRun(getClass(), Duration.ofSeconds(8));
		Set<Thread> before = threads();
		while (run.goesOn()) {
			round(run);
		}
		assertThat(this.started).as(run.toString()).hasPositiveValue();
		assertThat(this.takenOver).as(run.toString()).hasPositiveValue();
		Awaitility.await("threads end").atMost(PATIENCE).untilAsserted(() -> {
			Set<Thread> left = threads();
			left.removeAll(before);
			assertThat(left).as(run.toString()).isEmpty();
		});
	}

	private static Set<Thread> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("ublk-"))
			.filter((thread) -> !thread.getName().startsWith("ublk-simulated"))
			.collect(Collectors.toSet());
	}

	private void round(ProofRun run) {
		Random chance = run.random();
		this.disks = NAMES.stream().map((name) -> new Disk(name, chance)).toList();
		this.engines.set(0, engine());
		this.engines.set(1, engine());
		this.operating = true;
		List<CompletableFuture<?>> tasks = new ArrayList<>();
		List<CompletableFuture<?>> users = new ArrayList<>();
		for (int i = 0; i < OPERATORS; i++) {
			Random random = run.random();
			tasks.add(async(() -> operate(random)));
		}
		for (Disk disk : this.disks) {
			for (int i = 0; i < CLIENTS; i++) {
				DiskClient client = new DiskClient(i, 4, run.random());
				disk.clients.add(client);
				users.add(async(() -> use(disk, client)));
			}
		}
		try {
			join(tasks);
			this.operating = false;
			this.disks.forEach(this::serveAgain);
			join(users);
			this.disks.forEach(this::checkData);
			end();
		}
		catch (AssertionError ex) {
			throw new AssertionError(run + ": " + ex.getMessage() + ", " + this.devices, ex);
		}
		finally {
			this.disks.forEach((disk) -> disk.handler.close());
		}
	}

	private UblkEngine engine() {
		return UblkEngine.builder()
			.simulated(this.ublk)
			.stateDirectory(this.state)
			.drainTimeout(Duration.ofMillis(50))
			.controlTimeout(Duration.ofSeconds(5))
			.build();
	}

	private static CompletableFuture<Void> async(Runnable task) {
		return CompletableFuture.runAsync(task, (each) -> new Thread(each, "proof").start());
	}

	private static void join(List<CompletableFuture<?>> tasks) {
		for (CompletableFuture<?> task : tasks) {
			try {
				task.get(300, TimeUnit.SECONDS);
			}
			catch (ExecutionException ex) {
				throw new AssertionError(String.valueOf(ex.getCause()), ex);
			}
			catch (InterruptedException | TimeoutException ex) {
				throw new AssertionError("a thread hangs", ex);
			}
		}
	}

	private void use(Disk disk, DiskClient client) {
		while (this.operating) {
			SimulatedDisk found = find(disk.spec.name());
			if (found == null) {
				LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
			}
			else {
				client.step(found);
			}
		}
	}

	private @Nullable SimulatedDisk find(String name) {
		return this.ublk.disks().stream().filter((disk) -> disk.spec().name().equals(name)).findFirst().orElse(null);
	}

	private void operate(Random random) {
		for (int i = 0; i < STEPS; i++) {
			Disk disk = this.disks.get(random.nextInt(this.disks.size()));
			int which = random.nextInt(this.engines.length());
			UblkEngine engine = this.engines.get(which);
			UblkDevice device = engine.device(disk.spec.name()).orElse(null);
			if (device == null || random.nextInt(5) == 0) {
				withoutDevice(random, disk, which);
			}
			else {
				withDevice(random, disk, device);
			}
			LockSupport.parkNanos(random.nextInt(4_000_000));
		}
	}

	private void withoutDevice(Random random, Disk disk, int which) {
		UblkEngine engine = this.engines.get(which);
		switch (random.nextInt(12)) {
			case 0 -> attempt(engine.orphanedDevices());
			case 1 -> attempt(engine.listDriverDevices());
			case 2 -> attempt(engine.delete(random.nextInt(3), random.nextBoolean()));
			case 3 -> {
				UblkEngine next = engine();
				// another operator may have been quicker
				(this.engines.compareAndSet(which, engine, next) ? engine : next).close();
			}
			default -> start(engine, disk);
		}
	}

	private void start(UblkEngine engine, Disk disk) {
		UblkDevice device = attempt(engine.start(disk.spec, disk.handler));
		if (device != null) {
			this.devices.add(device);
			this.started.incrementAndGet();
			if (device.takenOver()) {
				this.takenOver.incrementAndGet();
			}
		}
	}

	private void withDevice(Random random, Disk disk, UblkDevice device) {
		switch (random.nextInt(12)) {
			case 0, 1 -> device.pause();
			case 2, 3 -> device.resume();
			case 4 -> attempt(device.resize(SIZE / 2 + 512L * random.nextInt(SIZE / 1024)));
			case 5, 6 -> attempt(device.quiesce());
			case 7 -> attempt(device.stop());
			case 8 -> attempt(device.stopUnused());
			case 9 -> {
				SimulatedDisk found = find(disk.spec.name());
				if (found != null) {
					found.killQueue(random.nextInt(disk.spec.queues()));
				}
			}
			case 10 -> assertThat(device.status().queues()).hasSizeLessThanOrEqualTo(disk.spec.queues());
			default -> device.status().queues().forEach((queue) -> device.inFlight(queue.queue()));
		}
	}

	/**
	 * Waits for an operation, which may be refused, but not fail oddly.
	 */
	private static <T> @Nullable T attempt(Mono<T> operation) {
		try {
			return operation.toFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
		}
		catch (ExecutionException ex) {
			requireExpected(Objects.requireNonNull(ex.getCause()));
			return null;
		}
		catch (InterruptedException | TimeoutException ex) {
			throw new AssertionError("an operation hangs", ex);
		}
	}

	private static void requireExpected(Throwable failure) {
		for (Throwable each = failure; each != null; each = each.getCause()) {
			boolean expected = each instanceof UblkException || each instanceof InvalidDiskException
					|| (each instanceof LinuxException linux && isExpected(linux))
					|| (each instanceof IllegalStateException && each.getMessage() != null)
					|| each instanceof RejectedExecutionException;
			if (!expected) {
				throw new AssertionError("an operation failed with " + each, failure);
			}
		}
	}

	// somebody may delete a device that is just being made, which gives its tags up
	private static boolean isExpected(LinuxException failure) {
		return failure.errno() != Errno.ETIMEDOUT
				|| String.valueOf(failure.getMessage()).contains("fetched all its tags");
	}

	// whoever waits for a disk gets an answer now
	private void serveAgain(Disk disk) {
		for (int i = 0; i < this.engines.length(); i++) {
			this.engines.get(i).devices().forEach((device) -> {
				device.resume();
				if (device.name().equals(disk.spec.name()) && device.status().state() != DeviceState.LIVE) {
					attempt(device.stop());
				}
			});
		}
		if (served(disk) == null) {
			start(this.engines.get(0), disk);
		}
		assertThat(served(disk)).as("disk %s is served again", disk.spec).isNotNull();
	}

	private @Nullable UblkDevice served(Disk disk) {
		for (int i = 0; i < this.engines.length(); i++) {
			UblkDevice found = this.engines.get(i).device(disk.spec.name()).orElse(null);
			if (found != null && find(disk.spec.name()) != null) {
				return found;
			}
		}
		return null;
	}

	private void checkData(Disk disk) {
		SimulatedDisk found = Objects.requireNonNull(find(disk.spec.name()));
		for (DiskClient client : disk.clients) {
			assertThat(client.check(found)).as("disk %s can be read", disk.spec).isTrue();
		}
	}

	private void end() {
		for (int i = 0; i < this.engines.length(); i++) {
			this.engines.get(i).close();
		}
		assertThat(this.ublk.disks()).isEmpty();
		assertThat(this.devices).allSatisfy((device) -> {
			assertThat(device.status().state()).isIn(DeviceState.STOPPED, DeviceState.QUIESCED);
			assertThat(device.status().bufferBytes()).isZero();
			assertThat(device.status().queues()).allSatisfy((queue) -> assertThat(queue.alive()).isFalse());
		});
		this.devices.clear();
		try (UblkEngine next = engine()) {
			assertThat(next.listDriverDevices().block(PATIENCE)).isEmpty();
			for (Disk disk : this.disks) {
				UblkDevice device = next.start(disk.spec, disk.handler).blockOptional(PATIENCE).orElseThrow();
				assertThat(device.takenOver()).isFalse();
			}
		}
	}

	/**
	 * A disk with what serves it, in whichever engine, and those who use it.
	 */
	private static final class Disk {

		private final DiskSpec spec;

		private final ChanceHandler handler;

		private final List<DiskClient> clients = new ArrayList<>();

		Disk(String name, Random random) {
			Recovery[] recoveries = Recovery.values();
			DataMode[] modes = DataMode.values();
			this.spec = DiskSpec.named(name)
				.size(SIZE)
				.queues(1 + random.nextInt(2))
				.queueDepth(4)
				.maxIoSize(4096)
				.dataMode(modes[random.nextInt(modes.length)])
				.recovery(recoveries[random.nextInt(recoveries.length)])
				.build();
			this.handler = new ChanceHandler(MemoryBlockStore.sparse(SIZE), random, 300, 0, true);
		}

	}

}
