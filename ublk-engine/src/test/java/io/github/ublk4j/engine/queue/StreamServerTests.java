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
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.queue.DriverDouble.TransferRequest;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link BlockQueue} with a request stream.
 */
class StreamServerTests extends AbstractQueueTests {

	// of the driver
	private static final int DEPTH = 4;

	@Test
	void requestsArriveWithTheTypeOfTheirOperation() throws Exception {
		startStream((requests) -> requests.doOnNext((request) -> {
			if (request instanceof ReadRequest read) {
				read.buffer().put(0, (byte) 5);
			}
			else {
				assertThat(request).isInstanceOf(WriteRequest.class).isNotInstanceOf(ReadRequest.class);
			}
			request.complete();
		}).then());
		assertThat(get(this.driver.read(0, 512))[0]).isEqualTo((byte) 5);
		get(this.driver.write(0, new byte[512], 0));
	}

	@Test
	void requestsAreGroupedAndCompletedOnOtherThreads() throws Exception {
		startStream((requests) -> requests.bufferTimeout(4, Duration.ofMillis(5))
			.publishOn(Schedulers.parallel())
			.doOnNext((batch) -> batch.forEach(BlockRequest::complete))
			.then());
		List<CompletableFuture<byte[]>> reads = new ArrayList<>();
		for (int i = 0; i < 50; i++) {
			reads.add(this.driver.read(0, 512));
		}
		for (CompletableFuture<byte[]> read : reads) {
			get(read);
		}
	}

	@Test
	void requestIsEmittedOnlyOnDemand() throws Exception {
		ConcurrentLinkedQueue<BlockRequest> emitted = new ConcurrentLinkedQueue<>();
		AtomicReference<Subscription> subscription = startWithoutDemand(emitted::add);
		CompletableFuture<byte[]> first = this.driver.read(0, 512);
		CompletableFuture<byte[]> second = this.driver.read(512, 512);
		Awaitility.await().until(() -> queue().snapshot().inFlight() == 2);
		assertThat(emitted).isEmpty();
		Objects.requireNonNull(subscription.get()).request(1);
		Awaitility.await().until(() -> emitted.size() == 1);
		emitted.remove().complete();
		get(first);
		assertThat(second).isNotDone();
		Objects.requireNonNull(subscription.get()).request(1);
		Awaitility.await().until(() -> emitted.size() == 1);
		emitted.remove().fail(new BlockIoException(BlockErrno.ENODATA, "bad sector"));
		assertFails(second, BlockErrno.ENODATA);
	}

	@Test
	void requestThatWasTakenAwayMayBeAnsweredLate() throws Exception {
		Sinks.Empty<Void> late = Sinks.empty();
		List<Long> offsets = new CopyOnWriteArrayList<>();
		startStream((requests) -> requests
			.flatMap((request) -> ((request.offset() == 0) ? late.asMono() : Mono.<Void>empty()).doOnSuccess((done) -> {
				offsets.add(request.offset());
				request.complete();
			}))
			.then());
		timeOut(List.of(this.driver.read(0, 512)));
		late.tryEmitEmpty();
		get(this.driver.read(512, 512));
		assertThat(offsets).containsExactlyInAnyOrder(0L, 512L);
	}

	@Test
	void requestsThatAreTakenAwayWhileTheyWaitLeaveTheirPlaces() throws Exception {
		List<BlockRequest> emitted = new CopyOnWriteArrayList<>();
		AtomicReference<Subscription> subscription = startWithoutDemand((request) -> {
			emitted.add(request);
			request.complete();
		});
		List<CompletableFuture<byte[]>> kept = new ArrayList<>();
		for (int round = 0; round < 3; round++) {
			List<CompletableFuture<byte[]>> lost = new ArrayList<>();
			for (int i = 0; i < DEPTH - 1; i++) {
				lost.add(this.driver.read(512, 512));
			}
			timeOut(lost);
		}
		for (int i = 0; i < DEPTH; i++) {
			kept.add(this.driver.read(0, 512));
		}
		Awaitility.await().until(() -> queue().snapshot().inFlight() == DEPTH);
		Objects.requireNonNull(subscription.get()).request(Long.MAX_VALUE);
		for (CompletableFuture<byte[]> read : kept) {
			get(read);
		}
		assertThat(emitted).hasSize(DEPTH);
	}

