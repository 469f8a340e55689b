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
import java.util.function.Function;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.engine.queue.DriverDouble.TransferRequest;
import io.github.ublk4j.engine.uring.IoUring;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CopyPath}.
 */
class CopyPathTests extends AbstractQueueTests {

	private static final int SIZE = 8192;

	private final BackingFile file = TestFile.of(70);

	private final List<List<BufferMemory>> registered = new ArrayList<>();

	private final CopyPath path = new CopyPath(4, SIZE, true);

	@AfterEach
	void memoryIsReleased() {
		this.path.release();
	}

	@Test
	void firstTransferRegistersTheBuffersAndAllNameThem() throws Exception {
		serve(true, (read) -> read.transferFrom(this.file, 512));
		for (int i = 0; i < 4; i++) {
			this.driver.read(0, 4096);
		}
		List<TransferRequest> transfers = this.driver.awaitTransfers(4);
		long first = this.path.commandAddress(0);
		assertThat(transfers).extracting(TransferRequest::address)
			.containsExactlyInAnyOrder(first, first + SIZE, first + 2 * SIZE, first + 3 * SIZE);
		assertThat(transfers).extracting(TransferRequest::opcode).containsOnly(IoUring.OP_READ_FIXED);
		assertThat(transfers).extracting(TransferRequest::fixedBuffer).containsOnly(0);
		assertThat(this.registered).singleElement()
			.satisfies((memory) -> assertThat(memory).singleElement()
				.returns(first, BufferMemory::address)
				.satisfies((region) -> assertThat(region.buffer().capacity()).isEqualTo(4 * SIZE)));
		assertThat(this.driver.registrations()).as("pages of requests").isEmpty();
	}

	@Test
	void transferGoesByAddressIfTheKernelDoesNotRegister() throws Exception {
		serve(false, (read) -> read.transferFrom(this.file, 512));
		for (int i = 0; i < 2; i++) {
			CompletableFuture<byte[]> read = this.driver.read(0, 4096);
			TransferRequest transfer = this.driver.awaitTransfer();
			assertThat(transfer.opcode()).isEqualTo(IoUring.OP_READ);
			assertThat(transfer.fixedBuffer()).isEqualTo(DataPath.NO_FIXED_BUFFER);
			assertThat(transfer.address()).isNotZero();
			this.driver.endTransfer(transfer);
			get(read);
		}
		assertThat(this.registered).as("asked once").hasSize(1);
	}

	@Test
	void queueWithoutTransfersRegistersNothing() throws Exception {
		serve(true, (read) -> Mono.empty());
		get(this.driver.read(0, 4096));
		assertThat(this.registered).isEmpty();
	}

	@Test
	void bufferThatReplacesAnAbandonedOneIsNamedByItsAddress() throws Exception {
		serve(true, (read) -> (read.offset() == 0) ? Mono.never() : read.transferFrom(this.file, 0));
		queue().answeringWithin(Duration.ofMillis(1));
		List<CompletableFuture<byte[]>> abandoned = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			abandoned.add(this.driver.read(0, 4096));
		}
		await().until(() -> {
			queue().failOverdue(Duration.ZERO);
			return abandoned.stream().allMatch(CompletableFuture::isDone);
		});
		for (CompletableFuture<byte[]> read : abandoned) {
			assertFails(read, BlockErrno.ETIMEDOUT);
		}
		queue().answeringWithin(Duration.ZERO);
		this.driver.read(512, 4096);
		TransferRequest transfer = this.driver.awaitTransfer();
		assertThat(transfer.opcode()).isEqualTo(IoUring.OP_READ);
		assertThat(transfer.fixedBuffer()).isEqualTo(DataPath.NO_FIXED_BUFFER);
	}

	/** Requests that it has served in the meantime must not keep it. */
	@Test
	void abandonedBufferComesBackWhenItsHandlerHasLetGo() throws Exception {
		serve(false, (read) -> (read.offset() == 0) ? Mono.never() : Mono.empty());
		// more often than the queue may give buffers up at the same time
		for (int i = 0; i < 20; i++) {
			for (int j = 0; j < 8; j++) {
				get(this.driver.read(512, 4096));
			}
			System.gc();
			queue().answeringWithin(Duration.ofMillis(1));
			CompletableFuture<byte[]> forgotten = this.driver.read(0, 4096);
			await().until(() -> {
				queue().failOverdue(Duration.ZERO);
				return forgotten.isDone();
			});
			assertFails(forgotten, BlockErrno.ETIMEDOUT);
			queue().answeringWithin(Duration.ZERO);
		}
	}

	private void serve(boolean registers, Function<ReadRequest, Mono<Void>> read) {
		this.driver.onRegistration((memory) -> {
			this.registered.add(memory);
			return registers;
		});
		start(new TestHandler() {

			@Override
			public Mono<Void> read(ReadRequest request) {
				return read.apply(request);
			}

		}, this.path);
	}

}
