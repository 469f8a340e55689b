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

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import io.github.ublk4j.engine.driver.IoOperation;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link BlockQueue} with a handler.
 */
class BlockQueueTests extends AbstractQueueTests {

	@Test
	void readReturnsWhatTheHandlerPutIntoTheBuffer() throws Exception {
		serve((read) -> {
			assertThat(read.offset()).isEqualTo(4096);
			assertThat(read.length()).isEqualTo(1024);
			assertThat(read.buffer().remaining()).isEqualTo(1024);
			assertThat(read.buffer()).isSameAs(read.buffer());
			while (read.buffer().hasRemaining()) {
				read.buffer().put((byte) 7);
			}
			return Mono.empty();
		});
		assertThat(get(this.driver.read(4096, 1024))).hasSize(1024).containsOnly(7);
	}

	@Test
	void writeHandsOverDataOffsetAndForceUnitAccess() throws Exception {
		List<String> seen = new ArrayList<>();
		start(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				byte[] data = new byte[write.buffer().remaining()];
				write.buffer().get(data);
				seen.add(write.offset() + " " + data.length + " " + data[511] + " " + write.forceUnitAccess());
				return Mono.empty();
			}
		});
		get(this.driver.write(512, filled(512, 3), 0));
		get(this.driver.write(1024, filled(1024, 4), IoOperation.FLAG_FUA));
		assertThat(seen).containsExactly("512 512 3 false", "1024 1024 4 true");
	}

	@Test
	void rangesLargerThanFourGibibytesArriveWhole() throws Exception {
		List<String> seen = new ArrayList<>();
		start(new TestHandler() {
			@Override
			public Mono<Void> discard(DiscardRequest discard) {
				seen.add(discard.offset() + "+" + discard.length());
				return Mono.empty();
			}

			@Override
			public Mono<Void> writeZeroes(WriteZeroesRequest zeroes) {
				seen.add(zeroes.mayUnmap() + " " + zeroes.offset() + "+" + zeroes.length());
				return Mono.empty();
			}

			@Override
			public Mono<Void> flush(FlushRequest flush) {
				seen.add("flush " + flush.offset() + "+" + flush.length());
				return Mono.empty();
			}
		});
		get(this.driver.other(IoOperation.DISCARD, 1L << 40, 5L << 30));
		get(this.driver.other(IoOperation.WRITE_ZEROES, 1L << 41, 6L << 30));
		get(this.driver.other(IoOperation.WRITE_ZEROES | IoOperation.FLAG_NOUNMAP, 0, 512));
		get(this.driver.other(IoOperation.FLUSH, -512, 0));
		assertThat(seen).containsExactly((1L << 40) + "+" + (5L << 30), "true " + (1L << 41) + "+" + (6L << 30),
				"false 0+512", "flush 0+0");
	}

	@Test
	void operationTheEngineDoesNotKnowIsRefused() throws Exception {
		serve((read) -> Mono.empty());
		assertFails(this.driver.other(15, 0, 4096), BlockErrno.EOPNOTSUPP);
	}

	@Test
	void completionOnAnotherThreadIsHandedOver() throws Exception {
		serve((read) -> Mono.<Void>empty().publishOn(Schedulers.parallel()));
		for (int i = 0; i < 100; i++) {
			get(this.driver.read(0, 512));
		}
		assertThat(queue().snapshot().handovers()).isEqualTo(100);
		assertThat(queue().snapshot().wakeUps()).isEqualTo(this.driver.wakeUps()).isLessThanOrEqualTo(100);
	}

	@Test
	void completionOnTheQueueThreadNeedsNoHandover() throws Exception {
		serve((read) -> Mono.empty());
		for (int i = 0; i < 100; i++) {
			get(this.driver.read(0, 512));
		}
		assertThat(queue().snapshot().handovers()).isZero();
		assertThat(this.driver.wakeUps()).isZero();
	}

	@Test
	void handlerIsCalledOnTheThreadOfTheQueue() throws Exception {
		AtomicReference<String> name = new AtomicReference<>();
		serve((read) -> Mono.fromRunnable(() -> name.set(Thread.currentThread().getName())));
		get(this.driver.read(0, 512));
		assertThat(name.get()).isEqualTo("ublk-test-0");
	}

	@Test
	void requestsMayBeCompletedInReversedOrder() throws Exception {
		List<Sinks.Empty<Void>> pending = new ArrayList<>();
		CountDownLatch arrived = new CountDownLatch(4);
		serve((read) -> {
			Sinks.Empty<Void> sink = Sinks.empty();
			pending.add(sink);
			arrived.countDown();
			return sink.asMono();
		});
		List<CompletableFuture<byte[]>> reads = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			reads.add(this.driver.read(i * 512L, 512));
		}
		arrived.await();
		for (int i = 3; i >= 0; i--) {
			assertThat(reads.get(i)).isNotDone();
			pending.get(i).tryEmitEmpty();
			get(reads.get(i));
		}
	}

	@Test
	void noMoreRequestsThanTagsAreInFlight() throws Exception {
		AtomicInteger inFlight = new AtomicInteger();
		AtomicInteger most = new AtomicInteger();
		serve((read) -> {
			most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
			return Mono.delay(Duration.ofMillis(1)).then(Mono.fromRunnable(inFlight::decrementAndGet));
		});
		List<CompletableFuture<byte[]>> reads = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			reads.add(this.driver.read(0, 512));
		}
		for (CompletableFuture<byte[]> read : reads) {
			get(read);
		}
		assertThat(most.get()).isEqualTo(4);
	}

	@Test
	void errorsReachTheKernelAsErrno() throws Exception {
		Queue<Throwable> errors = new Queue<>(new BlockIoException(BlockErrno.ENOSPC, "full"), new TimeoutException(),
				new IOException("disk"), new IllegalStateException("bug"), new OutOfMemoryError("test"));
		serve((read) -> Mono.error(errors.next()));
		assertFails(this.driver.read(0, 512), BlockErrno.ENOSPC);
		assertFails(this.driver.read(0, 512), BlockErrno.ETIMEDOUT);
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		assertFails(this.driver.read(0, 512), BlockErrno.ENOMEM);
		assertThat(queue().snapshot().errors()).isEqualTo(5);
	}

	@Test
	void handlerThatThrowsFailsTheRequestAlone() throws Exception {
		AtomicBoolean first = new AtomicBoolean(true);
		serve((read) -> {
			if (first.getAndSet(false)) {
				throw new StackOverflowError("test");
			}
			return Mono.empty();
		});
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		get(this.driver.read(0, 512));
	}

	@Test
	@SuppressWarnings("NullAway") // what the test is about
	void handlerThatReturnsNullFailsTheRequestAlone() throws Exception {
		AtomicBoolean first = new AtomicBoolean(true);
		serve((read) -> first.getAndSet(false) ? null : Mono.empty());
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		get(this.driver.read(0, 512));
	}

	@Test
	void monoThatFailsInACallableFailsTheRequest() throws Exception {
		serve((read) -> Mono.fromCallable(() -> {
			throw new IOException("blocking call");
		}));
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
	}

	@Test
	void publisherThatSignalsTwiceCompletesTheRequestOnce() throws Exception {
		serve((read) -> new Mono<>() {
			@Override
			public void subscribe(CoreSubscriber<? super Void> subscriber) {
				subscriber.onSubscribe(reactor.core.publisher.Operators.emptySubscription());
				subscriber.onComplete();
				subscriber.onComplete();
				subscriber.onError(new IllegalStateException("after completion"));
			}
		});
		for (int i = 0; i < 20; i++) {
			get(this.driver.read(0, 512));
		}
	}

	@Test
	void requestThatIsNeverAnsweredFailsWhenTheDeviceIsToldToStop() throws Exception {
		AtomicBoolean cancelled = new AtomicBoolean();
		serve((read) -> Mono.<Void>never().doOnCancel(() -> cancelled.set(true)));
		CompletableFuture<byte[]> read = this.driver.read(0, 512);
		assertThatThrownBy(() -> read.get(100, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
		queue().failEverything();
		assertFails(read, BlockErrno.EIO);
		assertThat(cancelled).isTrue();
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
	}

	@Test
	void lateAnswerToACancelledRequestIsIgnored() throws Exception {
		AtomicReference<CoreSubscriber<? super Void>> late = new AtomicReference<>();
		serve((read) -> new Mono<>() {
			@Override
			public void subscribe(CoreSubscriber<? super Void> subscriber) {
				late.set(subscriber);
				subscriber.onSubscribe(new DeafSubscription());
			}
		});
		CompletableFuture<byte[]> read = this.driver.read(0, 512);
		Awaitility.await().until(() -> late.get() != null);
		queue().failEverything();
		assertFails(read, BlockErrno.EIO);
		Objects.requireNonNull(late.get()).onComplete();
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
	}

	@Test
	void writeThatWasCancelledKeepsItsDataWhileItsStorageStillReadsIt() throws Exception {
		AtomicReference<ByteBuffer> kept = new AtomicReference<>();
		start(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				kept.set(write.buffer());
				return Mono.never();
			}
		});
		CompletableFuture<byte[]> first = this.driver.write(0, filled(512, 1), 0);
		Awaitility.await().until(() -> kept.get() != null);
		queue().failEverything();
		assertFails(first, BlockErrno.EIO);
		for (int i = 0; i < 8; i++) {
			assertFails(this.driver.write(0, filled(512, 2), 0), BlockErrno.EIO);
		}
		assertThat(Objects.requireNonNull(kept.get()).get(0)).isEqualTo((byte) 1);
	}

	@Test
	void exceptionThatCannotBePrintedFailsTheRequestAlone() throws Exception {
		serve((read) -> {
			throw new IllegalStateException() {
				private static final long serialVersionUID = 1L;

				@Override
				public String getMessage() {
					throw new IllegalArgumentException("test");
				}
			};
		});
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		assertThat(queue().isDead()).isFalse();
	}

	@Test
	void cancelHookThatThrowsDoesNotEndTheQueue() throws Exception {
		serve((read) -> Mono.create((sink) -> sink.onCancel(() -> {
			throw new IllegalStateException("test");
		})));
		CompletableFuture<byte[]> first = this.driver.read(0, 512);
		Awaitility.await().until(() -> queue().snapshot().inFlight() == 1);
		queue().failEverything();
		assertFails(first, BlockErrno.EIO);
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		assertThat(queue().isDead()).isFalse();
	}

	@Test
	void handlerThatBlocksTheQueueThreadIsToldThatItMustNot() throws Exception {
		serve((read) -> {
			Mono.delay(Duration.ofMillis(1)).block();
			return Mono.empty();
		});
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
	}

	@Test
	void unfilledPartOfAReadIsZeroAndNotOlderData() throws Exception {
		start(new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				read.buffer().put(0, (byte) 1);
				return Mono.empty();
			}

			@Override
			public Mono<Void> write(WriteRequest write) {
				return Mono.empty();
			}
		});
		for (int i = 0; i < 8; i++) {
			get(this.driver.write(0, filled(8192, 9), 0));
		}
		byte[] expected = new byte[8192];
		expected[0] = 1;
		for (int i = 0; i < 8; i++) {
			assertThat(get(this.driver.read(0, 8192))).isEqualTo(expected);
		}
	}

	@Test
	void bufferOfAHandlerThatFillsItsReadsIsNotCleared() throws Exception {
		List<Byte> found = new ArrayList<>();
		start(new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				found.add(read.buffer().get(100));
				return Mono.empty();
			}

			@Override
			public Mono<Void> write(WriteRequest write) {
				return Mono.empty();
			}

			@Override
			public boolean fillsReadBuffers() {
				return true;
			}
		});
		get(this.driver.write(0, filled(512, 9), 0));
		get(this.driver.read(0, 512));
		assertThat(found).containsExactly((byte) 9);
	}

	@Test
	void bufferIsPreparedAnewForEveryRequest() throws Exception {
		List<ByteBuffer> buffers = new ArrayList<>();
		serve((read) -> {
			assertThat(read.buffer().position()).isZero();
			assertThat(read.buffer().limit()).isEqualTo((int) read.length());
			assertThat(read.buffer().order()).isEqualTo(java.nio.ByteOrder.BIG_ENDIAN);
			buffers.add(read.buffer());
			read.buffer().position(17).limit(30).order(java.nio.ByteOrder.LITTLE_ENDIAN);
			return Mono.empty();
		});
		for (int i = 1; i <= 16; i++) {
			get(this.driver.read(0, i * 512));
		}
		assertThat(buffers).hasSize(16);
	}

	@Test
	void finishedRequestFailsLoudlyAlsoWhenItsTagServesAnother() throws Exception {
		List<ReadRequest> kept = new ArrayList<>();
		serve((read) -> {
			kept.add(read);
			return Mono.empty();
		});
		for (int i = 0; i < RequestPool.QUARANTINE; i++) {
			get(this.driver.read(0, 512));
		}
		for (ReadRequest stale : kept) {
			assertThatIllegalStateException().isThrownBy(stale::buffer).withMessageContaining("after its completion");
			assertThatIllegalStateException().isThrownBy(stale::offset);
			assertThatIllegalStateException().isThrownBy(stale::complete);
		}
	}

	@Test
	void handlerMustNotCompleteARequestByHand() throws Exception {
		serve((read) -> {
			read.complete();
			return Mono.empty();
		});
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
	}

	@Test
	void queueThatCannotOpenItsTransportReportsWhy() {
		BlockQueue broken = BlockQueue.forHandler("test", 0, 4, (index) -> {
			throw new IllegalArgumentException("no ring today");
		}, this.driver.dataPath(), (read) -> Mono.empty(), this::failed);
		assertThatIllegalStateException().isThrownBy(() -> broken.start(PATIENCE))
			.withMessageContaining("Queue 0 of disk 'test'")
			.withMessageContaining("no ring today");
		assertThat(broken.awaitEnd(PATIENCE)).isTrue();
	}

	@Test
	void abortWithAnUnexpectedErrorIsReported() throws Exception {
		DriverDouble broken = new DriverDouble(1, 4096) {
			@Override
			public void poll(Events events) {
				events.aborted(0, 22);
			}
		};
		BlockQueue dying = BlockQueue.forHandler("test", 0, 1, broken, broken.dataPath(), (read) -> Mono.empty(),
				this::failed);
		dying.start(PATIENCE);
		assertThat(dying.awaitEnd(PATIENCE)).isTrue();
		assertThat(this.failures).hasSize(1);
		assertThat(this.failures.get(0)).contains("tag 0").contains("EINVAL");
	}

	@Test
	void transportThatBreaksEndsTheQueueWithAReport() {
		AtomicBoolean broken = new AtomicBoolean();
		DriverDouble breaking = new DriverDouble(1, 4096) {
			@Override
			public void poll(Events events) {
				if (broken.getAndSet(true)) {
					throw new IllegalStateException("ring is broken");
				}
			}

			@Override
			public synchronized void exchange(boolean wait) {
				super.exchange(false);
			}
		};
		BlockQueue dying = BlockQueue.forHandler("test", 0, 1, breaking, breaking.dataPath(), (read) -> Mono.empty(),
				this::failed);
		dying.start(PATIENCE);
		assertThat(dying.awaitEnd(PATIENCE)).isTrue();
		assertThat(dying.snapshot().alive()).isFalse();
		assertThat(dying.isDead()).isTrue();
		assertThat(this.failures).singleElement().asString().contains("ring is broken");
	}

	@Test
	void terminateEndsTheLoopWithoutTheDriver() throws Exception {
		serve((read) -> Mono.never());
		CompletableFuture<byte[]> read = this.driver.read(0, 512);
		Awaitility.await().until(() -> queue().snapshot().inFlight() == 1);
		queue().terminate();
		assertThat(queue().awaitEnd(PATIENCE)).isTrue();
		assertFails(read, BlockErrno.EIO);
	}

	@Test
	void completionsRacingWithFailEverythingEndEachRequestOnce() throws Exception {
		ConcurrentLinkedQueue<Sinks.Empty<Void>> pending = new ConcurrentLinkedQueue<>();
		for (int round = 0; round < 200; round++) {
			DriverDouble racing = new DriverDouble(4, 4096);
			BlockQueue racer = BlockQueue.forHandler("race", 0, 4, racing, racing.dataPath(), (read) -> {
				Sinks.Empty<Void> sink = Sinks.empty();
				pending.add(sink);
				return sink.asMono();
			}, this::failed);
			racer.start(PATIENCE);
			List<CompletableFuture<byte[]>> reads = new ArrayList<>();
			for (int i = 0; i < 4; i++) {
				reads.add(racing.read(0, 512));
			}
			Awaitility.await().pollInterval(Duration.ofMillis(1)).until(() -> pending.size() == 4);
			Thread other = new Thread(() -> pending.forEach(Sinks.Empty::tryEmitEmpty));
			other.start();
			racer.failEverything();
			racing.stop();
			other.join();
			assertThat(racer.awaitEnd(PATIENCE)).isTrue();
			for (CompletableFuture<byte[]> read : reads) {
				assertThat(read).isDone();
			}
			assertThat(racer.snapshot().inFlight()).isZero();
			pending.clear();
		}
	}

	private void serve(Function<ReadRequest, Mono<Void>> read) {
		start(read::apply);
	}

	private static final class DeafSubscription implements Subscription {

		@Override
		public void request(long n) {
			// a publisher that goes on after a cancel
		}

		@Override
		public void cancel() {
			// a publisher that goes on after a cancel
		}

	}

	private static final class Queue<T> {

		private final ConcurrentLinkedQueue<T> items = new ConcurrentLinkedQueue<>();

		@SafeVarargs
		@SuppressWarnings("varargs")
		Queue(T... items) {
			this.items.addAll(List.of(items));
		}

		T next() {
			return this.items.remove();
		}

	}

}