	private AtomicReference<Subscription> startWithoutDemand(Consumer<BlockRequest> onNext) {
		AtomicReference<Subscription> subscription = new AtomicReference<>();
		startStream((requests) -> {
			requests.subscribe(new BaseSubscriber<>() {
				@Override
				protected void hookOnSubscribe(Subscription given) {
					subscription.set(given);
				}

				@Override
				protected void hookOnNext(BlockRequest request) {
					onNext.accept(request);
				}
			});
			return Mono.never();
		});
		return subscription;
	}

	private void timeOut(List<CompletableFuture<byte[]>> requests) {
		queue().answeringWithin(Duration.ofMillis(1));
		Awaitility.await().until(() -> {
			queue().failOverdue(Duration.ZERO);
			return requests.stream().allMatch(CompletableFuture::isDone);
		});
		queue().answeringWithin(Duration.ZERO);
		for (CompletableFuture<byte[]> request : requests) {
			assertFails(request, BlockErrno.ETIMEDOUT);
		}
	}

	@Test
	void secondCompletionFailsLoudly() throws Exception {
		AtomicReference<Throwable> thrown = new AtomicReference<>();
		startStream((requests) -> requests.doOnNext((request) -> {
			request.complete();
			try {
				request.complete();
			}
			catch (IllegalStateException ex) {
				thrown.set(ex);
			}
		}).then());
		get(this.driver.read(0, 512));
		Awaitility.await().until(() -> thrown.get() != null);
		assertThat(thrown.get()).hasMessageContaining("completed");
	}

	@Test
	void finishedRequestNeverCompletesAnother() throws Exception {
		List<BlockRequest> kept = new ArrayList<>();
		startStream((requests) -> requests.doOnNext((request) -> {
			kept.add(request);
			request.complete();
		}).then());
		for (int i = 0; i < 3 * RequestPool.QUARANTINE; i++) {
			get(this.driver.read(0, 512));
		}
		assertThat(kept).doesNotHaveDuplicates();
		for (BlockRequest stale : kept) {
			assertThatIllegalStateException().isThrownBy(stale::complete);
		}
	}

	@Test
	void secondSubscriberIsRejected() throws Exception {
		AtomicReference<Throwable> rejected = new AtomicReference<>();
		startStream((requests) -> {
			Mono<Void> served = requests.doOnNext(BlockRequest::complete).then();
			return served.doOnSubscribe((subscription) -> {
				// subscribed later than the pipeline itself
				Schedulers.parallel().schedule(() -> requests.subscribe((request) -> {
				}, rejected::set), 50, java.util.concurrent.TimeUnit.MILLISECONDS);
			});
		});
		Awaitility.await().until(() -> rejected.get() != null);
		assertThat(rejected.get()).hasMessageContaining("queue 0").hasMessageContaining("share()");
		get(this.driver.read(0, 512));
	}

	@Test
	void streamThatFailsFailsItsRequestsAndIsReported() throws Exception {
		startStream((requests) -> requests.doOnNext((request) -> {
			throw new IllegalArgumentException("broken pipeline");
		}).then());
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		assertThat(this.failures).hasSize(1);
		assertThat(this.failures.get(0)).contains("request stream of queue 0").contains("broken pipeline");
	}

	@Test
	void streamThatBreaksWithAnErrorFailsItsRequestsAndTheQueueGoesOn() throws Exception {
		startStream((requests) -> requests.doOnNext((request) -> {
			throw new NoClassDefFoundError("test");
		}).then());
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		assertThat(this.failures).hasSize(1);
		assertThat(queue().isDead()).isFalse();
	}

