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
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.driver.IoOperation;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import io.github.ublk4j.engine.queue.DriverDouble.TransferRequest;
import io.github.ublk4j.engine.uring.IoUring;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link ZeroCopyPath}.
 */
class ZeroCopyPathTests extends AbstractQueueTests {

	private final BackingFile file = TestFile.of(70);

	private final ZeroCopyPath automatic = new ZeroCopyPath(this.driver.copier(), 4, 8192, true, true);

	private final ZeroCopyPath byCommand = new ZeroCopyPath(this.driver.copier(), 4, 8192, true, false);

	@AfterEach
	void memoryIsReleased() {
		this.automatic.release();
		this.byCommand.release();
	}

	@Test
	void readIsTransferredIntoTheFixedBufferOfItsTag() throws Exception {
		serve(this.automatic, (read) -> read.transferFrom(this.file, 512));
		for (int i = 0; i < 4; i++) {
			this.driver.read(0, 4096);
		}
		List<TransferRequest> transfers = this.driver.awaitTransfers(4);
		assertThat(transfers).extracting(TransferRequest::fixedBuffer).containsExactlyInAnyOrder(0, 1, 2, 3);
		assertThat(transfers).allSatisfy((transfer) -> {
			assertThat(transfer.opcode()).isEqualTo(IoUring.OP_READ_FIXED);
			assertThat(transfer.address()).isZero();
			assertThat(transfer.length()).isEqualTo(4096);
		});
		assertThat(this.automatic.bytes()).isZero();
	}

	@Test
	void transferredReadIsNeitherCopiedNorZeroed() throws Exception {
		serve(this.automatic, (read) -> read.transferFrom(this.file, 512));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		this.driver.endTransfer(this.driver.awaitTransfer());
		assertThat(get(read)).containsOnly(DriverDouble.UNTOUCHED);
		assertThat(this.driver.copies()).isEmpty();
		assertThat(this.driver.registrations()).isEmpty();
	}

	@Test
	void readAfterATransferredOneWithoutATransferIsZeroed() throws Exception {
		serve(this.automatic, (read) -> (read.offset() == 0) ? read.transferFrom(this.file, 0) : Mono.empty());
		for (int i = 0; i < 2 * RequestPool.QUARANTINE; i++) {
			CompletableFuture<byte[]> transferred = this.driver.read(0, 512);
			this.driver.endTransfer(this.driver.awaitTransfer());
			get(transferred);
			assertThat(get(this.driver.read(512, 512))).isEqualTo(new byte[512]);
		}
	}

	@Test
	void failedTransferThatTheDiskMakesGoodIsZeroed() throws Exception {
		serve(this.automatic, (read) -> read.transferFrom(this.file, 0).onErrorComplete());
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		this.driver.endTransfer(this.driver.awaitTransfer(), 1024);
		this.driver.endTransfer(this.driver.awaitTransfer(), -5);
		assertThat(get(read)).isEqualTo(new byte[4096]);
	}

	@Test
	void writeIsTransferredFromTheFixedBufferOfItsTag() throws Exception {
		serveWrites(this.automatic, (write) -> write.transferTo(this.file, 512));
		CompletableFuture<byte[]> write = this.driver.write(0, filled(4096, 1), IoOperation.FLAG_FUA);
		TransferRequest transfer = this.driver.awaitTransfer();
		assertThat(transfer)
			.isEqualTo(new TransferRequest(transfer.slot(), IoUring.OP_WRITE_FIXED, 70, 512, 0, 4096, 2, 0));
		this.driver.endTransfer(transfer);
		get(write);
		assertThat(this.driver.copies()).isEmpty();
	}

	@Test
	void shortTransferIsContinuedAtAnOffsetInTheFixedBuffer() throws Exception {
		serve(this.byCommand, (read) -> read.transferFrom(this.file, 512));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		this.driver.endTransfer(this.driver.awaitTransfer(), 1000);
		TransferRequest rest = this.driver.awaitTransfer();
		assertThat(rest).isEqualTo(new TransferRequest(rest.slot(), IoUring.OP_READ_FIXED, 70, 1512, 1000, 3096, 0, 0));
		this.driver.endTransfer(rest);
		get(read);
		assertThat(this.driver.registrations()).containsExactly("register 0", "unregister 0");
	}

