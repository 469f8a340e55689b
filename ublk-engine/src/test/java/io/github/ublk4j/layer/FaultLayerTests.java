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

package io.github.ublk4j.layer;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.BlockStoreHandler;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import static io.github.ublk4j.layer.TestBytes.bytes;
import static io.github.ublk4j.layer.TestBytes.errno;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The layers that make storage slow, small, read-only or bad.
 */
class FaultLayerTests {

	private static final int SIZE = 1 << 20;

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final RecordingStore below = new RecordingStore(SIZE);

	@Test
	void windowMovesEveryRequestAndKeepsThoseBeyondItsEndsOut() {
		WindowStore window = new WindowStore(this.below, 4096, 8192);
		assertThat(window.size()).isEqualTo(8192);
		window.write(0, bytes(512, 7)).block();
		window.read(512, ByteBuffer.allocate(512)).block();
		window.discard(4096, 4096).block();
		window.writeZeroes(1024, 512, true).block();
		window.flush().block();
		assertThat(this.below.journal()).containsExactly("WRITE 4096+512", "READ 4608+512", "DISCARD 8192+4096",
				"WRITE_ZEROES 5120+512", "FLUSH");
		for (Mono<Void> outside : List.of(window.write(8192, bytes(512, 1)), window.read(7680, bytes(1024, 0)),
				window.discard(-512, 512), window.writeZeroes(512, Long.MAX_VALUE, true))) {
			StepVerifier.create(outside).verifyErrorSatisfies(FaultLayerTests::isInvalid);
		}
		assertThat(this.below.journal()).hasSize(5);
	}

	private static void isInvalid(Throwable failure) {
		assertThat(BlockIoException.errnoOf(failure)).isEqualTo(BlockErrno.EINVAL);
	}

	@Test
	void windowThatDoesNotFitIsRefused() {
		assertThat(new WindowStore(this.below, 4096, 0).size()).isEqualTo(SIZE - 4096);
		assertThatExceptionOfType(InvalidLayerException.class).isThrownBy(() -> new WindowStore(this.below, SIZE, 0))
			.withMessage("offset is 1048576. Use 0 to 1048575, inside the store below.");
		assertThatExceptionOfType(InvalidLayerException.class).isThrownBy(() -> new WindowStore(this.below, 512, SIZE))
			.satisfies((ex) -> assertThat(ex.option()).isEqualTo("length"));
	}

	@Test
	void readOnlyLetsNothingButReadsThrough() {
		ReadOnlyStore store = new ReadOnlyStore(this.below);
		assertThat(store.operations()).containsExactly(BlockOperation.READ);
		for (Mono<Void> change : List.of(store.write(0, bytes(512, 1)), store.flush(), store.discard(0, 512),
				store.writeZeroes(0, 512, false))) {
			StepVerifier.create(change)
				.verifyErrorSatisfies(
						(ex) -> assertThat(BlockIoException.errnoOf(ex)).isEqualTo(BlockErrno.EOPNOTSUPP));
		}
		store.read(0, ByteBuffer.allocate(512)).block();
		assertThat(this.below.journal()).containsExactly("READ 0+512");
	}

	@Test
	void layersAnswerForTheStoreBelowAndCloseIt() {
		this.below.supports(BlockOperation.READ, BlockOperation.DISCARD);
		BlockStore store = new PauseStore(new ErrorStore(new DelayStore(this.below)));
		assertThat(store.size()).isEqualTo(SIZE);
		assertThat(store.operations()).containsExactlyInAnyOrder(BlockOperation.READ, BlockOperation.DISCARD);
		assertThat(store.fillsReadBuffers()).isTrue();
		assertThat(store.handler()).isInstanceOf(BlockStoreHandler.class);
		store.close();
		assertThat(this.below.isClosed()).isTrue();
	}

	@Test
	void delayIsThatOfTheOperationAndCanBeTakenAway() {
		StepVerifier.withVirtualTime(() -> {
			DelayStore store = new DelayStore(this.below).delay(BlockOperation.WRITE, Duration.ofSeconds(5));
			return store.read(0, ByteBuffer.allocate(512))
				.then(Mono.defer(() -> store.write(0, bytes(512, 1))))
				.then(Mono.defer(() -> store.delay(BlockOperation.WRITE, Duration.ZERO).write(0, bytes(512, 2))));
		})
			.expectSubscription()
			.expectNoEvent(Duration.ofMillis(4900))
			.thenAwait(Duration.ofMillis(100))
			.expectComplete()
			.verify(PATIENCE);
		assertThat(this.below.journal()).containsExactly("READ 0+512", "WRITE 0+512", "WRITE 0+512");
	}

