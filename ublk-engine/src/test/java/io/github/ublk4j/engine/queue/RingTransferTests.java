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
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.IntStream;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import io.github.ublk4j.engine.driver.IoOperation;
import io.github.ublk4j.engine.linux.SharedFile;
import io.github.ublk4j.engine.queue.DriverDouble.TransferRequest;
import io.github.ublk4j.engine.uring.IoUring;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.util.retry.Retry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RingTransfer} in copy mode.
 */
class RingTransferTests extends AbstractQueueTests {

	private static final int NO_BUFFER = DataPath.NO_FIXED_BUFFER;

	private static final int CANCELLED = -125;

	private final BackingFile file = TestFile.of(70);

	private final AtomicReference<Throwable> failure = new AtomicReference<>();

	@Test
	void readIsTransferredIntoTheBufferOfItsTag() throws Exception {
		serve((read) -> read.transferFrom(this.file, 8192));
		CompletableFuture<byte[]> read = this.driver.read(4096, 1024);
		TransferRequest transfer = this.driver.awaitTransfer();
		long address = 1;
		assertThat(transfer)
			.isEqualTo(new TransferRequest(transfer.slot(), IoUring.OP_READ, 70, 8192, address, 1024, 0, NO_BUFFER));
		assertThat(read).isNotDone();
		this.driver.endTransfer(transfer);
		assertThat(get(read)).hasSize(1024);
	}

	@Test
	void writeIsTransferredFromTheBufferOfItsTag() throws Exception {
		serveWrites((write) -> write.transferTo(this.file, 512));
		CompletableFuture<byte[]> write = this.driver.write(0, filled(2048, 1), 0);
		TransferRequest transfer = this.driver.awaitTransfer();
		assertThat(transfer)
			.isEqualTo(new TransferRequest(transfer.slot(), IoUring.OP_WRITE, 70, 512, 1, 2048, 0, NO_BUFFER));
		this.driver.endTransfer(transfer);
		get(write);
	}

	@Test
	void writeWithForceUnitAccessIsDurableWhenItsTransferEnds() throws Exception {
		serveWrites((write) -> write.transferTo(this.file, 0));
		CompletableFuture<byte[]> write = this.driver.write(0, filled(512, 1), IoOperation.FLAG_FUA);
		TransferRequest transfer = this.driver.awaitTransfer();
		int dsync = 2;
		assertThat(transfer.flags()).isEqualTo(dsync);
		this.driver.endTransfer(transfer, 200);
		TransferRequest rest = this.driver.awaitTransfer();
		assertThat(rest.flags()).isEqualTo(dsync);
		this.driver.endTransfer(rest);
		get(write);
	}

	@Test
	void flushIsAnFdatasync() throws Exception {
		start(new TestHandler() {
			@Override
			public Mono<Void> flush(FlushRequest flush) {
				return flush.sync(RingTransferTests.this.file);
			}
		});
		CompletableFuture<byte[]> flush = this.driver.other(IoOperation.FLUSH, 0, 0);
		TransferRequest transfer = this.driver.awaitTransfer();
		int datasync = 1;
		assertThat(transfer)
			.isEqualTo(new TransferRequest(transfer.slot(), IoUring.OP_FSYNC, 70, 0, 0, 0, datasync, NO_BUFFER));
		this.driver.endTransfer(transfer, 0);
		get(flush);
	}