	@Test
	void transferAfterTheBufferWasTakenUsesTheBuffer() throws Exception {
		AtomicReference<Long> address = new AtomicReference<>();
		serve(this.automatic, (read) -> {
			address.set(LinuxPlatform.addressOf(read.buffer()));
			return read.transferFrom(this.file, 512);
		});
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		TransferRequest transfer = this.driver.awaitTransfer();
		assertThat(transfer.opcode()).isEqualTo(IoUring.OP_READ);
		assertThat(transfer.fixedBuffer()).isEqualTo(DataPath.NO_FIXED_BUFFER);
		assertThat(transfer.address()).isEqualTo(address.get());
		this.driver.endTransfer(transfer);
		assertThat(get(read)).isEqualTo(new byte[4096]);
		assertThat(this.driver.copies()).containsExactly("to 0");
	}

	@Test
	void transferOfAWriteAfterTheBufferWasTakenUsesTheBuffer() throws Exception {
		serveWrites(this.byCommand, (write) -> {
			write.buffer().put(0, (byte) 9);
			return write.transferTo(this.file, 512);
		});
		CompletableFuture<byte[]> write = this.driver.write(0, filled(4096, 1), 0);
		TransferRequest transfer = this.driver.awaitTransfer();
		assertThat(transfer.opcode()).isEqualTo(IoUring.OP_WRITE);
		this.driver.endTransfer(transfer);
		get(write);
		assertThat(this.driver.registrations()).isEmpty();
	}

	@Test
	void bufferTakenAfterATransferWithoutOneIsRefused() throws Exception {
		AtomicReference<Throwable> refused = new AtomicReference<>();
		serve(this.automatic,
				(read) -> read.transferFrom(this.file, 512)
					.then(Mono.<Void>fromRunnable(read::buffer))
					.doOnError(refused::set));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		this.driver.endTransfer(this.driver.awaitTransfer());
		assertFails(read, BlockErrno.EIO);
		assertThat(refused.get()).isInstanceOf(IllegalStateException.class)
			.hasMessageContaining("filled by a transfer without a buffer")
			.hasMessageContaining("take the buffer before the transfer");
	}

	@Test
	void pagesThatTheDriverCouldNotRegisterAreRegisteredByCommand() throws Exception {
		serveWrites(this.automatic, (write) -> write.transferTo(this.file, 0));
		CompletableFuture<byte[]> write = this.driver.write(0, filled(512, 1), IoOperation.FLAG_NEED_REG_BUF);
		TransferRequest transfer = this.driver.awaitTransfer();
		assertThat(transfer.fixedBuffer()).isZero();
		assertThat(this.driver.registrations()).containsExactly("register 0");
		this.driver.endTransfer(transfer);
		get(write);
		assertThat(this.driver.registrations()).containsExactly("register 0", "unregister 0");
		CompletableFuture<byte[]> next = this.driver.write(0, filled(512, 1), 0);
		this.driver.endTransfer(this.driver.awaitTransfer());
		get(next);
		assertThat(this.driver.registrations()).containsExactly("register 0", "unregister 0");
	}

	@Test
	void pagesAreRegisteredOnceForTwoTransfers() throws Exception {
		serveWrites(this.byCommand,
				(write) -> Mono.when(write.transferTo(this.file, 0), write.transferTo(this.file, 4096))
					.then(write.transferTo(this.file, 8192)));
		CompletableFuture<byte[]> write = this.driver.write(0, filled(512, 1), 0);
		this.driver.awaitTransfers(2).forEach(this.driver::endTransfer);
		this.driver.endTransfer(this.driver.awaitTransfer());
		get(write);
		assertThat(this.driver.registrations()).containsExactly("register 0", "unregister 0");
	}

	@Test
	void requestWithoutATransferRegistersNothing() throws Exception {
		serve(this.byCommand, (read) -> Mono.empty());
		assertThat(get(this.driver.read(0, 512))).isEqualTo(new byte[512]);
		assertThat(this.driver.registrations()).isEmpty();
	}

	@Test
	void pagesOfACancelledRequestAreUnregistered() {
		serve(this.byCommand, (read) -> read.transferFrom(this.file, 0));
		CompletableFuture<byte[]> read = this.driver.read(0, 512);
		this.driver.awaitTransfer();
		queue().failEverything();
		assertFails(read, BlockErrno.EIO);
		assertThat(this.driver.registrations()).containsExactly("register 0", "unregister 0");
	}