	@Test
	void streamThatFailsFailsARequestWhenTheKernelHasLetGoOfIt() throws Exception {
		CompletableFuture<byte[]> read = transferAndBreakTheStream();
		TransferRequest transfer = this.driver.awaitTransfer();
		await().until(() -> this.driver.cancelledTransfers().contains(transfer.slot()));
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		assertThat(read).isNotDone();
		assertThat(queue().snapshot().inFlight()).isEqualTo(1);
		this.driver.endTransfer(transfer, -125);
		assertFails(read, BlockErrno.EIO);
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
	}

	@Test
	void requestOfAStreamThatHasFailedDoesNotWaitWhenTheDeviceIsToldToStop() throws Exception {
		CompletableFuture<byte[]> read = transferAndBreakTheStream();
		TransferRequest transfer = this.driver.awaitTransfer();
		await().until(() -> this.driver.cancelledTransfers().contains(transfer.slot()));
		queue().failEverything();
		assertFails(read, BlockErrno.EIO);
		this.driver.endTransfer(transfer, -125);
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
	}

	private CompletableFuture<byte[]> transferAndBreakTheStream() {
		startStream((requests) -> requests.doOnNext((request) -> {
			if (request.offset() > 0) {
				throw new IllegalArgumentException("broken pipeline");
			}
			((ReadRequest) request).transferFrom(TestFile.of(70), 0).subscribe();
		}).then());
		CompletableFuture<byte[]> read = this.driver.read(0, 512);
		this.driver.awaitTransfer();
		assertFails(this.driver.read(512, 512), BlockErrno.EIO);
		return read;
	}

	@Test
	void streamThatStopsEarlyFailsLaterRequests() throws Exception {
		startStream((requests) -> requests.take(1).doOnNext(BlockRequest::complete).then());
		get(this.driver.read(0, 512));
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		assertThat(this.failures).hasSize(1);
	}

	@Test
	void streamCompletesWhenTheDeviceStops() throws Exception {
		AtomicReference<String> end = new AtomicReference<>();
		startStream((requests) -> requests.doOnNext(BlockRequest::complete)
			.doOnComplete(() -> end.set("completed"))
			.doOnCancel(() -> end.compareAndSet(null, "cancelled"))
			.then());
		get(this.driver.read(0, 512));
		this.driver.stop();
		assertThat(queue().awaitEnd(PATIENCE)).isTrue();
		assertThat(end).hasValue("completed");
		assertThat(this.failures).isEmpty();
	}

	@Test
	void requestDroppedByTheStreamFailsWhenTheDeviceIsToldToStop() throws Exception {
		startStream(Flux::then);
		CompletableFuture<byte[]> read = this.driver.read(0, 512);
		Awaitility.await().until(() -> queue().snapshot().inFlight() == 1);
		queue().failEverything();
		assertFails(read, BlockErrno.EIO);
	}

	@Test
	void streamThatIsNeverSubscribedLeavesRequestsInTheirTags() throws Exception {
		startStream((requests) -> Mono.never());
		CompletableFuture<byte[]> read = this.driver.read(0, 512);
		Awaitility.await().until(() -> queue().snapshot().inFlight() == 1);
		assertThat(read).isNotDone();
		queue().failEverything();
		assertFails(read, BlockErrno.EIO);
	}

	@Test
	@SuppressWarnings("NullAway") // what the test is about
	void streamThatReturnsNullIsReportedAtStart() {
		BlockQueue broken = BlockQueue.forStream("test", 0, 4, this.driver, this.driver.dataPath(), (requests) -> null,
				this::failed);
		assertThatIllegalStateException().isThrownBy(() -> broken.start(PATIENCE)).withMessageContaining("null");
	}

}
