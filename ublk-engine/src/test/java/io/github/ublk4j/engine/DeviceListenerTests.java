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

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.device.Driver;
import io.github.ublk4j.engine.driver.DriverState;
import io.github.ublk4j.store.MemoryBlockStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What a {@link DeviceListener} is told of devices on a simulated driver.
 */
@Timeout(60)
class DeviceListenerTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private static final DiskSpec SPEC = DiskSpec.named("disk").size(1 << 20).queues(2).build();

	private final List<String> told = new CopyOnWriteArrayList<>();

	private final List<String> threads = new CopyOnWriteArrayList<>();

	@Test
	void startAndStopAreToldBeforeTheyComplete() {
		try (UblkEngine engine = engine(new Reporter())) {
			UblkDevice device = started(engine);
			assertThat(this.told).containsExactly("live disk");
			device.stop().block(PATIENCE);
			device.stop().block(PATIENCE);
			assertThat(this.told).containsExactly("live disk", "stopped disk");
		}
		assertThat(this.told).hasSize(2);
	}

	@Test
	void closeOfTheEngineIsToldAsStop() {
		try (UblkEngine engine = engine(new Reporter())) {
			started(engine);
		}
		assertThat(this.told).containsExactly("live disk", "stopped disk");
	}

	@Test
	void failureOfAllQueuesIsToldOnceAndNotOnTheirThreads() {
		Sinks.Empty<Void> end = Sinks.empty();
		BlockRequestStream stream = (requests) -> requests.then().or(end.asMono());
		try (UblkEngine engine = engine(new Reporter())) {
			engine.startStream(SPEC, stream).block(PATIENCE);
			end.tryEmitError(new IllegalStateException("expected by the test"));
			await().atMost(PATIENCE).until(() -> this.told.size() > 1);
		}
		assertThat(this.told).hasSize(3).startsWith("live disk").endsWith("stopped disk");
		assertThat(this.told.get(1)).startsWith("failed disk: ").endsWith("IllegalStateException");
		assertThat(this.threads).allMatch((thread) -> thread.startsWith("ublk-control-"));
	}

	@Test
	void diskThatDoesNotComeUpIsNoNews() {
		try (UblkEngine engine = engine(new Reporter())) {
			BlockDeviceHandler readOnly = (read) -> Mono.empty();
			engine.start(SPEC, readOnly).onErrorComplete().block(PATIENCE);
			started(engine);
			engine.start(SPEC, MemoryBlockStore.sparse(1 << 20)).onErrorComplete().block(PATIENCE);
		}
		assertThat(this.told).containsExactly("live disk", "stopped disk");
	}

	@Test
	void listenerIsCalledWithoutLocksAndMayStopTheDevice() {
		DeviceListener stopping = new DeviceListener() {

			@Override
			public void live(UblkDevice device) {
				device.stop().block(PATIENCE);
			}

		};
		try (UblkEngine engine = engine(stopping, new Reporter())) {
			assertThat(started(engine).status().state()).isEqualTo(DeviceState.STOPPED);
			assertThat(this.told).containsExactly("live disk", "stopped disk");
		}
	}

	@Test
	void failingListenerKeepsNoDeviceFromStartingOrStopping() {
		DeviceListener failing = new DeviceListener() {

			@Override
			public void live(UblkDevice device) {
				throw new IllegalStateException("expected by the test");
			}

			@Override
			public void stopped(UblkDevice device) {
				throw new IllegalStateException("expected by the test");
			}

		};
		try (UblkEngine engine = engine(failing, new Reporter())) {
			started(engine).stop().block(PATIENCE);
		}
		assertThat(this.told).containsExactly("live disk", "stopped disk");
	}

	@Test
	void deviceThatSomebodyElseRemovesHasFailed() {
		SimulatedUblk ublk = new SimulatedUblk();
		Driver elsewhere = ublk.driver(PATIENCE);
		try (UblkEngine engine = engine(ublk, new Reporter())) {
			UblkDevice device = started(engine);
			elsewhere.stop(device.id(), Duration.ZERO);
			await().atMost(PATIENCE).until(() -> this.told.contains("failed disk: no cause"));
			assertThat(device.status().state()).isEqualTo(DeviceState.FAILED);
			assertThat(device.status().failure()).contains("somebody else stopped or deleted its device");
			// which waits until nobody has the character device open
			assertThat(elsewhere.delete(device.id(), PATIENCE)).isTrue();
			device.stop().block(PATIENCE);
		}
		assertThat(this.told).containsExactly("live disk", "failed disk: no cause", "stopped disk");
	}

	@Test
	void stopOfADeviceThatWasRemovedLeavesItsSuccessorAlone() {
		SimulatedUblk ublk = new SimulatedUblk();
		Driver elsewhere = ublk.driver(PATIENCE);
		try (UblkEngine engine = engine(ublk); UblkEngine other = engine(ublk)) {
			UblkDevice removed = started(engine);
			elsewhere.stop(removed.id(), Duration.ZERO);
			assertThat(elsewhere.delete(removed.id(), PATIENCE)).isTrue();
			UblkDevice successor = started(other);
			assertThat(successor.id()).isEqualTo(removed.id());
			await().atMost(PATIENCE).until(() -> removed.status().state() == DeviceState.FAILED);
			removed.stop().block(PATIENCE);
			assertThat(successor.status().state()).isEqualTo(DeviceState.LIVE);
			assertThat(elsewhere.info(successor.id()).state()).isEqualTo(DriverState.LIVE);
		}
	}

	private static UblkEngine engine(DeviceListener... listeners) {
		return engine(new SimulatedUblk(), listeners);
	}

	private static UblkEngine engine(SimulatedUblk ublk, DeviceListener... listeners) {
		UblkEngine.Builder builder = UblkEngine.builder().simulated(ublk).drainTimeout(Duration.ofMillis(100));
		for (DeviceListener listener : listeners) {
			builder.listener(listener);
		}
		return builder.build();
	}

	@SuppressWarnings("NullAway") // a start never ends without a device or an error
	private static UblkDevice started(UblkEngine engine) {
		return engine.start(SPEC, MemoryBlockStore.sparse(1 << 20)).block(PATIENCE);
	}

	private final class Reporter implements DeviceListener {

		@Override
		public void live(UblkDevice device) {
			add("live " + device.name());
		}

		@Override
		public void failed(UblkDevice device, String reason, @Nullable Throwable cause) {
			add("failed " + device.name() + ": " + ((cause != null) ? cause.getClass().getSimpleName() : "no cause"));
		}

		@Override
		public void stopped(UblkDevice device) {
			add("stopped " + device.name());
		}

		private void add(String news) {
			DeviceListenerTests.this.told.add(news);
			DeviceListenerTests.this.threads.add(Thread.currentThread().getName());
		}

	}

}
