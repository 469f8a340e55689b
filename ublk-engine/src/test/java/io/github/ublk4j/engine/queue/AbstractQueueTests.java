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

package io.github.ublk4j.engine.queue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.metrics.QueueMetrics;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * A queue of four tags and its driver, which end with the test.
 */
@Timeout(30)
abstract class AbstractQueueTests {

	static final Duration PATIENCE = Duration.ofSeconds(10);

	final DriverDouble driver = new DriverDouble(4, 8192);

	final List<String> failures = new ArrayList<>();

	private @Nullable BlockQueue queue;

	@AfterEach
	void everyQueueEnds() {
		if (this.queue != null) {
			this.queue.failEverything();
			this.driver.stop();
			assertThat(this.queue.awaitEnd(PATIENCE)).isTrue();
			assertThat(this.driver.closed()).isTrue();
			assertThat(this.queue.snapshot().inFlight()).isZero();
			assertThat(this.queue.isDead()).isFalse();
		}
	}

	final void start(BlockDeviceHandler handler) {
		start(handler, this.driver.dataPath(!handler.fillsReadBuffers()));
	}

	final void start(BlockDeviceHandler handler, DataPath dataPath) {
		start(BlockQueue.forHandler("test", 0, 4, this.driver, dataPath, handler, this::failed));
	}

	final void startObserved(BlockDeviceHandler handler, QueueMetrics metrics) {
		start(BlockQueue.forHandler("test", 0, 4, this.driver, this.driver.dataPath(), handler, this::failed)
			.observedBy(metrics));
	}

	final void startStream(BlockRequestStream stream) {
		startStream(stream, this.driver.dataPath());
	}

	final void startStream(BlockRequestStream stream, DataPath dataPath) {
		start(BlockQueue.forStream("test", 0, 4, this.driver, dataPath, stream, this::failed));
	}

	private void start(BlockQueue created) {
		this.queue = created;
		created.start(PATIENCE);
	}

	final BlockQueue queue() {
		return Objects.requireNonNull(this.queue);
	}

	final synchronized void failed(int index, String reason, @Nullable Throwable failure) {
		this.failures.add(reason);
	}

	static ConditionFactory await() {
		return Awaitility.await().pollInterval(Duration.ofMillis(1)).pollDelay(Duration.ZERO);
	}

	static byte[] get(CompletableFuture<byte[]> answer) throws Exception {
		return answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
	}

	static void assertFails(CompletableFuture<byte[]> answer, BlockErrno errno) {
		assertThatThrownBy(() -> get(answer)).isInstanceOf(ExecutionException.class)
			.hasMessageContaining("errno " + errno.number());
	}

	static byte[] filled(int length, int value) {
		byte[] data = new byte[length];
		Arrays.fill(data, (byte) value);
		return data;
	}

	/**
	 * Answers every request with success until a test says otherwise.
	 */
	static class TestHandler implements BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest request) {
			return Mono.empty();
		}

	}

}
