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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for when a request of a queue that nobody observes is overdue.
 */
class RequestAgeTests extends AbstractQueueTests {

	private static final Duration TIMEOUT = Duration.ofMillis(300);

	@BeforeEach
	void startAQueueThatNeverAnswers() {
		start(new BlockDeviceHandler() {

			@Override
			public Mono<Void> read(ReadRequest request) {
				return Mono.never();
			}

			@Override
			public Mono<Void> write(WriteRequest request) {
				return Mono.never();
			}

		});
		queue().answeringWithin(TIMEOUT);
	}

	/** As when the process was stopped and goes on. */
	@Test
	void requestThatComesLongAfterTheLastLookIsNotTakenForOld() throws Exception {
		Duration interval = Duration.ofMillis(1);
		queue().failOverdue(interval);
		Thread.sleep(TIMEOUT.multipliedBy(2).toMillis());
		long sent = System.nanoTime();
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		await().until(() -> queue().snapshot().inFlight() == 1);
		assertThat(lookUntilItFails(read, interval) - sent).isGreaterThanOrEqualTo(TIMEOUT.toNanos());
	}

	@Test
	void requestFailsRatherLateThanEarly() throws Exception {
		Duration interval = Duration.ofMillis(100);
		queue().failOverdue(interval);
		long sent = System.nanoTime();
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		assertThat(lookUntilItFails(read, interval) - sent).isBetween(TIMEOUT.toNanos(), PATIENCE.toNanos());
	}

	@Test
	void requestFailsAlsoWhenEveryLookIsLate() throws Exception {
		queue().failOverdue(Duration.ofNanos(1));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		lookUntilItFails(read, Duration.ofNanos(1));
	}

	private long lookUntilItFails(CompletableFuture<byte[]> read, Duration interval) throws Exception {
		long end = System.nanoTime() + PATIENCE.toNanos();
		while (!read.isDone() && System.nanoTime() - end < 0) {
			queue().failOverdue(interval);
			TimeUnit.MILLISECONDS.sleep(5);
		}
		long failed = System.nanoTime();
		assertFails(read, BlockErrno.ETIMEDOUT);
		return failed;
	}

}
