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
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for disks whose requests take too long.
 */
class RequestTimeoutTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final int LENGTH = 4096;

	private final SimulatedUblk ublk = new SimulatedUblk();

	@Test
	void onlyTagOfADiskServesAgainHoweverManyRequestsWereTooLate() {
		DiskSpec spec = DiskSpec.named("single")
			.size(1 << 20)
			.queueDepth(1)
			.readOnly(true)
			.dataMode(DataMode.COPY)
			.requestTimeout(Duration.ofMillis(50))
			.build();
		Forgetful handler = new Forgetful(2);
		try (UblkEngine engine = UblkEngine.builder().simulated(this.ublk).build()) {
			engine.start(spec, handler).block(PATIENCE);
			SimulatedDisk disk = this.ublk.disk("single");
			assertThatExceptionOfType(CompletionException.class)
				.isThrownBy(() -> disk.read(0, LENGTH).toFuture().join())
				.havingCause()
				.isInstanceOfSatisfying(BlockIoException.class,
						(failure) -> assertThat(failure.errno()).isEqualTo(BlockErrno.ETIMEDOUT));
			Awaitility.await().atMost(PATIENCE).until(() -> reads(disk));
		}
		assertThat(handler.left).hasValue(-1);
	}

	private static boolean reads(SimulatedDisk disk) {
		try {
			return disk.read(0, LENGTH).toFuture().join().length == LENGTH;
		}
		catch (CompletionException ex) {
			return false;
		}
	}

	/**
	 * Does not answer its first requests, and keeps nothing of them.
	 */
	private static final class Forgetful implements BlockDeviceHandler {

		private final AtomicInteger left;

		Forgetful(int unanswered) {
			this.left = new AtomicInteger(unanswered);
		}

		@Override
		public Mono<Void> read(ReadRequest request) {
			return (this.left.getAndUpdate((count) -> Math.max(count - 1, -1)) > 0) ? Mono.never() : Mono.empty();
		}

	}

}
