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
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import io.github.ublk4j.store.MemoryBlockStore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A handler that breaks every rule costs its own requests: nothing that was acknowledged
 * is lost, the counters add up, and threads, memory and open files do not grow.
 */
@Timeout(3600)
class FaultyHandlerTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final int SIZE = 1 << 20;

	private static final int CLIENTS = 6;

	private static final int STEPS = 40;

	// those of the JVM and of other tests come and go
	private static final long SLACK = 20;

	private static final long MEMORY_SLACK = 8 << 20;

	private final SimulatedUblk ublk = new SimulatedUblk();

	@ParameterizedTest
	@EnumSource(value = DataMode.class, names = { "COPY", "USER_COPY", "ZERO_COPY" })
	void nothingIsLostAndNothingGrows(DataMode mode) throws IOException {
		ProofRun run = new ProofRun(getClass(), Duration.ofSeconds(3));
		DiskSpec spec = DiskSpec.named("faulty")
			.size(SIZE)
			.queues(2)
			.queueDepth(8)
			.maxIoSize(16384)
			.dataMode(mode)
			.requestTimeout(Duration.ofMillis(40))
			.build();
		try (UblkEngine engine = UblkEngine.builder().simulated(this.ublk).build();
				FaultyHandler handler = new FaultyHandler(MemoryBlockStore.preTouched(SIZE), run.random())) {
			UblkDevice device = engine.start(spec, handler).blockOptional(PATIENCE).orElseThrow();
			List<DiskClient> clients = IntStream.range(0, CLIENTS)
				.mapToObj((i) -> new DiskClient(i, 4, run.random()))
				.toList();
			work(clients);
			Usage before = Usage.now();
			do {
				work(clients);
			}
			while (run.goesOn());
			Usage after = Usage.now();
			assertThat(after.threads).as("%s: threads", run).isLessThanOrEqualTo(before.threads + SLACK);
			assertThat(after.files).as("%s: open files", run).isLessThanOrEqualTo(before.files + SLACK);
			assertThat(after.memory).as("%s: bytes of direct and mapped memory", run)
				.isLessThanOrEqualTo(before.memory + MEMORY_SLACK);
			assertThat(after.heap).as("%s: bytes of the heap", run).isLessThanOrEqualTo(before.heap + MEMORY_SLACK);
			assertThat(device.status().state()).as(run.toString()).isEqualTo(DeviceState.LIVE);
			assertThat(device.status().bufferBytes()).as(run.toString())
				.isLessThanOrEqualTo(2 * device.status().maxBufferBytes());
			Awaitility.await(run.toString()).atMost(PATIENCE).untilAsserted(() -> assertCounted(device, clients));
			// three requests in four meet no fault
			assertThat(sum(clients, DiskClient::answered)).as("%s: requests that succeeded", run)
				.isGreaterThan(sum(clients, DiskClient::failed) - sum(clients, DiskClient::timedOut));
		}
	}

	private void work(List<DiskClient> clients) {
		SimulatedDisk disk = this.ublk.disk("faulty");
		Stream<CompletableFuture<Void>> works = clients.stream().map((client) -> CompletableFuture.runAsync(() -> {
			for (int i = 0; i < STEPS; i++) {
				client.step(disk);
			}
		}, (task) -> new Thread(task, "proof-client").start()));
		CompletableFuture<?> all = CompletableFuture.allOf(works.toArray(CompletableFuture[]::new));
		while (!all.isDone()) {
			// buffers of requests that never ended come back when nobody can reach them
			System.gc();
			LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
		}
		all.join();
	}

	private static void assertCounted(UblkDevice device, List<DiskClient> clients) {
		long answered = sum(clients, DiskClient::answered);
		long failed = sum(clients, DiskClient::failed);
		List<QueueStatus> queues = device.status().queues();
		assertThat(sum(queues, QueueStatus::inFlight)).isZero();
		assertThat(sum(queues, QueueStatus::requests)).isEqualTo(answered + failed);
		assertThat(sum(queues, QueueStatus::errors)).isEqualTo(failed);
		assertThat(sum(queues, QueueStatus::timeouts)).isEqualTo(sum(clients, DiskClient::timedOut)).isPositive();
	}

	private static <T> long sum(List<T> all, ToLongFunction<T> value) {
		return all.stream().mapToLong(value).sum();
	}

	private record Usage(long threads, long files, long memory, long heap) {

		static Usage now() throws IOException {
			System.gc();
			return new Usage(Thread.activeCount(), openFiles(),
					ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)
						.stream()
						.mapToLong(BufferPoolMXBean::getMemoryUsed)
						.sum(),
					ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
		}

		private static long openFiles() throws IOException {
			Path own = Path.of("/proc/self/fd");
			if (!Files.isDirectory(own)) {
				return 0;
			}
			try (Stream<Path> files = Files.list(own)) {
				return files.count();
			}
		}

	}

}
