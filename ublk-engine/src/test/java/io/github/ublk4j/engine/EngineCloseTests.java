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
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.store.MemoryBlockStore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * An engine is closed again after a close that failed, and by several threads.
 */
@Timeout(60)
class EngineCloseTests {

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private final SimulatedUblk ublk = new SimulatedUblk();

	private UblkEngine.Builder engine() {
		return UblkEngine.builder().simulated(this.ublk).drainTimeout(Duration.ofMillis(100));
	}

	private static DiskSpec spec(String name) {
		return DiskSpec.named(name).size(1 << 20).build();
	}

	@Test
	void whatAHandlerHasKeptFromBeingStoppedIsStoppedByTheNextClose() {
		CountDownLatch blocked = new CountDownLatch(1);
		CountDownLatch released = new CountDownLatch(1);
		UblkEngine engine = engine().build();
		engine.start(spec("free"), MemoryBlockStore.sparse(1 << 20)).block(PATIENCE);
		UblkDevice held = engine.start(spec("held"), new Reading(() -> {
			blocked.countDown();
			await(released);
			return Mono.empty();
		})).blockOptional(PATIENCE).orElseThrow();
		CompletableFuture<byte[]> read = this.ublk.disk("held").read(0, 4096).toFuture();
		await(blocked);
		assertThatExceptionOfType(UblkException.class).isThrownBy(engine::close)
			.withMessageContaining("disk 'held'")
			.withMessageContaining("a handler blocks [ublk-held-0]")
			.withMessageContaining("close the engine again");
		assertThat(engine.devices()).containsExactly(held);
		assertThatExceptionOfType(UblkException.class).isThrownBy(engine::close).withMessageContaining("disk 'held'");
		assertThatExceptionOfType(UblkException.class).isThrownBy(() -> held.stop().block(PATIENCE))
			.withMessageContaining("a handler blocks");
		assertThatIllegalStateException()
			.isThrownBy(() -> engine.start(spec("late"), MemoryBlockStore.sparse(1 << 20)).block(PATIENCE))
			.withMessage("The engine is closed");
		released.countDown();
		engine.close();
		assertThat(read).isDone();
		assertThat(this.ublk.disks()).isEmpty();
		assertThat(held.status().state()).isEqualTo(DeviceState.STOPPED);
		assertThatIllegalStateException().isThrownBy(() -> engine.driver().block(PATIENCE));
		engine.close();
	}

	@Test
	void closesAtATimeEndTogether() {
		Sinks.Empty<Void> answer = Sinks.empty();
		CountDownLatch arrived = new CountDownLatch(1);
		UblkEngine engine = engine().drainTimeout(PATIENCE).build();
		UblkDevice device = engine.start(spec("slow"), new Reading(() -> {
			arrived.countDown();
			return answer.asMono();
		})).blockOptional(PATIENCE).orElseThrow();
		CompletableFuture<byte[]> read = this.ublk.disk("slow").read(0, 4096).toFuture();
		await(arrived);
		CompletableFuture<Void> first = CompletableFuture.runAsync(engine::close);
		Awaitility.await().until(() -> device.status().state() == DeviceState.STOPPING);
		CompletableFuture<Void> second = CompletableFuture.runAsync(engine::close, (task) -> new Thread(task).start());
		Awaitility.await().during(Duration.ofMillis(200)).until(() -> !second.isDone());
		answer.tryEmitEmpty();
		assertThat(first).succeedsWithin(PATIENCE);
		assertThat(second).succeedsWithin(PATIENCE);
		assertThat(read).succeedsWithin(PATIENCE);
		assertThat(this.ublk.disks()).isEmpty();
	}

	@Test
	void listenerThatIsToldOfACloseMayCloseToo() {
		CompletableFuture<UblkEngine> known = new CompletableFuture<>();
		CountDownLatch told = new CountDownLatch(1);
		UblkEngine engine = engine().listener(new DeviceListener() {

			@Override
			public void stopped(UblkDevice device) {
				Objects.requireNonNull(known.join()).close();
				told.countDown();
			}

		}).build();
		known.complete(engine);
		engine.start(spec("disk"), MemoryBlockStore.sparse(1 << 20)).block(PATIENCE);
		engine.close();
		await(told);
	}

	private static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new AssertionError(ex);
		}
	}

	/**
	 * Reads as it is told.
	 */
	private record Reading(Supplier<Mono<Void>> answer) implements BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest read) {
			return this.answer.get();
		}

		@Override
		public Mono<Void> write(WriteRequest write) {
			return Mono.empty();
		}

	}

}
