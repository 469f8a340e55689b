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
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.engine.driver.IoOperation;
import io.github.ublk4j.engine.queue.DriverDouble.TransferRequest;
import io.github.ublk4j.store.FileBlockStore;
import io.github.ublk4j.store.StoreUnavailableException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for a queue that serves a {@link FileBlockStore} by transfers.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "transfers need Linux")
class FileStoreTransferTests extends AbstractQueueTests {

	@TempDir
	private Path folder;

	private FileBlockStore store;

	@BeforeEach
	void serve() {
		this.store = open();
		start(this.store.handler());
	}

	@AfterEach
	void closeStore() {
		this.store.close();
	}

	private FileBlockStore open() {
		return FileBlockStore.at(this.folder.resolve("disk.img")).size(1 << 20).open();
	}

	@Test
	void closeWaitsForATransferUnderWay() throws Exception {
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		TransferRequest transfer = this.driver.awaitTransfer();
		CompletableFuture<Void> closing = CompletableFuture.runAsync(this.store::close);
		await().until(() -> this.store.read(0, ByteBuffer.allocate(4096))
			.toFuture()
			.handle((done, failure) -> failure != null)
			.get(10, TimeUnit.SECONDS));
		assertThat(closing).isNotDone();
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(this::open)
			.withMessageContaining("already served");
		this.driver.endTransfer(transfer);
		get(read);
		closing.get(10, TimeUnit.SECONDS);
		open().close();
	}

	@Test
	void closeDoesNotWaitForATransferOfAQueueThatHasEndedInTime() throws Exception {
		CompletableFuture<byte[]> read = this.driver.read(0, 4096);
		TransferRequest transfer = this.driver.awaitTransfer();
		queue().terminate();
		await().until(() -> this.driver.cancelledTransfers().contains(transfer.slot()));
		this.driver.endTransfer(transfer, -125);
		assertFails(read, BlockErrno.EIO);
		assertThat(queue().awaitEnd(PATIENCE)).isTrue();
		CompletableFuture.runAsync(this.store::close).get(5, TimeUnit.SECONDS);
		open().close();
	}

	@Test
	void requestsOfADiskWhoseStoreIsClosedFailAndTheLogNamesTheFileOncePerBurst() {
		ListAppender<ILoggingEvent> log = new ListAppender<>();
		Logger logger = (Logger) LoggerFactory.getLogger(FailureLog.class);
		log.start();
		logger.addAppender(log);
		try {
			this.store.close();
			for (int i = 0; i < 20; i++) {
				assertFails(this.driver.read(i * 4096L, 4096), BlockErrno.EIO);
			}
			assertFails(this.driver.other(IoOperation.FLUSH, 0, 0), BlockErrno.EIO);
			assertFails(this.driver.other(IoOperation.DISCARD, 0, 4096), BlockErrno.EIO);
		}
		finally {
			logger.detachAppender(log);
		}
		assertThat(log.list).as("one for each operation").hasSize(3).allSatisfy((event) -> {
			assertThat(event.getFormattedMessage()).contains("disk 'test'").contains("failed with EIO");
			assertThat(event.getThrowableProxy().getMessage())
				.isEqualTo(this.folder.resolve("disk.img") + " is closed; stop the disk before its file or store");
		});
		assertThat(queue().snapshot().errors()).isEqualTo(22);
	}

	@Test
	void lostWriteReportedToAFlushThatNobodyWaitsForFailsEveryLaterOne() {
		CompletableFuture<byte[]> flush = this.driver.other(IoOperation.FLUSH, 0, 0);
		this.driver.endTransfer(this.driver.awaitTransfer(), -5);
		assertFails(flush, BlockErrno.EIO);
		assertFails(this.driver.other(IoOperation.FLUSH, 0, 0), BlockErrno.EIO);
		assertThat(this.store.flush().toFuture()).failsWithin(PATIENCE)
			.withThrowableThat()
			.withMessageContaining("an earlier flush failed");
	}

}
