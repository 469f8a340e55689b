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
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import io.github.ublk4j.engine.driver.IoOperation;
import io.github.ublk4j.proof.ProofRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A queue whose driver says what it should not: no request is answered with what was not
 * asked for, and the queue either goes on or ends with an error that says why.
 */
@Timeout(3600)
class QueueFuzzTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private static final int DEPTH = 4;

	private static final int LARGEST = 8192;

	private final List<String> deaths = Collections.synchronizedList(new ArrayList<>());

	private final List<String> oddities = Collections.synchronizedList(new ArrayList<>());

	@ParameterizedTest
	@EnumSource(value = DataMode.class, names = { "COPY", "USER_COPY", "ZERO_COPY" })
	void descriptorThatTheEngineHasNotOfferedFailsAndTheQueueGoesOn(DataMode mode) throws Exception {
		ProofRun run = new ProofRun(getClass(), Duration.ofSeconds(1));
		Random random = run.random();
		FuzzedTransport driver = new FuzzedTransport();
		BlockQueue queue = queue(driver, mode);
		while (run.goesOn()) {
			List<CompletableFuture<Integer>> answers = new ArrayList<>();
			for (int i = 0; i < DEPTH; i++) {
				answers.add(driver.submit(number(random), sector(random), number(random)));
			}
			for (CompletableFuture<Integer> answer : answers) {
				assertThat(answer.get(10, TimeUnit.SECONDS)).as(run.toString()).isLessThanOrEqualTo(LARGEST);
			}
			assertThat(driver.submit(IoOperation.READ, 8, LARGEST >> 9).get(10, TimeUnit.SECONDS)).as(run.toString())
				.isEqualTo(LARGEST);
		}
		assertThat(this.oddities).as(run.toString()).isEmpty();
		assertThat(this.deaths).as(run.toString()).isEmpty();
		driver.abortAll();
		assertThat(queue.awaitEnd(PATIENCE)).isTrue();
		BlockQueue.Snapshot end = queue.snapshot();
		assertThat(end.inFlight()).isZero();
		assertThat(end.requests()).isEqualTo(driver.answered());
	}

	private static int number(Random random) {
		return switch (random.nextInt(6)) {
			case 0 -> random.nextInt();
			case 1 -> random.nextInt(8);
			case 2 -> LARGEST >> 9;
			case 3 -> (LARGEST >> 9) + 1 - random.nextInt(3);
			case 4 -> 1 << random.nextInt(32);
			default -> -1 - random.nextInt(3);
		};
	}

	private static long sector(Random random) {
		return switch (random.nextInt(4)) {
			case 0 -> random.nextLong();
			case 1 -> random.nextInt(1000);
			case 2 -> 1L << random.nextInt(64);
			default -> (Long.MAX_VALUE >> 9) - random.nextInt(100) + 50;
		};
	}

	@ParameterizedTest
	@ValueSource(ints = { -1, DEPTH, 4711, Integer.MAX_VALUE, Integer.MIN_VALUE })
	void unknownTagEndsTheQueueWithItsNumber(int tag) {
		for (boolean arrives : new boolean[] { true, false }) {
			FuzzedTransport driver = new FuzzedTransport();
			BlockQueue queue = queue(driver, DataMode.COPY);
			CompletableFuture<Integer> pending = driver.submit(IoOperation.FLUSH, 0, 0);
			driver.inject((events) -> {
				if (arrives) {
					events.arrived(tag);
				}
				else {
					events.aborted(tag, 19);
				}
			});
			assertDies(queue, "tag " + tag);
			AbstractQueueTests.await().until(pending::isDone);
		}
	}

	@Test
	void tagThatArrivesTwiceIsNotServedTwice() throws Exception {
		FuzzedTransport driver = new FuzzedTransport();
		BlockQueue queue = queue(driver, DataMode.COPY);
		driver.inject((events) -> {
			events.arrived(1);
			events.arrived(1);
		});
		assertDies(queue, "tag 1 of queue 0, which it did not have");
	}

	@Test
	void moreEventsThanTagsEndTheQueue() {
		FuzzedTransport driver = new FuzzedTransport();
		BlockQueue queue = queue(driver, DataMode.COPY);
		driver.inject((events) -> {
			for (int tag = 0; tag <= DEPTH; tag++) {
				events.arrived(tag % DEPTH);
			}
		});
		assertDies(queue, "more than the 4 tags");
	}

	@ParameterizedTest
	@ValueSource(ints = { -1, 0, 3, 4711, Integer.MIN_VALUE })
	void unknownTransferEndsTheQueueWithItsNumber(int slot) {
		FuzzedTransport driver = new FuzzedTransport();
		BlockQueue queue = queue(driver, DataMode.USER_COPY);
		driver.inject((events) -> events.transferred(slot, -5));
		assertDies(queue, "No transfer has the number " + slot);
	}

	@ParameterizedTest
	@ValueSource(ints = { -1, 1, DEPTH, Integer.MIN_VALUE })
	void pagesOfAnUnknownTagAreNobodys(int tag) throws Exception {
		FuzzedTransport driver = new FuzzedTransport();
		BlockQueue queue = queue(driver, DataMode.ZERO_COPY);
		driver.inject((events) -> events.pagesUnavailable(tag, 22));
		assertThat(driver.submit(IoOperation.READ, 0, 1).get(10, TimeUnit.SECONDS)).isEqualTo(512);
		driver.abortAll();
		assertThat(queue.awaitEnd(PATIENCE)).isTrue();
		assertThat(this.deaths).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(ints = { 5, 1, -1, 125, 4711, Integer.MIN_VALUE })
	void tagThatIsGivenUpWithAnOddErrorIsReportedAndTheOthersGoOn(int error) throws Exception {
		FuzzedTransport driver = new FuzzedTransport();
		BlockQueue queue = queue(driver, DataMode.COPY);
		driver.giveUp(0, error);
		AbstractQueueTests.await().until(() -> !this.deaths.isEmpty());
		assertThat(this.deaths).singleElement().asString().contains("gave up tag 0 of queue 0");
		assertThat(driver.submit(IoOperation.READ, 0, 1).get(10, TimeUnit.SECONDS)).isEqualTo(512);
		driver.abortAll();
		assertThat(queue.awaitEnd(PATIENCE)).isTrue();
		assertThat(queue.isDead()).isFalse();
	}

	@Test
	void requestThatArrivesWhileTheQueueIsDetachedIsStillAnswered() throws Exception {
		FuzzedTransport driver = new FuzzedTransport();
		BlockQueue queue = queue(driver, DataMode.COPY);
		for (int i = 0; i < DEPTH; i++) {
			driver.submitAtTheEnd(IoOperation.READ, 0, 1);
		}
		queue.detach();
		assertThat(queue.awaitEnd(PATIENCE)).isTrue();
		assertThat(driver.answered()).isEqualTo(queue.snapshot().requests()).isPositive();
	}

	private void assertDies(BlockQueue queue, String reason) {
		assertThat(queue.awaitEnd(PATIENCE)).isTrue();
		assertThat(queue.isDead()).isTrue();
		assertThat(this.deaths).last().asString().contains(reason);
		assertThat(queue.snapshot().inFlight()).isZero();
	}

	private BlockQueue queue(FuzzedTransport driver, DataMode mode) {
		DataPath path = DataPath.of(mode, driver, new SimulatedMemory(), DEPTH, LARGEST, true,
				PageRegistration.AUTOMATIC);
		BlockQueue queue = BlockQueue.forHandler("test", 0, DEPTH, driver, path, new Checking(),
				(index, reason, failure) -> this.deaths.add(reason));
		queue.start(PATIENCE);
		return queue;
	}

	/**
	 * Notes what no disk should see.
	 */
	private final class Checking implements BlockDeviceHandler {

		private void check(boolean expected, Object request) {
			if (!expected) {
				QueueFuzzTests.this.oddities.add(request.toString());
			}
		}

		private void checkRange(long offset, long length, Object request) {
			check(offset >= 0 && length >= 0 && offset + length >= 0, request);
		}

		@Override
		public Mono<Void> read(ReadRequest request) {
			checkRange(request.offset(), request.length(), request);
			check(request.buffer().remaining() == request.length() && request.length() > 0, request);
			return Mono.empty();
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			checkRange(request.offset(), request.length(), request);
			check(request.buffer().remaining() == request.length() && request.length() > 0, request);
			return Mono.empty();
		}

		@Override
		public Mono<Void> flush(FlushRequest request) {
			return Mono.empty();
		}

		@Override
		public Mono<Void> discard(DiscardRequest request) {
			checkRange(request.offset(), request.length(), request);
			return Mono.empty();
		}

		@Override
		public Mono<Void> writeZeroes(WriteZeroesRequest request) {
			checkRange(request.offset(), request.length(), request);
			return Mono.empty();
		}

	}

}
