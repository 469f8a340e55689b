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
import java.util.List;
import java.util.concurrent.CompletableFuture;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

import static io.github.ublk4j.layer.TestBytes.bytes;
import static io.github.ublk4j.layer.TestBytes.errno;
import static io.github.ublk4j.layer.TestBytes.read;
import static io.github.ublk4j.layer.TestBytes.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The layers that wait, try again and look on, and what orders requests.
 */
class PatientLayerTests {

	private final RecordingStore below = new RecordingStore(1 << 20);

	private RetryStore retry(int attempts) {
		return new RetryStore(this.below, attempts, Duration.ofMillis(1), Duration.ofMillis(5));
	}

	@Test
	void failedRequestsAreTriedAgainWithTheWholeBuffer() {
		this.below.failNext(BlockOperation.WRITE, 2, BlockErrno.EIO);
		write(retry(2), 0, 512, 7);
		assertThat(this.below.journal()).containsExactly("WRITE 0+512", "WRITE 0+512", "WRITE 0+512");
		assertThat(this.below.content(0, 512)).containsOnly(7);
		this.below.failNext(BlockOperation.READ, 1, BlockErrno.ETIMEDOUT);
		assertThat(read(retry(1), 0, 512)).containsOnly(7);
		this.below.failNext(BlockOperation.DISCARD, 1, BlockErrno.ENOLINK);
		assertThat(errno(retry(1).discard(0, 512))).isNull();
		this.below.failNext(BlockOperation.WRITE_ZEROES, 1, BlockErrno.EIO);
		assertThat(errno(retry(1).writeZeroes(0, 512, true))).isNull();
	}

	@Test
	void lastErrorIsThatOfTheStore() {
		this.below.failNext(BlockOperation.WRITE, 3, BlockErrno.EREMOTEIO);
		assertThat(errno(retry(2).write(0, bytes(512, 7)))).isEqualTo(BlockErrno.EREMOTEIO);
		assertThat(this.below.journal()).hasSize(3);
	}

	@Test
	void errorsThatStayAndThoseOfFlushesAreNotTriedAgain() {
		this.below.failNext(BlockOperation.WRITE, 1, BlockErrno.ENOSPC);
		assertThat(errno(retry(5).write(0, bytes(512, 7)))).isEqualTo(BlockErrno.ENOSPC);
		this.below.failNext(BlockOperation.FLUSH, 1, BlockErrno.EIO);
		assertThat(errno(retry(5).flush())).isEqualTo(BlockErrno.EIO);
		assertThat(this.below.journal()).containsExactly("WRITE 0+512", "FLUSH");
	}

