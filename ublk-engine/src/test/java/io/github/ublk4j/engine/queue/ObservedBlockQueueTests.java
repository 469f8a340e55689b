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
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.metrics.AnsweredRequests;
import io.github.ublk4j.metrics.InFlightRequest;
import io.github.ublk4j.metrics.QueueMetrics;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * What a queue tells about its requests, and how it is paused.
 */
class ObservedBlockQueueTests extends AbstractQueueTests {

	private final Recorder recorder = new Recorder();

	@Test
	void stagesOfARequestFollowEachOther() throws Exception {
		startObserved((read) -> Mono.<Void>empty().delaySubscription(Duration.ofMillis(20)), this.recorder);
		long before = System.nanoTime();
		get(this.driver.read(1024, 512));
		long elapsed = System.nanoTime() - before;
		Answer answer = this.recorder.await(1).get(0);
		assertThat(answer.operation()).isEqualTo(BlockOperation.READ);
		assertThat(answer.offset()).isEqualTo(1024);
		assertThat(answer.length()).isEqualTo(512);
		assertThat(answer.errno()).isZero();
		assertThat(answer.handedOver()).isTrue();
		assertThat(answer.stages()).allSatisfy((stage) -> assertThat(stage).isNotNegative());
		assertThat(answer.stages().get(1)).isBetween(Duration.ofMillis(19).toNanos(), elapsed);
		assertThat(answer.total()).isEqualTo(answer.stages().stream().mapToLong(Long::longValue).sum())
			.isLessThanOrEqualTo(elapsed);
	}

	@Test
	void requestThatEndsAtOnceIsNotHandedOver() throws Exception {
		startObserved((read) -> Mono.empty(), this.recorder);
		get(this.driver.read(0, 512));
		Answer answer = this.recorder.await(1).get(0);
		assertThat(answer.handedOver()).isFalse();
		assertThat(answer.stages().get(2)).isZero();
	}

	@Test
	void timeThatTheDiskTakesForOneRequestIsDispatchTimeOfTheNext() throws Exception {
		startObserved((read) -> Mono.fromRunnable(() -> sleep(20)), this.recorder);
		List<CompletableFuture<byte[]>> reads;
		synchronized (this.driver) {
			reads = List.of(this.driver.read(0, 512), this.driver.read(512, 512));
		}
		for (CompletableFuture<byte[]> read : reads) {
			get(read);
		}
		List<Answer> answers = this.recorder.await(2);
		assertThat(this.recorder.batches).containsExactly(2);
		long slept = Duration.ofMillis(19).toNanos();
		assertThat(answers.get(0).stages().get(0)).isLessThan(slept);
		assertThat(answers.get(1).stages().get(0)).isGreaterThan(slept);
		assertThat(answers.get(0).stages().get(3)).isGreaterThan(slept);
		assertThat(answers.get(1).stages().get(3)).isLessThan(slept);
	}

	@Test
	void errorIsShownAsTheNumberThatTheKernelIsTold() {
		startObserved((read) -> Mono.error(new BlockIoException(BlockErrno.ENOSPC, "full")), this.recorder);
		CompletableFuture<byte[]> read = this.driver.read(0, 512);
		assertFails(read, BlockErrno.ENOSPC);
		assertThat(this.recorder.await(1).get(0).errno()).isEqualTo(BlockErrno.ENOSPC.number());
	}

	@Test
	void requestThatIsNeverAnsweredIsShownWhenItIsFailed() {
		startObserved((read) -> Mono.never(), this.recorder);
		CompletableFuture<byte[]> read = this.driver.read(0, 512);
		Awaitility.await().until(() -> queue().snapshot().inFlight() == 1);
		queue().failEverything();
		assertFails(read, BlockErrno.EIO);
		assertThat(this.recorder.await(1).get(0).errno()).isEqualTo(BlockErrno.EIO.number());
	}

	@Test
	void observerIsToldTheEnd() {
		startObserved((read) -> Mono.empty(), this.recorder);
		assertThat(this.recorder.ended).isFalse();
		this.driver.stop();
		assertThat(queue().awaitEnd(PATIENCE)).isTrue();
		assertThat(this.recorder.ended).isTrue();
	}

	@Test
	void observerOfAQueueThatCannotStartIsToldTheEnd() {
		BlockQueue refused = BlockQueue.forHandler("test", 0, 4, (index) -> {
			throw new IllegalStateException("no ring");
		}, this.driver.dataPath(), (read) -> Mono.empty(), this::failed).observedBy(this.recorder);
		assertThatThrownBy(() -> refused.start(PATIENCE)).hasMessageContaining("no ring");
		assertThat(refused.awaitEnd(PATIENCE)).isTrue();
		assertThat(this.recorder.ended).isTrue();
	}