	@Test
	void negativeDelayIsRefused() {
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new DelayStore(this.below).delay(BlockOperation.WRITE_ZEROES, Duration.ofSeconds(-1)))
			.withMessage("writeZeroes is PT-1S. Use 0 to 1d, such as 5ms.");
	}

	@Test
	void errorsComeInTheRangeOfTheRuleOnly() {
		ErrorStore store = new ErrorStore(this.below).rule(new FaultRule(
				EnumSet.of(BlockOperation.READ, BlockOperation.FLUSH), 4096, 4096, 1, BlockErrno.ENODATA, 0));
		assertThat(errno(store.read(4096 - 512, ByteBuffer.allocate(1024)))).isEqualTo(BlockErrno.ENODATA);
		assertThat(errno(store.read(8191, ByteBuffer.allocate(1)))).isEqualTo(BlockErrno.ENODATA);
		assertThat(errno(store.flush())).isEqualTo(BlockErrno.ENODATA);
		assertThat(store.injected()).isEqualTo(3);
		assertThat(this.below.journal()).isEmpty();
		store.read(0, ByteBuffer.allocate(4096)).block();
		store.read(8192, ByteBuffer.allocate(4096)).block();
		store.write(4096, bytes(512, 1)).block();
		store.rule(FaultRule.NONE).read(4096, ByteBuffer.allocate(512)).block();
		assertThat(this.below.journal()).hasSize(4);
	}

	@Test
	void sameSeedFailsTheSameRequestsAtTheRateAskedFor() {
		List<Integer> first = failures(42);
		assertThat(first).isEqualTo(failures(42)).isNotEqualTo(failures(43)).hasSizeBetween(150, 250);
	}

	private List<Integer> failures(long seed) {
		ErrorStore store = new ErrorStore(this.below)
			.rule(new FaultRule(EnumSet.of(BlockOperation.READ), 0, 0, 0.2, BlockErrno.EIO, seed));
		List<Integer> failed = new ArrayList<>();
		for (int i = 0; i < 1000; i++) {
			if (errno(store.read(0, ByteBuffer.allocate(512))) != null) {
				failed.add(i);
			}
		}
		return failed;
	}

	@Test
	void ruleOutOfBoundsIsRefused() {
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new FaultRule(EnumSet.of(BlockOperation.READ), 0, 0, 1.5, BlockErrno.EIO, 0))
			.withMessage("rate is 1.5. Use 0 for no request to 1 for every one, such as 0.01.");
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> FaultRule.every(EnumSet.noneOf(BlockOperation.class)))
			.satisfies((ex) -> assertThat(ex.option()).isEqualTo("operations"));
	}

	@Test
	void pauseHoldsRequestsUntilItIsResumed() {
		PauseStore store = new PauseStore(this.below);
		store.pause();
		AtomicLong ended = new AtomicLong();
		store.write(0, bytes(512, 1)).doOnTerminate(ended::incrementAndGet).subscribe();
		store.flush().doOnTerminate(ended::incrementAndGet).subscribe();
		assertThat(store.isPaused()).isTrue();
		assertThat(this.below.journal()).isEmpty();
		store.resume();
		assertThat(ended).hasValue(2);
		assertThat(this.below.journal()).containsExactly("WRITE 0+512", "FLUSH");
		assertThat(store.isPaused()).isFalse();
	}

	@Test
	void whatIsPausedFailsWhenTheLayerIsClosed() {
		PauseStore store = new PauseStore(this.below);
		store.pause();
		Mono<Void> write = store.write(0, bytes(512, 1)).cache();
		Disposable waiting = write.onErrorComplete().subscribe();
		store.close();
		assertThat(waiting.isDisposed()).isTrue();
		assertThat(errno(write)).isEqualTo(BlockErrno.EIO);
		assertThat(this.below.journal()).isEmpty();
	}

	@Test
	void bucketGivesTheBurstAtOnceAndThenTheRate() {
		AtomicLong now = new AtomicLong(-77);
		TokenBucket bucket = new TokenBucket(1000, Duration.ofMillis(100), now::get);
		assertThat(bucket.reserve(100)).isEqualTo(-100_000_000);
		assertThat(bucket.reserve(50)).isZero();
		assertThat(bucket.reserve(1)).isEqualTo(50_000_000);
		now.addAndGet(51_000_000);
		assertThat(bucket.reserve(1)).isZero();
		// the credit does not grow beyond the burst
		now.addAndGet(Duration.ofHours(1).toNanos());
		assertThat(bucket.reserve(100)).isEqualTo(-100_000_000);
		assertThat(bucket.reserve(1)).isZero();
	}

	@Test
	void bucketOutlivesRequestsThatWouldTakeForEver() {
		TokenBucket bucket = new TokenBucket(1, Duration.ZERO, () -> 0);
		for (int i = 0; i < 100; i++) {
			assertThat(bucket.reserve(Long.MAX_VALUE)).isBetween(0L, Duration.ofDays(366).toNanos());
		}
	}

	@Test
	void limitLetsRequestsWaitForTheirTurn() {
		StepVerifier.withVirtualTime(() -> {
			// a clock of its own, since virtual time does not move the system's
			AtomicLong clock = new AtomicLong();
			RateLimitStore store = new RateLimitStore(this.below, new RateLimit(1024, 0, Duration.ZERO), clock::get);
			return Mono.when(store.write(0, bytes(1024, 1)), store.discard(0, 512), store.read(0, bytes(2048, 0)),
					store.write(0, bytes(512, 2)));
		})
			.expectSubscription()
			.then(() -> assertThat(this.below.journal()).containsExactly("WRITE 0+1024", "DISCARD 0+512"))
			.expectNoEvent(Duration.ofSeconds(1))
			.then(() -> assertThat(this.below.journal()).endsWith("READ 0+2048").hasSize(3))
			.thenAwait(Duration.ofSeconds(2))
			.expectComplete()
			.verify(PATIENCE);
		assertThat(this.below.journal()).endsWith("WRITE 0+512");
	}

	@Test
	void requestsThatWaitAreMeasuredByTheNewLimit() {
		RateLimitStore store = new RateLimitStore(this.below, new RateLimit(0, 1, Duration.ZERO), () -> 0);
		store.flush().block();
		Mono<Void> second = store.flush();
		AtomicLong ended = new AtomicLong();
		second.doOnTerminate(ended::incrementAndGet).subscribe();
		assertThat(ended).hasValue(0);
		store.limit(RateLimit.NONE);
		assertThat(ended).hasValue(1);
		assertThat(store.limit()).isEqualTo(RateLimit.NONE);
	}

}