	@Test
	void optionsOfRetryAndTimeoutAreChecked() {
		assertThatExceptionOfType(InvalidLayerException.class).isThrownBy(() -> retry(0))
			.satisfies((ex) -> assertThat(ex.option()).isEqualTo("attempts"));
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new RetryStore(this.below, 1, Duration.ofSeconds(2), Duration.ofSeconds(1)))
			.satisfies((ex) -> assertThat(ex.option()).isEqualTo("maxBackoff"));
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new TimeoutStore(this.below, Duration.ZERO))
			.withMessage("after is PT0S. Use more than 0, such as 10s.");
	}

	@Test
	void requestsInTimeGoThrough() {
		TimeoutStore store = new TimeoutStore(this.below, TestBytes.PATIENCE);
		write(store, 512, 1024, 7);
		assertThat(read(store, 512, 1024)).containsOnly(7);
		store.writeZeroes(512, 512, true).block();
		store.discard(1024, 512).block();
		store.flush().block();
		assertThat(read(store, 512, 1024)).containsOnly(0);
	}

	@Test
	void lateReadDoesNotTouchTheBuffer() {
		write(this.below, 0, 512, 7);
		this.below.hold(BlockOperation.READ);
		TimeoutStore store = new TimeoutStore(this.below, Duration.ofMillis(20));
		byte[] buffer = bytes(512, 1).array();
		assertThat(errno(store.read(0, ByteBuffer.wrap(buffer)))).isEqualTo(BlockErrno.ETIMEDOUT);
		this.below.release();
		assertThat(buffer).containsOnly(1);
	}

	@Test
	void lateWriteHasTheDataOfItsTimeAndNeverLandsOnLaterData() {
		TimeoutStore store = new TimeoutStore(this.below, Duration.ofMillis(50));
		this.below.hold(BlockOperation.WRITE);
		ByteBuffer buffer = bytes(1024, 1);
		assertThat(errno(store.write(0, buffer))).isEqualTo(BlockErrno.ETIMEDOUT);
		// the engine has the buffer back, and uses it for something else
		buffer.put(0, bytes(1024, 99), 0, 1024);
		// it waits for the first, in vain, and must not begin any more
		assertThat(errno(store.write(512, bytes(512, 2)))).isEqualTo(BlockErrno.ETIMEDOUT);
		CompletableFuture<Void> third = store.write(512, bytes(512, 3)).toFuture();
		this.below.release();
		assertThat(third).succeedsWithin(TestBytes.PATIENCE);
		assertThat(this.below.journal()).containsExactly("WRITE 0+1024", "WRITE 512+512");
		assertThat(this.below.content(0, 512)).containsOnly(1);
		assertThat(this.below.content(512, 512)).containsOnly(3);
	}

	@Test
	void readWaitsForLateWriteAndCountsThatInItsOwnTime() {
		TimeoutStore store = new TimeoutStore(this.below, Duration.ofMillis(250));
		this.below.hold(BlockOperation.WRITE);
		assertThat(errno(store.write(0, bytes(1024, 1)))).isEqualTo(BlockErrno.ETIMEDOUT);
		assertThat(read(store, 1024, 512)).containsOnly(0);
		assertThat(errno(store.read(512, bytes(1024, 0)))).isEqualTo(BlockErrno.ETIMEDOUT);
		ByteBuffer third = ByteBuffer.allocate(1024);
		CompletableFuture<Void> reading = store.read(0, third).toFuture();
		this.below.release();
		assertThat(reading).succeedsWithin(TestBytes.PATIENCE);
		assertThat(third.array()).containsOnly(1);
		assertThat(this.below.journal()).as("the read that was too late has not begun")
			.containsExactly("WRITE 0+1024", "READ 1024+512", "READ 0+1024");
	}

	@Test
	void writeDoesNotWaitForLateRead() {
		TimeoutStore store = new TimeoutStore(this.below, Duration.ofMillis(250));
		this.below.hold(BlockOperation.READ);
		assertThat(errno(store.read(0, bytes(512, 0)))).isEqualTo(BlockErrno.ETIMEDOUT);
		write(store, 0, 512, 7);
		assertThat(this.below.content(0, 512)).containsOnly(7);
	}

	@Test
	void requestsAreNotTriedWhileTooManyAreLate() {
		TimeoutStore store = new TimeoutStore(this.below, Duration.ofMillis(250));
		this.below.hold(BlockOperation.WRITE);
		List<CompletableFuture<Void>> late = new ArrayList<>();
		for (int i = 0; i < TimeoutStore.MOST_LATE; i++) {
			late.add(store.write(i / 2 * 512L, bytes(512, 1)).toFuture());
		}
		late.forEach((write) -> assertThat(errno(Mono.fromFuture(write))).isEqualTo(BlockErrno.ETIMEDOUT));
		int tried = this.below.journal().size();

		for (Mono<Void> request : List.of(store.read(1 << 19, bytes(512, 0)), store.write(1 << 19, bytes(512, 0)),
				store.flush(), store.discard(1 << 19, 512))) {
			StepVerifier.create(request)
				.expectErrorSatisfies((failure) -> assertThat(failure).hasMessageContaining("was not tried"))
				.verify(TestBytes.PATIENCE);
		}
		assertThat(this.below.journal()).hasSize(tried);

		this.below.release();
		write(store, 1 << 19, 512, 7);
		assertThat(read(store, 1 << 19, 512)).containsOnly(7);
	}

	@Test
	void requestsThatAreCancelledAreLateToo() {
		TimeoutStore store = new TimeoutStore(this.below, TestBytes.PATIENCE);
		this.below.hold(BlockOperation.FLUSH);
		for (int i = 0; i < TimeoutStore.MOST_LATE; i++) {
			store.flush().subscribe().dispose();
		}
		int tried = this.below.journal().size();
		assertThat(errno(store.flush())).isEqualTo(BlockErrno.ETIMEDOUT);
		assertThat(this.below.journal()).hasSize(tried);
		this.below.release();
		assertThat(errno(store.flush())).isNull();
	}

	@Test
	void lateWriteBelowChecksumsIsNoFalseAlarm() {
		ChecksumStore store = new ChecksumStore(new TimeoutStore(this.below, Duration.ofMillis(250)), "test", 512);
		write(store, 0, 512, 1);
		this.below.hold(BlockOperation.WRITE);
		assertThat(errno(store.write(0, bytes(512, 2)))).isEqualTo(BlockErrno.ETIMEDOUT);
		assertThat(errno(store.read(0, bytes(512, 0)))).isEqualTo(BlockErrno.ETIMEDOUT);
		this.below.release();
		assertThat(read(store, 0, 512)).containsOnly(2);
		assertThat(store.mismatches()).isZero();
	}

	@Test
	void lateWriteBelowReadaheadIsRead() {
		ReadaheadStore store = new ReadaheadStore(new TimeoutStore(this.below, Duration.ofMillis(250)), 16384, 16384,
				4096);
		this.below.hold(BlockOperation.WRITE);
		assertThat(errno(store.write(8192, bytes(4096, 7)))).isEqualTo(BlockErrno.ETIMEDOUT);
		read(store, 0, 4096);
		read(store, 4096, 4096);
		this.below.release();
		assertThat(read(store, 8192, 4096)).containsOnly(7);
		store.close();
	}

	@Test
	void requestsAreCountedWithTheirBytesErrorsAndTimes() {
		StatsStore store = new StatsStore(this.below);
		write(store, 0, 512, 1);
		write(store, 0, 1024, 1);
		this.below.failNext(BlockOperation.WRITE, 1, BlockErrno.EIO);
		errno(store.write(0, bytes(512, 1)));
		this.below.hold(BlockOperation.READ);
		store.read(0, bytes(512, 0)).subscribe().dispose();
		assertThat(store.statistics().get(BlockOperation.WRITE)).extracting("requests", "errors", "cancelled", "bytes")
			.containsExactly(3L, 1L, 0L, 1536L);
		assertThat(store.statistics().get(BlockOperation.READ)).extracting("requests", "errors", "cancelled", "bytes")
			.containsExactly(1L, 0L, 1L, 0L);
		assertThat(store.statistics().get(BlockOperation.WRITE)).satisfies((counted) -> {
			assertThat(counted.longestTime()).isPositive();
			assertThat(counted.totalTime()).isGreaterThanOrEqualTo(counted.longestTime());
		});
		assertThat(store.statistics().get(BlockOperation.FLUSH)).extracting("requests").isEqualTo(0L);
	}

	@Test
	void requestsAreLoggedWhenTheyHaveEnded() {
		Logger logger = (Logger) LoggerFactory.getLogger(LogStore.class);
		ListAppender<ILoggingEvent> lines = new ListAppender<>();
		lines.start();
		logger.addAppender(lines);
		try {
			LogStore store = new LogStore(this.below, "ram", Level.INFO);
			write(store, 512, 1024, 1);
			this.below.failNext(BlockOperation.FLUSH, 1, BlockErrno.EIO);
			errno(store.flush());
			errno(new LogStore(this.below, "off", Level.TRACE).flush());
			assertThat(lines.list).extracting(ILoggingEvent::getFormattedMessage)
				.satisfiesExactly(
						(line) -> assertThat(line).matches("ram: WRITE of 1024 bytes at offset 512, \\d+ us, done"),
						(line) -> assertThat(line).contains("ram: FLUSH", "failed", "FLUSH fails"));
		}
		finally {
			logger.detachAppender(lines);
		}
	}

	@Test
	void exclusiveClaimsWaitForWhatOverlapsThemAndForNothingElse() {
		RangeLock lock = new RangeLock();
		List<String> begun = new ArrayList<>();
		Sinks.Empty<Void> first = Sinks.empty();
		Sinks.Empty<Void> second = Sinks.empty();
		lock.shared(0, 10, () -> begin(begun, "shared 1", first.asMono())).subscribe();
		lock.shared(5, 10, () -> begin(begun, "shared 2", second.asMono())).subscribe();
		lock.exclusive(8, 4, () -> begin(begun, "exclusive", Mono.empty())).subscribe();
		lock.shared(9, 1, () -> begin(begun, "shared 3", Mono.empty())).subscribe();
		lock.exclusive(15, 5, () -> begin(begun, "elsewhere", Mono.empty())).subscribe();
		assertThat(begun).containsExactly("shared 1", "shared 2", "elsewhere");
		second.tryEmitEmpty();
		assertThat(begun).hasSize(3);
		first.tryEmitEmpty();
		assertThat(begun).endsWith("exclusive", "shared 3");
	}

	@Test
	void claimOfCancelledRequestIsHeldUntilItsWorkEnds() {
		RangeLock lock = new RangeLock();
		List<String> begun = new ArrayList<>();
		Sinks.Empty<Void> work = Sinks.empty();
		lock.exclusive(0, 1, () -> begin(begun, "cancelled", work.asMono())).subscribe().dispose();
		lock.exclusive(0, 1, () -> begin(begun, "next", Mono.empty())).subscribe();
		assertThat(begun).containsExactly("cancelled");
		work.tryEmitError(new IllegalStateException("late"));
		assertThat(begun).containsExactly("cancelled", "next");
	}

	@Test
	void longLineOfClaimsNeedsNoDeepStack() {
		RangeLock lock = new RangeLock();
		Sinks.Empty<Void> work = Sinks.empty();
		lock.exclusive(0, 1, work::asMono).subscribe();
		List<Integer> done = new ArrayList<>();
		for (int i = 0; i < 10_000; i++) {
			int number = i;
			lock.exclusive(0, 1, () -> Mono.fromRunnable(() -> done.add(number))).subscribe();
		}
		work.tryEmitEmpty();
		assertThat(done).hasSize(10_000).isSorted();
	}

	@Test
	void rangeIsFreeAfterAnErrorOfTheJvm() {
		RangeLock lock = new RangeLock();
		Sinks.Empty<Void> first = Sinks.empty();
		lock.exclusive(0, 1, first::asMono).subscribe();
		CompletableFuture<Void> made = lock.exclusive(0, 1, () -> {
			throw new OutOfMemoryError("of the test");
		}).toFuture();
		CompletableFuture<Void> begun = lock.exclusive(0, 1, () -> Mono.fromRunnable(() -> {
			throw new OutOfMemoryError("of the test");
		})).toFuture();
		CompletableFuture<Void> next = lock.exclusive(0, 1, Mono::empty).toFuture();

		first.tryEmitEmpty();

		assertThat(List.of(made, begun)).allSatisfy((failed) -> assertThat(failed).isCompletedExceptionally()
			.failsWithin(Duration.ofSeconds(20))
			.withThrowableThat()
			.havingCause()
			.isInstanceOfSatisfying(BlockIoException.class, (ex) -> assertThat(ex.errno()).isEqualTo(BlockErrno.ENOMEM))
			.withMessage("java.lang.OutOfMemoryError: of the test"));
		assertThat(next).isCompleted();
		StepVerifier.create(lock.exclusive(0, 1, () -> {
			throw new OutOfMemoryError("of the test");
		})).expectError(BlockIoException.class).verify(Duration.ofSeconds(20));
		StepVerifier.create(lock.exclusive(0, 1, Mono::empty)).expectComplete().verify(Duration.ofSeconds(20));
	}

	private static Mono<Void> begin(List<String> begun, String name, Mono<Void> work) {
		begun.add(name);
		return work;
	}

}