	@Test
	void flushThatFailsAfterItWasBrokenOffMakesEveryLaterOneFail() {
		serveFlushes((flush) -> flush.sync(this.file).timeout(Duration.ofMillis(20)).doOnError(this.failure::set));
		CompletableFuture<byte[]> first = this.driver.other(IoOperation.FLUSH, 0, 0);
		TransferRequest transfer = this.driver.awaitTransfer();
		await().until(() -> this.driver.cancelledTransfers().contains(transfer.slot()));
		this.driver.endTransfer(transfer, -5);
		assertFails(first, BlockErrno.ETIMEDOUT);
		for (int i = 0; i < 2; i++) {
			assertFails(this.driver.other(IoOperation.FLUSH, 0, 0), BlockErrno.EIO);
			assertThat(this.failure.get())
				.hasMessageContaining("fdatasync of test file failed: an earlier flush failed")
				.hasMessageContaining("EIO");
		}
		assertThat(this.driver.awaitTransfers(0)).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "-125", "-4" })
	void flushThatIsBrokenOffSaysNothingAboutItsFile(int result) throws Exception {
		AtomicInteger flushes = new AtomicInteger();
		serveFlushes((flush) -> (flushes.getAndIncrement() == 0) ? flush.sync(this.file).timeout(Duration.ofMillis(20))
				: flush.sync(this.file));
		CompletableFuture<byte[]> first = this.driver.other(IoOperation.FLUSH, 0, 0);
		TransferRequest transfer = this.driver.awaitTransfer();
		await().until(() -> this.driver.cancelledTransfers().contains(transfer.slot()));
		this.driver.endTransfer(transfer, result);
		assertFails(first, BlockErrno.ETIMEDOUT);
		CompletableFuture<byte[]> next = this.driver.other(IoOperation.FLUSH, 0, 0);
		this.driver.endTransfer(this.driver.awaitTransfer());
		get(next);
	}

	@Test
	void lostWriteReportedToOneOfTwoFlushesFailsBothAndEveryLaterOne() {
		serveFlushes((flush) -> flush.sync(this.file));
		CompletableFuture<byte[]> first = this.driver.other(IoOperation.FLUSH, 0, 0);
		CompletableFuture<byte[]> second = this.driver.other(IoOperation.FLUSH, 0, 0);
		List<TransferRequest> transfers = this.driver.awaitTransfers(2);
		this.driver.endTransfer(transfers.get(0), -28);
		assertFails(first, BlockErrno.ENOSPC);
		this.driver.endTransfer(transfers.get(1), 0);
		assertFails(second, BlockErrno.EIO);
		assertFails(this.driver.other(IoOperation.FLUSH, 0, 0), BlockErrno.EIO);
	}

	@Test
	void lostWriteReportedToTheSecondOfTwoFlushesThatEndTogetherFailsBoth() {
		serveFlushes((flush) -> flush.sync(this.file));
		CompletableFuture<byte[]> first = this.driver.other(IoOperation.FLUSH, 0, 0);
		CompletableFuture<byte[]> second = this.driver.other(IoOperation.FLUSH, 0, 0);
		List<TransferRequest> transfers = this.driver.awaitTransfers(2);
		synchronized (this.driver) {
			this.driver.endTransfer(transfers.get(0), 0);
			this.driver.endTransfer(transfers.get(1), -5);
		}
		assertFails(first, BlockErrno.EIO);
		assertFails(second, BlockErrno.EIO);
	}

	@Test
	void lostWriteReportedToADurableWriteFailsLaterFlushesButNotWrites() throws Exception {
		start(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				return write.transferTo(RingTransferTests.this.file, 0);
			}

			@Override
			public Mono<Void> flush(FlushRequest flush) {
				return flush.sync(RingTransferTests.this.file);
			}
		});
		CompletableFuture<byte[]> durable = this.driver.write(0, filled(512, 1), IoOperation.FLAG_FUA);
		this.driver.endTransfer(this.driver.awaitTransfer(), -5);
		assertFails(durable, BlockErrno.EIO);
		assertFails(this.driver.other(IoOperation.FLUSH, 0, 0), BlockErrno.EIO);
		assertFails(this.driver.write(0, filled(512, 1), IoOperation.FLAG_FUA), BlockErrno.EIO);
		CompletableFuture<byte[]> write = this.driver.write(0, filled(512, 1), 0);
		this.driver.endTransfer(this.driver.awaitTransfer());
		get(write);
	}

	@Test
	void failedWriteThatNeedNotBeDurableSaysNothingAboutFlushes() throws Exception {
		start(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				return write.transferTo(RingTransferTests.this.file, 0);
			}

			@Override
			public Mono<Void> flush(FlushRequest flush) {
				return flush.sync(RingTransferTests.this.file);
			}
		});
		CompletableFuture<byte[]> write = this.driver.write(0, filled(512, 1), 0);
		this.driver.endTransfer(this.driver.awaitTransfer(), -28);
		assertFails(write, BlockErrno.ENOSPC);
		CompletableFuture<byte[]> flush = this.driver.other(IoOperation.FLUSH, 0, 0);
		this.driver.endTransfer(this.driver.awaitTransfer());
		get(flush);
	}

	@Test
	void fileThatTheEngineDoesNotKnowIsRefused() {
		serve((read) -> read.transferFrom(BackingFile.of("a file of somebody else", () -> {
		}), 0));
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
	}

	@Test
	void discardPunchesAHoleOfAnyLength() throws Exception {
		start(new TestHandler() {
			@Override
			public Mono<Void> discard(DiscardRequest discard) {
				return discard.punchHole(RingTransferTests.this.file, 1L << 40);
			}
		});
		CompletableFuture<byte[]> discard = this.driver.other(IoOperation.DISCARD, 0, 5L << 30);
		TransferRequest transfer = this.driver.awaitTransfer();
		int keepSizeAndPunchHole = 3;
		assertThat(transfer).isEqualTo(new TransferRequest(transfer.slot(), IoUring.OP_FALLOCATE, 70, 1L << 40, 0,
				5L << 30, keepSizeAndPunchHole, NO_BUFFER));
		this.driver.endTransfer(transfer, 0);
		get(discard);
	}

	@Test
	void writeZeroesKeepsTheSpaceUnlessItMayBeUnmapped() throws Exception {
		start(new TestHandler() {
			@Override
			public Mono<Void> writeZeroes(WriteZeroesRequest zeroes) {
				return zeroes.zeroRange(RingTransferTests.this.file, 4096);
			}
		});
		int keepSizeAndPunchHole = 3;
		CompletableFuture<byte[]> unmapping = this.driver.other(IoOperation.WRITE_ZEROES, 0, 8192);
		TransferRequest transfer = this.driver.awaitTransfer();
		assertThat(transfer).isEqualTo(new TransferRequest(transfer.slot(), IoUring.OP_FALLOCATE, 70, 4096, 0, 8192,
				keepSizeAndPunchHole, NO_BUFFER));
		this.driver.endTransfer(transfer, 0);
		get(unmapping);
		int keepSizeAndZeroRange = 17;
		CompletableFuture<byte[]> keeping = this.driver.other(IoOperation.WRITE_ZEROES | IoOperation.FLAG_NOUNMAP, 0,
				8192);
		transfer = this.driver.awaitTransfer();
		assertThat(transfer.flags()).isEqualTo(keepSizeAndZeroRange);
		this.driver.endTransfer(transfer, 0);
		get(keeping);
	}

	@Test
	void transferOnAnotherTagUsesTheBufferOfThatTag() {
		serve((read) -> read.transferFrom(this.file, 0));
		for (int i = 0; i < 4; i++) {
			this.driver.read(0, 512);
		}
		assertThat(this.driver.awaitTransfers(4)).extracting(TransferRequest::address)
			.containsExactlyInAnyOrder(1L, 2L, 3L, 4L);
	}

	@Test
	void shortTransferIsContinuedWhereItEnded() throws Exception {
		serve((read) -> read.transferFrom(this.file, 1000));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		TransferRequest first = this.driver.awaitTransfer();
		this.driver.endTransfer(first, 100);
		TransferRequest second = this.driver.awaitTransfer();
		assertThat(second).isEqualTo(new TransferRequest(first.slot(), IoUring.OP_READ, 70, 1100, first.address() + 100,
				3996, 0, NO_BUFFER));
		this.driver.endTransfer(second, 3900);
		TransferRequest third = this.driver.awaitTransfer();
		assertThat(third).isEqualTo(
				new TransferRequest(first.slot(), IoUring.OP_READ, 70, 5000, first.address() + 4000, 96, 0, NO_BUFFER));
		assertThat(read).isNotDone();
		this.driver.endTransfer(third, 96);
		assertThat(get(read)).hasSize(4096);
	}

	@Test
	void readBeyondTheEndOfItsFileFailsWithNoData() {
		serve((read) -> read.transferFrom(this.file, 1000).doOnError(this.failure::set));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		this.driver.endTransfer(this.driver.awaitTransfer(), 100);
		this.driver.endTransfer(this.driver.awaitTransfer(), 0);
		assertFails(read, BlockErrno.ENODATA);
		assertThat(this.failure.get())
			.hasMessageContaining("read of 4096 bytes at 1000 of test file failed: the file ends at 1100");
	}

	@Test
	void writeOfNothingFailsInsteadOfBeingRepeatedForEver() {
		serveWrites((write) -> write.transferTo(this.file, 0).doOnError(this.failure::set));
		CompletableFuture<byte[]> write = this.driver.write(0, filled(512, 1), 0);
		this.driver.endTransfer(this.driver.awaitTransfer(), 0);
		assertFails(write, BlockErrno.EIO);
		assertThat(this.failure.get()).hasMessageContaining("nothing was written");
	}

	@ParameterizedTest
	@CsvSource({ "28, ENOSPC", "61, ENODATA", "95, EOPNOTSUPP", "5, EIO", "13, EIO", "125, EIO" })
	void errorOfATransferReachesTheKernel(int errno, BlockErrno expected) {
		serveWrites((write) -> write.transferTo(this.file, 4096).doOnError(this.failure::set));
		CompletableFuture<byte[]> write = this.driver.write(0, filled(512, 1), 0);
		this.driver.endTransfer(this.driver.awaitTransfer(), -errno);
		assertFails(write, expected);
		assertThat(this.failure.get()).hasMessageContaining("write of 512 bytes at 4096 of test file failed: E");
		assertThat(queue().snapshot().errors()).isEqualTo(1);
	}

	@Test
	void positionBelowZeroFailsTheRequest() {
		serve((read) -> read.transferFrom(this.file, -512).doOnError(this.failure::set));
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		assertThat(this.failure.get()).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("-512");
	}

	@Test
	void anyThreadMaySubscribeAndTheQueueThreadCompletes() throws Exception {
		AtomicReference<String> completing = new AtomicReference<>();
		serve((read) -> read.transferFrom(this.file, 0)
			.doOnSuccess((nothing) -> completing.set(Thread.currentThread().getName()))
			.subscribeOn(Schedulers.parallel()));
		for (int i = 0; i < 50; i++) {
			CompletableFuture<byte[]> read = this.driver.read(0, 512);
			this.driver.endTransfer(this.driver.awaitTransfer());
			get(read);
			assertThat(completing.getAndSet(null)).isEqualTo("ublk-test-0");
		}
	}

	@Test
	void requestEndsAfterTheLastOfTwoTransfersAtTheSameTime() throws Exception {
		BackingFile mirror = TestFile.of(71);
		serveWrites((write) -> Mono.when(write.transferTo(this.file, 512), write.transferTo(mirror, 1024)));
		CompletableFuture<byte[]> write = this.driver.write(0, filled(512, 1), 0);
		List<TransferRequest> transfers = this.driver.awaitTransfers(2);
		assertThat(transfers).extracting(TransferRequest::fd).containsExactlyInAnyOrder(70, 71);
		assertThat(transfers).extracting(TransferRequest::position).containsExactlyInAnyOrder(512L, 1024L);
		assertThat(transfers).extracting(TransferRequest::slot).doesNotHaveDuplicates();
		this.driver.endTransfer(transfers.get(1));
		this.driver.endTransfer(transfers.get(0), 100);
		TransferRequest rest = this.driver.awaitTransfer();
		assertThat(write).isNotDone();
		this.driver.endTransfer(rest);
		get(write);
	}

	@Test
	void failureOfOneOfTwoTransfersBreaksTheOtherOffBeforeTheRequestEnds() {
		serveWrites((write) -> Mono.when(write.transferTo(this.file, 0), write.transferTo(this.file, 4096)));
		CompletableFuture<byte[]> write = this.driver.write(0, filled(512, 1), 0);
		List<TransferRequest> transfers = this.driver.awaitTransfers(2);
		this.driver.endTransfer(transfers.get(0), -28);
		await().until(() -> this.driver.cancelledTransfers().contains(transfers.get(1).slot()));
		assertThat(write).isNotDone();
		this.driver.endTransfer(transfers.get(1), CANCELLED);
		assertFails(write, BlockErrno.ENOSPC);
	}

	@Test
	void transfersOfARequestMayFollowEachOther() throws Exception {
		serveWrites((write) -> write.transferTo(this.file, 0).then(write.transferTo(this.file, 4096)));
		CompletableFuture<byte[]> write = this.driver.write(0, filled(512, 1), 0);
		TransferRequest first = this.driver.awaitTransfer();
		assertThat(first.position()).isZero();
		this.driver.endTransfer(first);
		TransferRequest second = this.driver.awaitTransfer();
		assertThat(second.position()).isEqualTo(4096);
		assertThat(write).isNotDone();
		this.driver.endTransfer(second);
		get(write);
	}

	@Test
	void sameTransferMayBeSubscribedTwiceAtTheSameTime() throws Exception {
		serveWrites((write) -> {
			Mono<Void> transfer = write.transferTo(this.file, 4096);
			return Mono.when(transfer, transfer);
		});
		CompletableFuture<byte[]> write = this.driver.write(0, filled(512, 1), 0);
		List<TransferRequest> transfers = this.driver.awaitTransfers(2);
		assertThat(transfers).extracting(TransferRequest::position).containsExactly(4096L, 4096L);
		transfers.forEach(this.driver::endTransfer);
		get(write);
	}

	@Test
	void failedTransferMayBeRetried() throws Exception {
		serve((read) -> read.transferFrom(this.file, 512).retry(1));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		this.driver.endTransfer(this.driver.awaitTransfer(), 1024);
		this.driver.endTransfer(this.driver.awaitTransfer(), -5);
		TransferRequest again = this.driver.awaitTransfer();
		assertThat(again.position()).isEqualTo(512);
		assertThat(again.length()).isEqualTo(4096);
		this.driver.endTransfer(again);
		get(read);
	}

	@Test
	void readAfterACancelledOneWaitsUntilTheKernelHasLetGoOfTheMemory() throws Exception {
		serve((read) -> read.transferFrom(this.file, 0)
			.timeout(Duration.ofMillis(20))
			.onErrorResume(TimeoutException.class, (ex) -> read.transferFrom(this.file, 8192)));
		CompletableFuture<byte[]> read = this.driver.read(0, 512);
		TransferRequest first = this.driver.awaitTransfer();
		await().until(() -> !this.driver.cancelledTransfers().isEmpty());
		assertThat(this.driver.awaitTransfer()).as("the second has not begun").isEqualTo(first);
		this.driver.endTransfer(first, -125);
		await().until(() -> this.driver.awaitTransfer().position() == 8192);
		this.driver.endTransfer(this.driver.awaitTransfer());
		get(read);
	}

	@Test
	void delayedRetryRepeatsItsOwnTransferAndNotALaterOne() throws Exception {
		Sinks.Empty<Void> retry = Sinks.empty();
		Sinks.Empty<Void> next = Sinks.empty();
		BackingFile other = TestFile.of(71);
		serve((read) -> Mono.when(
				read.transferFrom(this.file, 512)
					.retryWhen(Retry.from((failed) -> failed.concatMap((signal) -> retry.asMono().thenReturn(1)))),
				next.asMono().then(Mono.defer(() -> read.transferFrom(other, 1024)))));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		this.driver.endTransfer(this.driver.awaitTransfer(), -5);
		next.tryEmitEmpty();
		TransferRequest second = this.driver.awaitTransfer();
		assertThat(second.fd()).isEqualTo(71);
		retry.tryEmitEmpty();
		List<TransferRequest> transfers = this.driver.awaitTransfers(2);
		assertThat(transfers.get(1).fd()).isEqualTo(70);
		assertThat(transfers.get(1).position()).isEqualTo(512);
		transfers.forEach(this.driver::endTransfer);
		get(read);
	}

	@Test
	void requestThatTimesOutWaitsUntilTheKernelGivesItsTransferUp() {
		serve((read) -> read.transferFrom(this.file, 0).timeout(Duration.ofMillis(20)));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		TransferRequest transfer = this.driver.awaitTransfer();
		await().until(() -> this.driver.cancelledTransfers().contains(transfer.slot()));
		assertThat(read).isNotDone();
		assertThat(queue().snapshot().inFlight()).isEqualTo(1);
		this.driver.endTransfer(transfer, CANCELLED);
		assertFails(read, BlockErrno.ETIMEDOUT);
	}

	/** What is zeroed too late may have been written again. A flush changes nothing. */
	@Test
	void overdueDiscardWaitsForItsTransferAndAnOverdueFlushDoesNot() {
		start(new TestHandler() {
			@Override
			public Mono<Void> discard(DiscardRequest discard) {
				return discard.punchHole(RingTransferTests.this.file, 0);
			}

			@Override
			public Mono<Void> flush(FlushRequest flush) {
				return flush.sync(RingTransferTests.this.file);
			}
		});
		Duration timeout = Duration.ofMillis(20);
		queue().answeringWithin(timeout);
		CompletableFuture<byte[]> discard = this.driver.other(IoOperation.DISCARD, 0, 4096);
		TransferRequest transfer = this.driver.awaitTransfer();
		CompletableFuture<byte[]> flush = this.driver.other(IoOperation.FLUSH, 0, 0);
		this.driver.awaitTransfers(2);

		await().until(() -> {
			queue().failOverdue(timeout);
			return flush.isDone();
		});

		assertFails(flush, BlockErrno.ETIMEDOUT);
		assertThat(discard).isNotDone();
		this.driver.endTransfer(transfer, 0);
		assertFails(discard, BlockErrno.ETIMEDOUT);
	}

	@Test
	void cancelledTransferIsNotContinued() {
		serve((read) -> read.transferFrom(this.file, 0).timeout(Duration.ofMillis(20)));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		TransferRequest transfer = this.driver.awaitTransfer();
		await().until(() -> this.driver.cancelledTransfers().contains(transfer.slot()));
		this.driver.endTransfer(transfer, 512);
		assertFails(read, BlockErrno.ETIMEDOUT);
		assertThat(this.driver.awaitTransfers(0)).isEmpty();
	}

	@Test
	void transferCancelledBeforeItBeginsNeverReachesTheKernel() throws Exception {
		serve((read) -> {
			read.transferFrom(this.file, 0).subscribe(new BaseSubscriber<Void>() {
				@Override
				protected void hookOnSubscribe(Subscription subscription) {
					cancel();
				}
			});
			return Mono.empty();
		});
		get(this.driver.read(0, 512));
		assertThat(this.driver.awaitTransfers(0)).isEmpty();
		assertThat(this.driver.cancelledTransfers()).isEmpty();
	}

	@Test
	void transferOfAnotherThreadCancelledBeforeItBeginsNeverReachesTheKernel() throws Exception {
		serve((read) -> {
			Thread other = new Thread(() -> read.transferFrom(this.file, 0).subscribe().dispose());
			other.start();
			join(other);
			return Mono.empty();
		});
		for (int i = 0; i < 10; i++) {
			get(this.driver.read(0, 512));
		}
		assertThat(this.driver.awaitTransfers(0)).isEmpty();
		assertThat(this.driver.cancelledTransfers()).isEmpty();
	}

	@Test
	void transferSubscribedAfterTheEndOfItsRequestFails() throws Exception {
		AtomicReference<Mono<Void>> kept = new AtomicReference<>();
		serve((read) -> {
			kept.set(read.transferFrom(this.file, 0));
			return Mono.empty();
		});
		get(this.driver.read(0, 512));
		Objects.requireNonNull(kept.get()).subscribe(null, this.failure::set);
		await().until(() -> this.failure.get() != null);
		assertThat(this.failure.get()).isInstanceOf(IllegalStateException.class)
			.hasMessageContaining("after the end of its request");
		assertThat(this.driver.awaitTransfers(0)).isEmpty();
	}

	@Test
	void transferSubscribedAfterTheEndOfItsQueueFails() throws Exception {
		AtomicReference<Mono<Void>> kept = new AtomicReference<>();
		serve((read) -> {
			kept.set(read.transferFrom(this.file, 0));
			return Mono.empty();
		});
		get(this.driver.read(0, 512));
		this.driver.stop();
		assertThat(queue().awaitEnd(PATIENCE)).isTrue();
		Objects.requireNonNull(kept.get()).subscribe(null, this.failure::set);
		assertThat(this.failure.get()).hasMessageContaining("The queue has ended");
	}

	@Test
	void closedFileFailsTheRequest() throws Exception {
		AtomicBoolean first = new AtomicBoolean(true);
		serve((read) -> read.transferFrom(first.getAndSet(false) ? TestFile.closed() : this.file, 0)
			.doOnError(this.failure::set));
		assertFails(this.driver.read(0, 512), BlockErrno.EIO);
		assertThat(this.failure.get()).hasMessageContaining("test file is closed");
		CompletableFuture<byte[]> next = this.driver.read(0, 512);
		this.driver.endTransfer(this.driver.awaitTransfer());
		get(next);
	}

	@Test
	void fileClosedInTheMiddleOfATransferStaysOpenUntilItsEnd() throws Exception {
		AtomicInteger released = new AtomicInteger();
		SharedFile shared = new SharedFile("test file", 73, released::incrementAndGet);
		BackingFile closing = BackingFile.of(shared, shared::close);
		serve((read) -> read.transferFrom(closing, 0).doOnError(this.failure::set));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		TransferRequest transfer = this.driver.awaitTransfer();
		closing.close();
		this.driver.endTransfer(transfer, 512);
		TransferRequest rest = this.driver.awaitTransfer();
		assertThat(rest.fd()).isEqualTo(73);
		assertThat(released).hasValue(0);
		this.driver.endTransfer(rest);
		get(read);
		assertThat(released).hasValue(1);
		assertFails(this.driver.read(0, 4096), BlockErrno.EIO);
		assertThat(this.failure.get()).hasMessageContaining("test file is closed");
		assertThat(queue().isDead()).isFalse();
	}

	@Test
	void queueRunsMoreTransfersThanItHasTags() throws Exception {
		int many = 50;
		serveWrites((write) -> Mono
			.when(IntStream.range(0, many).mapToObj((i) -> write.transferTo(this.file, i * 512L)).toList()));
		for (int round = 0; round < 3; round++) {
			CompletableFuture<byte[]> write = this.driver.write(0, filled(512, 1), 0);
			List<TransferRequest> transfers = this.driver.awaitTransfers(many);
			assertThat(transfers).extracting(TransferRequest::slot).doesNotHaveDuplicates();
			assertThat(transfers).extracting(TransferRequest::position).doesNotHaveDuplicates();
			assertThat(write).isNotDone();
			transfers.forEach(this.driver::endTransfer);
			get(write);
		}
	}

	@Test
	void requestWhoseTransferNeverEndsFailsWhenTheDeviceIsToldToStop() throws Exception {
		serve((read) -> read.transferFrom(this.file, 0));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		TransferRequest transfer = this.driver.awaitTransfer();
		queue().failEverything();
		assertFails(read, BlockErrno.EIO);
		assertThat(this.driver.cancelledTransfers()).contains(transfer.slot());
		this.driver.endTransfer(transfer, CANCELLED);
		assertFails(this.driver.read(0, 4096), BlockErrno.EIO);
	}

	@Test
	void requestThatWaitsForItsTransferFailsWhenTheDeviceIsToldToStop() {
		serve((read) -> read.transferFrom(this.file, 0).timeout(Duration.ofMillis(20)));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		TransferRequest transfer = this.driver.awaitTransfer();
		await().until(() -> this.driver.cancelledTransfers().contains(transfer.slot()));
		queue().failEverything();
		assertFails(read, BlockErrno.EIO);
		// by the thread of the timeout, which may be behind
		await().until(() -> queue().snapshot().errors() == 1);
	}

	@Test
	void requestThatEndsWhileTheDeviceIsToldToStopDoesNotWaitForItsTransfer() {
		CompletableFuture<byte[]> first = endWithATransferInFlightAndThen(() -> queue().failEverything());
		assertFails(first, BlockErrno.EIO);
		assertThat(queue().snapshot().errors()).isEqualTo(2);
	}

	@Test
	void requestThatEndsWhileTheQueueIsTerminatedLeavesItsBufferToTheKernel() {
		DataPath path = this.driver.dataPath();
		long address = path.commandAddress(0);
		CompletableFuture<byte[]> first = endWithATransferInFlightAndThen(() -> queue().terminate(), path);
		assertFails(first, BlockErrno.EIO);
		assertThat(queue().awaitEnd(PATIENCE)).isTrue();
		assertThat(path.commandAddress(0)).isNotEqualTo(address);
	}

	private CompletableFuture<byte[]> endWithATransferInFlightAndThen(Runnable stop) {
		return endWithATransferInFlightAndThen(stop, this.driver.dataPath());
	}

	/**
	 * Stops the queue when the end of a request is on its way to the loop, which looks
	 * for requests to fail before it learns of it.
	 * @return the request that has ended
	 */
	private CompletableFuture<byte[]> endWithATransferInFlightAndThen(Runnable stop, DataPath path) {
		List<BlockRequest> requests = new ArrayList<>();
		AtomicReference<Subscription> subscription = new AtomicReference<>();
		startStream((emitted) -> {
			emitted.subscribe(new BaseSubscriber<>() {
				@Override
				protected void hookOnSubscribe(Subscription given) {
					subscription.set(given);
					given.request(1);
				}

				@Override
				protected void hookOnNext(BlockRequest request) {
					requests.add(request);
					if (requests.size() == 1) {
						((ReadRequest) request).transferFrom(RingTransferTests.this.file, 0).subscribe();
						return;
					}
					Thread other = new Thread(requests.get(0)::complete);
					other.start();
					join(other);
					stop.run();
				}
			});
			return Mono.never();
		}, path);
		CompletableFuture<byte[]> first = this.driver.read(0, 512);
		CompletableFuture<byte[]> second = this.driver.read(0, 512);
		this.driver.awaitTransfer();
		await().until(() -> queue().snapshot().inFlight() == 2);
		Objects.requireNonNull(subscription.get()).request(1);
		assertFails(second, BlockErrno.EIO);
		return first;
	}

	@Test
	void queueEndsAlsoWhenTheKernelStillWorksOnATransfer() throws Exception {
		serve((read) -> read.transferFrom(this.file, 0));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		this.driver.awaitTransfer();
		queue().terminate();
		assertThat(queue().awaitEnd(PATIENCE)).isTrue();
		assertFails(read, BlockErrno.EIO);
	}

	@Test
	void subscriberThatBreaksFailsItsRequestAlone() throws Exception {
		AtomicInteger requests = new AtomicInteger();
		serve((read) -> {
			Mono<Void> transfer = read.transferFrom(this.file, 0);
			return (requests.getAndIncrement() > 0) ? transfer : transfer.doOnSuccess((nothing) -> {
				throw new NoClassDefFoundError("test");
			});
		});
		CompletableFuture<byte[]> broken = this.driver.read(0, 512);
		this.driver.endTransfer(this.driver.awaitTransfer());
		assertFails(broken, BlockErrno.EIO);
		CompletableFuture<byte[]> next = this.driver.read(0, 512);
		this.driver.endTransfer(this.driver.awaitTransfer());
		get(next);
	}

	@Test
	void transferInFlightWhenAStreamedRequestIsCompletedIsBrokenOffFirst() throws Exception {
		CountDownLatch subscribed = new CountDownLatch(1);
		startStream((requests) -> requests.doOnNext((request) -> {
			((ReadRequest) request).transferFrom(this.file, 0).subscribe();
			request.complete();
			subscribed.countDown();
		}).then());
		CompletableFuture<byte[]> read = this.driver.read(0, 512);
		subscribed.await();
		TransferRequest transfer = this.driver.awaitTransfer();
		await().until(() -> this.driver.cancelledTransfers().contains(transfer.slot()));
		assertThat(read).isNotDone();
		this.driver.endTransfer(transfer, CANCELLED);
		get(read);
	}

	@Test
	void objectOfATransferIsUsedAgainForLaterRequests() throws Exception {
		Set<Mono<Void>> objects = Collections.newSetFromMap(new IdentityHashMap<>());
		servePromptly(5 * RequestPool.QUARANTINE, (read) -> {
			Mono<Void> transfer = read.transferFrom(this.file, 0);
			objects.add(transfer);
			return transfer;
		});
		assertThat(objects).hasSize(RequestPool.QUARANTINE + 1);
	}

	@Test
	void objectOfATransferIsNotUsedAgainWithinItsRequest() throws Exception {
		AtomicInteger repeated = new AtomicInteger();
		servePromptly(5 * RequestPool.QUARANTINE, (read) -> {
			Mono<Void> first = read.transferFrom(this.file, 0);
			return first.then(Mono.defer(() -> {
				Mono<Void> second = read.transferFrom(this.file, 512);
				repeated.addAndGet((second == first) ? 1 : 0);
				return second;
			}));
		});
		assertThat(repeated).hasValue(0);
	}

	@Test
	void twoThreadsThatTransferTheSameRequestGetTransfersOfTheirOwn() throws Exception {
		BackingFile mirror = TestFile.of(71);
		AtomicInteger arrived = new AtomicInteger();
		AtomicInteger shared = new AtomicInteger();
		ExecutorService threads = Executors.newFixedThreadPool(2);
		servePromptly(4 * RequestPool.QUARANTINE, (read) -> {
			arrived.set(0);
			Future<Mono<Void>> first = threads.submit(together(arrived, () -> read.transferFrom(this.file, 0)));
			Future<Mono<Void>> second = threads.submit(together(arrived, () -> read.transferFrom(mirror, 0)));
			Mono<Void> one = join(first);
			Mono<Void> two = join(second);
			shared.addAndGet((one == two) ? 1 : 0);
			return Mono.when(one, two);
		});
		threads.shutdown();
		assertThat(shared).hasValue(0);
	}

	private static Callable<Mono<Void>> together(AtomicInteger arrived, Callable<Mono<Void>> action) {
		return () -> {
			arrived.incrementAndGet();
			while (arrived.get() < 2) {
				Thread.onSpinWait();
			}
			return action.call();
		};
	}

	private void servePromptly(int requests, BlockDeviceHandler handler) throws Exception {
		DriverDouble prompt = new PromptDriver();
		BlockQueue other = BlockQueue.forHandler("prompt", 0, 1, prompt, prompt.dataPath(), handler, this::failed);
		other.start(PATIENCE);
		for (int i = 0; i < requests; i++) {
			get(prompt.read(0, 512));
		}
		prompt.stop();
		assertThat(other.awaitEnd(PATIENCE)).isTrue();
	}

	private static void join(Thread thread) {
		try {
			thread.join();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static Mono<Void> join(Future<Mono<Void>> future) {
		try {
			return future.get();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void serveFlushes(Function<FlushRequest, Mono<Void>> flush) {
		start(new TestHandler() {
			@Override
			public Mono<Void> flush(FlushRequest request) {
				return flush.apply(request);
			}
		});
	}

	private void serve(Function<ReadRequest, Mono<Void>> read) {
		start(read::apply);
	}

	private void serveWrites(Function<WriteRequest, Mono<Void>> write) {
		start(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest request) {
				return write.apply(request);
			}
		});
	}

	/**
	 * Ends every transfer at once.
	 */
	private static final class PromptDriver extends DriverDouble {

		PromptDriver() {
			super(1, 4096);
		}

		@Override
		public void transfer(RingOperation transfer, int slot) {
			endTransfer(new TransferRequest(slot, transfer.opcode(), transfer.fd(), transfer.restPosition(),
					transfer.restAddress(), transfer.restLength(), transfer.flags(), transfer.data().fixedBuffer()));
		}

	}

}