	@Test
	void bufferIsRefusedWhileATransferFillsThePages() throws Exception {
		AtomicReference<ReadRequest> kept = new AtomicReference<>();
		serve(this.automatic, (read) -> {
			kept.set(read);
			return read.transferFrom(this.file, 512);
		});
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		TransferRequest transfer = this.driver.awaitTransfer();
		assertThatIllegalStateException().isThrownBy(() -> Objects.requireNonNull(kept.get()).buffer())
			.withMessageContaining("take the buffer before");
		this.driver.endTransfer(transfer);
		get(read);
	}

	@Test
	void eitherTheBufferOrTheTransferOfTwoThreadsIsFirst() throws Exception {
		ExecutorService other = Executors.newSingleThreadExecutor();
		AtomicReference<Future<ByteBuffer>> asked = new AtomicReference<>();
		serve(this.automatic, (read) -> {
			CountDownLatch running = new CountDownLatch(1);
			asked.set(other.submit(() -> {
				running.countDown();
				return read.buffer();
			}));
			join(running);
			return read.transferFrom(this.file, 512);
		});
		for (int i = 0; i < 1000; i++) {
			CompletableFuture<byte[]> read = this.driver.read(0, 8192);
			TransferRequest transfer = this.driver.awaitTransfer();
			boolean buffer = outcome(Objects.requireNonNull(asked.get()));
			assertThat(buffer).isEqualTo(transfer.fixedBuffer() == DataPath.NO_FIXED_BUFFER);
			this.driver.endTransfer(transfer);
			get(read);
		}
		other.shutdown();
		assertThat(this.automatic.bytes()).isLessThanOrEqualTo(4 * 8192);
	}

	private static boolean outcome(Future<ByteBuffer> asked) throws Exception {
		try {
			asked.get(10, TimeUnit.SECONDS);
			return true;
		}
		catch (ExecutionException ex) {
			assertThat(ex).hasRootCauseInstanceOf(IllegalStateException.class)
				.hasMessageContaining("filled by a transfer without a buffer");
			return false;
		}
	}

	private static void join(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void transferWhosePagesCannotBeRegisteredGoesThroughABuffer() throws Exception {
		serve(this.byCommand, (read) -> read.transferFrom(this.file, 512));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		this.driver.failRegistration(0, this.driver.awaitTransfer());
		TransferRequest again = this.driver.awaitTransfer();
		assertThat(again.opcode()).isEqualTo(IoUring.OP_READ);
		assertThat(again.position()).isEqualTo(512);
		assertThat(again.length()).isEqualTo(4096);
		this.driver.endTransfer(again);
		assertThat(get(read)).isEqualTo(new byte[4096]);
		assertThat(this.driver.copies()).containsExactly("to 0");
		assertThat(this.driver.registrations()).containsExactly("register 0");
	}

	@Test
	void twoTransfersWhosePagesCannotBeRegisteredGoThroughBuffers() throws Exception {
		serveWrites(this.byCommand,
				(write) -> Mono.when(write.transferTo(this.file, 0), write.transferTo(this.file, 4096)));
		CompletableFuture<byte[]> write = this.driver.write(0, filled(512, 1), 0);
		List<TransferRequest> transfers = this.driver.awaitTransfers(2);
		this.driver.failRegistration(0, transfers.get(0));
		// only the first is linked to the registration; the second finds no buffer
		this.driver.endTransfer(transfers.get(1), -Errno.EFAULT);
		List<TransferRequest> again = this.driver.awaitTransfers(2);
		assertThat(again).extracting(TransferRequest::opcode).containsOnly(IoUring.OP_WRITE);
		assertThat(again).extracting(TransferRequest::position).containsExactlyInAnyOrder(0L, 4096L);
		again.forEach(this.driver::endTransfer);
		get(write);
		assertThat(this.driver.copies()).containsExactly("from 0", "from 0");
	}

	@Test
	void badAddressWithRegisteredPagesIsAnError() {
		serve(this.automatic, (read) -> read.transferFrom(this.file, 512));
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		this.driver.endTransfer(this.driver.awaitTransfer(), -Errno.EFAULT);
		assertFails(read, BlockErrno.EIO);
	}

	private void serve(DataPath path, Function<ReadRequest, Mono<Void>> read) {
		start(read::apply, path);
	}

	private void serveWrites(DataPath path, Function<WriteRequest, Mono<Void>> write) {
		start(new TestHandler() {
			@Override
			public Mono<Void> write(WriteRequest request) {
				return write.apply(request);
			}
		}, path);
	}

}
