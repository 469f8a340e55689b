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

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import io.github.ublk4j.engine.queue.DriverDouble.TransferRequest;
import io.github.ublk4j.engine.uring.IoUring;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link UserCopyPath}.
 */
class UserCopyPathTests extends AbstractQueueTests {

	private static final int LARGEST = 8192;

	private final BackingFile file = TestFile.of(70);

	private DataPath path = new UserCopyPath(this.driver.copier(), 4, LARGEST, true);

	@AfterEach
	void memoryIsReleased() {
		this.path.release();
		assertThat(this.path.bytes()).isZero();
	}

	@Test
	void noBufferIsNamedToTheDriver() {
		assertThat(this.path.commandAddress(0)).isZero();
		assertThat(this.path.bytes()).isZero();
	}

	@Test
	void writeIsCopiedWhenItsBufferIsAskedForAndOnlyOnce() throws Exception {
		AtomicReference<byte[]> seen = new AtomicReference<>();
		serve(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				assertThat(UserCopyPathTests.this.driver.copies()).isEmpty();
				assertThat(write.buffer()).isSameAs(write.buffer());
				assertThat(write.buffer().capacity()).isGreaterThanOrEqualTo(write.buffer().remaining());
				seen.set(bytes(write.buffer()));
				return Mono.empty();
			}
		});
		get(this.driver.write(0, filled(512, 3), 0));
		assertThat(seen.get()).isEqualTo(filled(512, 3));
		assertThat(this.driver.copies()).containsExactly("from 0");
	}

	@Test
	void anotherThreadMayAskForTheBufferOfAWrite() throws Exception {
		AtomicReference<byte[]> seen = new AtomicReference<>();
		serve(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				return Mono.<Void>fromRunnable(() -> seen.set(bytes(write.buffer())))
					.subscribeOn(Schedulers.parallel());
			}
		});
		for (int i = 0; i < 20; i++) {
			get(this.driver.write(0, filled(512, i), 0));
			assertThat(seen.get()).isEqualTo(filled(512, i));
		}
	}

	@Test
	void writeWhoseBufferNobodyAsksForIsNotCopied() throws Exception {
		serve(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				return Mono.empty();
			}
		});
		get(this.driver.write(0, filled(512, 3), 0));
		assertThat(this.driver.copies()).isEmpty();
		assertThat(this.path.bytes()).isZero();
	}

	@Test
	void twoThreadsThatAskAtTheSameTimeGetTheSameBuffer() throws Exception {
		serve(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				AtomicInteger arrived = new AtomicInteger();
				Mono<ByteBuffer> buffer = Mono.fromCallable(() -> {
					arrived.incrementAndGet();
					while (arrived.get() < 2) {
						Thread.onSpinWait();
					}
					return write.buffer();
				});
				return Mono
					.zip(buffer.subscribeOn(Schedulers.boundedElastic()),
							buffer.subscribeOn(Schedulers.boundedElastic()))
					.doOnNext((both) -> assertThat(both.getT1()).isSameAs(both.getT2()))
					.doOnNext((both) -> assertThat(bytes(both.getT1())).containsOnly(7))
					.then();
			}
		});
		for (int i = 0; i < 200; i++) {
			get(this.driver.write(0, filled(512, 7), 0));
		}
		assertThat(this.path.bytes()).as("nothing has leaked").isEqualTo(LARGEST);
	}

	@Test
	void readIsCopiedOutBeforeItsCommit() throws Exception {
		serve(new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				fill(read.buffer(), 7);
				assertThat(UserCopyPathTests.this.driver.copies()).isEmpty();
				return Mono.empty();
			}
		});
		assertThat(get(this.driver.read(0, 1024))).isEqualTo(filled(1024, 7));
		assertThat(this.driver.copies()).containsExactly("to 0");
	}

	@Test
	void readOfAnotherThreadIsCopiedOutBeforeItsCommit() throws Exception {
		serve(new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				return Mono.<Void>fromRunnable(() -> fill(read.buffer(), 7)).subscribeOn(Schedulers.parallel());
			}
		});
		for (int i = 0; i < 20; i++) {
			assertThat(get(this.driver.read(0, 1024))).isEqualTo(filled(1024, 7));
		}
	}

	@Test
	void failedReadIsNotCopied() {
		serve(new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				fill(read.buffer(), 7);
				return Mono.error(new IllegalStateException("test"));
			}
		});
		assertFails(this.driver.read(0, 1024), BlockErrno.EIO);
		assertThat(this.driver.copies()).isEmpty();
	}

	@Test
	void readWithoutABufferIsZeroed() throws Exception {
		serve(new TestHandler());
		assertThat(get(this.driver.read(0, 1024))).isEqualTo(new byte[1024]);
		assertThat(this.driver.copies()).containsExactly("zero 0");
		assertThat(this.path.bytes()).isZero();
	}

	@Test
	void readWithoutABufferOfAHandlerThatFillsItsReadsIsLeftAlone() throws Exception {
		this.path = new UserCopyPath(this.driver.copier(), 4, LARGEST, false);
		serve(new TestHandler());
		assertThat(get(this.driver.read(0, 1024))).containsOnly(DriverDouble.UNTOUCHED);
		assertThat(this.driver.copies()).isEmpty();
	}

	@Test
	void unfilledPartOfAReadIsZeroAndNotOlderData() throws Exception {
		serve(new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				read.buffer().put(0, (byte) 1);
				return Mono.empty();
			}

			@Override
			public Mono<Void> write(WriteRequest write) {
				assertThat(write.buffer().remaining()).isEqualTo(4096);
				return Mono.empty();
			}
		});
		byte[] expected = new byte[4096];
		expected[0] = 1;
		for (int i = 0; i < 4; i++) {
			get(this.driver.write(0, filled(4096, 9), 0));
			assertThat(get(this.driver.read(0, 4096))).isEqualTo(expected);
		}
	}

	@Test
	void bufferIsPreparedAnewForEveryRequest() throws Exception {
		serve(new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				assertThat(read.buffer().position()).isZero();
				assertThat(read.buffer().limit()).isEqualTo((int) read.length());
				assertThat(read.buffer().order()).isEqualTo(java.nio.ByteOrder.BIG_ENDIAN);
				read.buffer().position(17).limit(30).order(java.nio.ByteOrder.LITTLE_ENDIAN);
				return Mono.empty();
			}
		});
		for (int i = 1; i <= 16; i++) {
			assertThat(get(this.driver.read(0, i * 512))).hasSize(i * 512);
		}
	}

	@Test
	void buffersReturnToThePoolWhenTheirRequestsEnd() throws Exception {
		serve(new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				read.buffer();
				return (read.offset() == 0) ? Mono.empty() : Mono.error(new IllegalStateException("test"));
			}
		});
		for (int i = 0; i < 100; i++) {
			get(this.driver.read(0, 8192));
			assertFails(this.driver.read(512, 8192), BlockErrno.EIO);
		}
		assertThat(this.path.bytes()).isEqualTo(LARGEST);
	}

	@Test
	void bufferAskedForAfterTheEndOfTheRequestIsRefused() throws Exception {
		AtomicReference<ReadRequest> kept = new AtomicReference<>();
		serve(new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				kept.set(read);
				return Mono.empty();
			}
		});
		get(this.driver.read(0, 512));
		assertThatIllegalStateException().isThrownBy(() -> Objects.requireNonNull(kept.get()).buffer())
			.withMessageContaining("after its completion");
		assertThat(this.path.bytes()).isZero();
	}

	@Test
	void bufferBeingMadeWhileItsRequestEndsIsRefusedAndReturnsToThePool() throws Exception {
		CountDownLatch copying = new CountDownLatch(1);
		CountDownLatch ended = new CountDownLatch(1);
		AtomicReference<Throwable> refused = new AtomicReference<>();
		this.path = new UserCopyPath(new FakeCopier() {
			@Override
			public void fromRequest(int tag, IoBuffer target, int length) {
				copying.countDown();
				join(ended);
			}
		}, 4, 64 << 10, true);
		serve(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				new Thread(() -> {
					try {
						write.buffer();
					}
					catch (IllegalStateException ex) {
						refused.set(ex);
					}
				}).start();
				join(copying);
				return Mono.empty();
			}
		});
		get(this.driver.write(0, filled(512, 1), 0));
		ended.countDown();
		await().until(() -> refused.get() != null);
		assertThat(refused.get()).hasMessageContaining("after its completion");
		this.path.trim();
		this.path.trim();
		assertThat(this.path.bytes()).isZero();
	}

	@Test
	void copyToAReadThatFailsIsAnIoErrorAndLoggedOnce() {
		this.path = new UserCopyPath(new FakeCopier() {
			@Override
			public void toRequest(int tag, IoBuffer source, int length) {
				throw new LinuxException("copy to", Errno.EINVAL);
			}
		}, 4, LARGEST, true);
		ListAppender<ILoggingEvent> log = new ListAppender<>();
		Logger logger = (Logger) LoggerFactory.getLogger(FailureLog.class);
		log.start();
		logger.addAppender(log);
		try {
			serve(new TestHandler() {
				@Override
				public Mono<Void> read(ReadRequest read) {
					read.buffer();
					return Mono.empty();
				}
			});
			assertFails(this.driver.read(4096, 512), BlockErrno.EIO);
			assertFails(this.driver.read(4096, 512), BlockErrno.EIO);
		}
		finally {
			logger.detachAppender(log);
		}
		assertThat(log.list).singleElement()
			.extracting(ILoggingEvent::getFormattedMessage)
			.asString()
			.contains("READ of 512 bytes at 4096 failed");
		assertThat(queue().snapshot().errors()).isEqualTo(2);
		assertThat(this.path.bytes()).isEqualTo(LARGEST);
	}

	@Test
	void copyFromAWriteThatFailsIsAnIoErrorAndLeaksNoBuffer() {
		this.path = new UserCopyPath(new FakeCopier() {
			@Override
			public void fromRequest(int tag, IoBuffer target, int length) {
				throw new LinuxException("copy from", Errno.EINVAL);
			}
		}, 4, LARGEST, true);
		serve(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				write.buffer();
				return Mono.empty();
			}
		});
		for (int i = 0; i < 50; i++) {
			assertFails(this.driver.write(0, filled(8192, 1), 0), BlockErrno.EIO);
		}
		assertThat(queue().snapshot().errors()).isEqualTo(50);
		assertThat(this.path.bytes()).isEqualTo(LARGEST);
	}

	@Test
	void copyThatFailsBeforeATransferFailsTheRequestAndLeaksNoBuffer() {
		this.path = new UserCopyPath(new FakeCopier() {
			@Override
			public void fromRequest(int tag, IoBuffer target, int length) {
				throw new LinuxException("copy from", Errno.EINVAL);
			}
		}, 4, LARGEST, true);
		serve(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				return write.transferTo(UserCopyPathTests.this.file, 0);
			}
		});
		for (int i = 0; i < 50; i++) {
			assertFails(this.driver.write(0, filled(512, 1), 0), BlockErrno.EIO);
		}
		assertThat(this.driver.awaitTransfers(0)).isEmpty();
		assertThat(this.path.bytes()).isEqualTo(LARGEST);
	}

	@Test
	void copyThatFailsAfterATransferFailsTheRequestAndLeaksNoBuffer() {
		this.path = new UserCopyPath(new FakeCopier() {
			@Override
			public void toRequest(int tag, IoBuffer source, int length) {
				throw new LinuxException("copy to", Errno.EINVAL);
			}
		}, 4, LARGEST, true);
		serve(new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				return read.transferFrom(UserCopyPathTests.this.file, 0);
			}
		});
		for (int i = 0; i < 50; i++) {
			CompletableFuture<byte[]> read = this.driver.read(0, 512);
			this.driver.endTransfer(this.driver.awaitTransfer());
			assertFails(read, BlockErrno.EIO);
		}
		assertThat(this.path.bytes()).isEqualTo(LARGEST);
	}

	@Test
	void readThatIsTransferredInPartsIsCopiedOutWhenItIsWhole() throws Exception {
		serve(new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				return read.transferFrom(UserCopyPathTests.this.file, 512);
			}
		});
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		TransferRequest first = this.driver.awaitTransfer();
		this.driver.endTransfer(first, 1024);
		TransferRequest rest = this.driver.awaitTransfer();
		assertThat(this.driver.copies()).isEmpty();
		assertThat(rest.position()).isEqualTo(512 + 1024);
		assertThat(rest.address()).isEqualTo(first.address() + 1024);
		this.driver.endTransfer(rest);
		assertThat(get(read)).hasSize(4096);
		assertThat(this.driver.copies()).containsExactly("to 0");
	}

	@Test
	void writeThatIsTransferredInPartsIsCopiedOnce() throws Exception {
		serve(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				return write.transferTo(UserCopyPathTests.this.file, 0);
			}
		});
		CompletableFuture<byte[]> write = this.driver.write(0, filled(4096, 1), 0);
		this.driver.endTransfer(this.driver.awaitTransfer(), 1024);
		this.driver.endTransfer(this.driver.awaitTransfer());
		get(write);
		assertThat(this.driver.copies()).containsExactly("from 0");
	}

	@Test
	void memoryOfATransferIsBackInThePoolWhenItEnds() throws Exception {
		serve(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				return write.transferTo(UserCopyPathTests.this.file, 0);
			}
		});
		for (int i = 0; i < 100; i++) {
			CompletableFuture<byte[]> write = this.driver.write(0, filled(4096, 1), 0);
			this.driver.endTransfer(this.driver.awaitTransfer());
			get(write);
		}
		assertThat(this.path.bytes()).isEqualTo(LARGEST);
		this.path.trim();
		this.path.trim();
		assertThat(this.path.bytes()).isZero();
	}

	@Test
	void bufferOfACancelledRequestIsNeverGivenToAnother() throws Exception {
		AtomicReference<ByteBuffer> kept = new AtomicReference<>();
		this.path = new UserCopyPath(new FakeCopier(), 4, 64 << 10, true);
		serve(new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				kept.set(read.buffer());
				return Mono.never();
			}
		});
		CompletableFuture<byte[]> cancelled = this.driver.read(0, 64 << 10);
		await().until(() -> kept.get() != null);
		queue().failEverything();
		assertFails(cancelled, BlockErrno.EIO);
		// the same path serves another queue, since this one serves nothing any more
		DriverDouble other = new DriverDouble(4, 64 << 10);
		BlockQueue successor = BlockQueue.forHandler("other", 0, 4, other, this.path, (read) -> {
			assertThat(read.buffer()).isNotSameAs(kept.get());
			return Mono.empty();
		}, this::failed);
		successor.start(PATIENCE);
		for (int i = 0; i < 10; i++) {
			get(other.read(0, 64 << 10));
		}
		Objects.requireNonNull(kept.get()).put(0, (byte) 8);
		this.path.trim();
		this.path.trim();
		this.path.release();
		assertThat(Objects.requireNonNull(kept.get()).get(0)).as("its content outlives the pool").isEqualTo((byte) 8);
		other.stop();
		assertThat(successor.awaitEnd(PATIENCE)).isTrue();
	}

	@Test
	void transferOfAReadGoesThroughABufferAndIsCopiedOut() throws Exception {
		serve(new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				return read.transferFrom(UserCopyPathTests.this.file, 512);
			}
		});
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		TransferRequest transfer = this.driver.awaitTransfer();
		assertThat(transfer.opcode()).isEqualTo(IoUring.OP_READ);
		assertThat(transfer.address() % 4096).isZero();
		assertThat(transfer.address()).isNotZero();
		this.driver.endTransfer(transfer);
		assertThat(get(read)).hasSize(4096);
		assertThat(this.driver.copies()).containsExactly("to 0");
	}

	@Test
	void transferOfAWriteFindsWhatTheDiskHasPutIntoTheBuffer() throws Exception {
		AtomicReference<ByteBuffer> buffer = new AtomicReference<>();
		serve(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				buffer.set(write.buffer());
				return write.transferTo(UserCopyPathTests.this.file, 512);
			}
		});
		CompletableFuture<byte[]> write = this.driver.write(0, filled(4096, 1), 0);
		TransferRequest transfer = this.driver.awaitTransfer();
		assertThat(transfer.address()).isEqualTo(LinuxPlatform.addressOf(Objects.requireNonNull(buffer.get())));
		this.driver.endTransfer(transfer);
		get(write);
		assertThat(this.driver.copies()).containsExactly("from 0");
	}

	@Test
	void twoTransfersOfAWriteShareTheirMemory() throws Exception {
		serve(storingTwice());
		CompletableFuture<byte[]> write = this.driver.write(0, filled(4096, 1), 0);
		List<TransferRequest> transfers = this.driver.awaitTransfers(2);
		assertThat(transfers.get(0).address()).isEqualTo(transfers.get(1).address());
		this.driver.endTransfer(transfers.get(0));
		assertThat(this.driver.awaitTransfer()).as("still uses it").isEqualTo(transfers.get(1));
		assertThat(this.path.bytes()).isEqualTo(LARGEST);
		this.driver.endTransfer(transfers.get(1));
		get(write);
		assertThat(this.driver.copies()).containsExactly("from 0", "from 0");
		this.path.trim();
		this.path.trim();
		assertThat(this.path.bytes()).isZero();
	}

	@Test
	void twoTransfersOfEveryRequestAtFullDepthStayWithinThePlan() throws Exception {
		serve(storingTwice());
		List<CompletableFuture<byte[]>> requests = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			requests.add((i % 2 == 0) ? this.driver.read(0, LARGEST) : this.driver.write(0, filled(LARGEST, i), 0));
		}
		List<TransferRequest> transfers = this.driver.awaitTransfers(8);
		assertThat(this.path.bytes()).isEqualTo(4 * LARGEST);
		transfers.forEach(this.driver::endTransfer);
		for (CompletableFuture<byte[]> request : requests) {
			get(request);
		}
	}

	private TestHandler storingTwice() {
		BackingFile twice = this.file;
		return new TestHandler() {
			@Override
			public Mono<Void> read(ReadRequest read) {
				return Mono.when(read.transferFrom(twice, 0), read.transferFrom(twice, 8192));
			}

			@Override
			public Mono<Void> write(WriteRequest write) {
				return Mono.when(write.transferTo(twice, 0), write.transferTo(twice, 8192));
			}
		};
	}

	@Test
	void bufferIsRefusedWhileATransferStoresTheRequestWithoutOne() throws Exception {
		AtomicReference<WriteRequest> kept = new AtomicReference<>();
		AtomicReference<byte[]> seen = new AtomicReference<>();
		serve(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				kept.set(write);
				return write.transferTo(UserCopyPathTests.this.file, 0)
					.then(Mono.fromRunnable(() -> seen.set(bytes(write.buffer()))));
			}
		});
		CompletableFuture<byte[]> write = this.driver.write(0, filled(4096, 1), 0);
		TransferRequest transfer = this.driver.awaitTransfer();
		assertThatIllegalStateException().isThrownBy(() -> Objects.requireNonNull(kept.get()).buffer())
			.withMessageContaining("stored by a transfer without a buffer; take the buffer before");
		this.driver.endTransfer(transfer);
		get(write);
		assertThat(seen.get()).as("afterwards").isEqualTo(filled(4096, 1));
	}

	@Test
	void transferThatBeginsWhileAnotherThreadTakesTheBufferUsesTheBuffer() throws Exception {
		CountDownLatch copying = new CountDownLatch(1);
		CountDownLatch mayCopy = new CountDownLatch(1);
		AtomicReference<ByteBuffer> buffer = new AtomicReference<>();
		this.path = new UserCopyPath(new FakeCopier() {
			@Override
			public void fromRequest(int tag, IoBuffer target, int length) {
				copying.countDown();
				join(mayCopy);
			}
		}, 4, LARGEST, true);
		serve(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest write) {
				new Thread(() -> buffer.set(write.buffer())).start();
				join(copying);
				return write.transferTo(UserCopyPathTests.this.file, 0);
			}
		});
		CompletableFuture<byte[]> write = this.driver.write(0, filled(4096, 1), 0);
		join(copying);
		assertThat(this.driver.awaitTransfers(0)).isEmpty();
		mayCopy.countDown();
		TransferRequest transfer = this.driver.awaitTransfer();
		await().until(() -> buffer.get() != null);
		assertThat(transfer.address()).isEqualTo(LinuxPlatform.addressOf(Objects.requireNonNull(buffer.get())));
		this.driver.endTransfer(transfer);
		get(write);
	}

	@Test
	void transferThatIsCancelledWhileItLooksForItsDataEndsUnheard() throws Exception {
		List<Throwable> dropped = Collections.synchronizedList(new ArrayList<>());
		AtomicReference<Disposable> transfer = new AtomicReference<>();
		CountDownLatch subscribed = new CountDownLatch(1);
		CountDownLatch looked = new CountDownLatch(1);
		this.path = new UserCopyPath(new FakeCopier(), 4, LARGEST, true) {
			@Override
			int fixedPages(IoRequest request) {
				join(subscribed);
				Objects.requireNonNull(transfer.get()).dispose();
				looked.countDown();
				throw new IllegalStateException("the request is no longer active");
			}
		};
		Hooks.onErrorDropped(dropped::add);
		try {
			serve(new TestHandler() {
				@Override
				public Mono<Void> write(WriteRequest write) {
					Thread other = new Thread(() -> {
						transfer.set(write.transferTo(UserCopyPathTests.this.file, 0).subscribe());
						subscribed.countDown();
					});
					other.start();
					return Mono.<Void>fromRunnable(() -> join(looked)).subscribeOn(Schedulers.boundedElastic());
				}
			});
			get(this.driver.write(0, filled(512, 1), 0));
		}
		finally {
			Hooks.resetOnErrorDropped();
		}
		assertThat(dropped).isEmpty();
	}

	private void serve(TestHandler handler) {
		start(handler, this.path);
	}

	static byte[] bytes(ByteBuffer buffer) {
		byte[] bytes = new byte[buffer.remaining()];
		buffer.get(buffer.position(), bytes);
		return bytes;
	}

	static void fill(ByteBuffer buffer, int value) {
		buffer.put(buffer.position(), filled(buffer.remaining(), value));
	}

	private static void join(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Copies nothing.
	 */
	static class FakeCopier implements RequestCopier {

		@Override
		public void fromRequest(int tag, IoBuffer target, int length) {
			// nothing
		}

		@Override
		public void toRequest(int tag, IoBuffer source, int length) {
			// nothing
		}

		@Override
		public void zeroRequest(int tag, int length) {
			// nothing
		}

	}

}