	@Test
	void observerThatFailsEndsTheObservationOnly() throws Exception {
		this.recorder.failing = true;
		startObserved((read) -> Mono.empty(), this.recorder);
		for (int i = 0; i < 10; i++) {
			get(this.driver.read(0, 512));
		}
		assertThat(this.recorder.calls).isEqualTo(1);
		assertThat(queue().isDead()).isFalse();
	}

	@Test
	void observerThatCannotSayWhetherItObservesEndsTheObservationOnly() throws Exception {
		AtomicInteger asked = new AtomicInteger();
		startObserved((read) -> Mono.<Void>empty().delaySubscription(Duration.ofMillis(5)), new QueueMetrics() {
			@Override
			public boolean observing() {
				if (asked.incrementAndGet() > 3) {
					throw new IllegalStateException("test");
				}
				return true;
			}

			@Override
			public void answered(AnsweredRequests requests) {
				// what it is asked first is what matters
			}
		});
		for (int i = 0; i < 10; i++) {
			get(this.driver.read(0, 512));
		}
		assertThat(asked).hasValue(4);
		assertThat(queue().isDead()).isFalse();
	}

	@Test
	void observerMayComeLater() throws Exception {
		this.recorder.observing = false;
		startObserved((read) -> Mono.empty(), this.recorder);
		get(this.driver.read(0, 512));
		this.recorder.observing = true;
		Awaitility.await().untilAsserted(() -> {
			get(this.driver.read(0, 512));
			assertThat(this.recorder.answers).isNotEmpty();
		});
		assertThat(this.recorder.answers).allSatisfy((answer) -> assertThat(answer.stages())
			.allSatisfy((stage) -> assertThat(stage).isBetween(0L, Duration.ofSeconds(10).toNanos())));
	}

	@Test
	void requestsInFlightAreShown() throws Exception {
		Sinks.Empty<Void> answer = Sinks.empty();
		startObserved((read) -> answer.asMono(), this.recorder);
		CompletableFuture<byte[]> read = this.driver.read(2048, 1024);
		Awaitility.await().until(() -> !queue().inFlight().isEmpty());
		Thread.sleep(10);
		InFlightRequest served = queue().inFlight().get(0);
		assertThat(served.operation()).isEqualTo(BlockOperation.READ);
		assertThat(served.offset()).isEqualTo(2048);
		assertThat(served.length()).isEqualTo(1024);
		assertThat(served.age()).isBetween(Duration.ofMillis(10), PATIENCE);
		answer.tryEmitEmpty();
		get(read);
		assertThat(queue().inFlight()).isEmpty();
	}

	@Test
	void pausedQueueKeepsRequestsUntilItIsResumed() throws Exception {
		startObserved((read) -> Mono.empty(), this.recorder);
		queue().pause();
		List<CompletableFuture<byte[]>> reads = new ArrayList<>();
		for (int i = 0; i < 8; i++) {
			reads.add(this.driver.read(512L * i, 512));
		}
		Thread.sleep(50);
		assertThat(reads).noneMatch(CompletableFuture::isDone);
		assertThat(queue().snapshot().paused()).isTrue();
		queue().resume();
		for (CompletableFuture<byte[]> read : reads) {
			get(read);
		}
		assertThat(queue().snapshot().requests()).isEqualTo(8);
	}

	@Test
	void pausedQueueFailsWhatItKeepsWhenItsDeviceStops() {
		startObserved((read) -> Mono.empty(), this.recorder);
		queue().pause();
		CompletableFuture<byte[]> read = this.driver.read(0, 512);
		queue().failEverything();
		assertFails(read, BlockErrno.EIO);
	}

	private static void sleep(long milliseconds) {
		try {
			Thread.sleep(milliseconds);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private record Answer(BlockOperation operation, long offset, long length, int errno, boolean handedOver,
			List<Long> stages, long total) {

	}

	private static final class Recorder implements QueueMetrics {

		private final List<Answer> answers = new CopyOnWriteArrayList<>();

		private final List<Integer> batches = new CopyOnWriteArrayList<>();

		private volatile boolean observing = true;

		private volatile boolean failing;

		private volatile boolean ended;

		private volatile int calls;

		List<Answer> await(int count) {
			Awaitility.await().until(() -> this.answers.size() >= count);
			return this.answers;
		}

		@Override
		public boolean observing() {
			return this.observing;
		}

		@Override
		@SuppressWarnings("NonAtomicVolatileUpdate") // by one thread
		public void answered(AnsweredRequests requests) {
			this.calls++;
			if (this.failing) {
				throw new IllegalStateException("test");
			}
			this.batches.add(requests.size());
			for (int i = 0; i < requests.size(); i++) {
				this.answers.add(new Answer(requests.operation(i), requests.offset(i), requests.length(i),
						requests.errno(i), requests.handedOver(i), List.of(requests.dispatchNanos(i),
								requests.handlerNanos(i), requests.handoverNanos(i), requests.commitNanos(i)),
						requests.totalNanos(i)));
			}
		}

		@Override
		public void ended() {
			this.ended = true;
		}

	}

}
