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
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

import static io.github.ublk4j.layer.TestBytes.bytes;
import static io.github.ublk4j.layer.TestBytes.errno;
import static io.github.ublk4j.layer.TestBytes.read;
import static io.github.ublk4j.layer.TestBytes.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class ReadaheadStoreTests {

	private static final int BLOCK = 4096;

	// the last block is a short one
	private static final int SIZE = 64 * BLOCK + 1024;

	private final RecordingStore below = new RecordingStore(SIZE);

	private final ReadaheadStore layer = new ReadaheadStore(this.below, 4 * BLOCK, 8 * BLOCK, BLOCK);

	ReadaheadStoreTests() {
		write(this.below, 0, SIZE, 3);
		this.below.journal().clear();
	}

	private static long at(int block) {
		return (long) block * BLOCK;
	}

	@Test
	void secondReadOfStreamReadsTheWindowAhead() {
		read(this.layer, 0, BLOCK);
		assertThat(this.below.journal()).containsExactly("READ 0+4096");
		assertThat(read(this.layer, BLOCK, BLOCK)).containsOnly(3);
		assertThat(this.below.journal()).containsExactly("READ 0+4096", "READ 4096+4096", "READ 8192+4096",
				"READ 12288+4096", "READ 16384+4096", "READ 20480+4096");
		this.below.journal().clear();
		assertThat(read(this.layer, at(2), 2 * BLOCK)).containsOnly(3);
		assertThat(this.below.journal()).containsExactly("READ 24576+4096", "READ 28672+4096");
		assertThat(this.layer.usedBytes()).isEqualTo(2 * BLOCK);
		assertThat(this.layer.prefetchedBytes()).isEqualTo(6 * BLOCK);
		// what was read has been given up
		assertThat(this.layer.heldBytes()).isEqualTo(4 * BLOCK);
	}

	@Test
	void readsAtRandomReadNothingAhead() {
		for (int block : new int[] { 7, 3, 12, 5, 40, 9 }) {
			read(this.layer, at(block), BLOCK);
		}
		assertThat(this.below.journal()).hasSize(6);
		assertThat(this.layer.heldBytes()).isZero();
	}

	@Test
	void streamsThatTakeTurnsAreAllReadAhead() {
		for (int i = 0; i < 6; i++) {
			read(this.layer, at(i), BLOCK);
			read(this.layer, at(32 + i), BLOCK);
		}
		// the two first reads of each
		assertThat(this.layer.usedBytes()).isEqualTo(2 * 4 * BLOCK);
	}

	@Test
	void nothingIsReadBeyondTheEnd() {
		for (int i = 60; i < 64; i++) {
			read(this.layer, at(i), BLOCK);
		}
		assertThat(read(this.layer, at(64), 1024)).containsOnly(3);
		assertThat(this.below.journal()).contains("READ 262144+1024")
			.noneMatch((request) -> request.equals("READ 262144+4096"));
		assertThat(errno(this.layer.read(SIZE - 512, bytes(1024, 0)))).isEqualTo(BlockErrno.EINVAL);
	}

	@Test
	void memoryIsBoundedWhateverIsRead() {
		this.below.hold(BlockOperation.READ);
		for (int i = 0; i < 60; i++) {
			this.layer.read(at(i), bytes(BLOCK, 0)).subscribe();
			assertThat(this.layer.heldBytes()).isLessThanOrEqualTo(8 * BLOCK);
		}
		this.layer.discard(0, SIZE).subscribe();
		// memory that a read may still fill is not free
		assertThat(this.layer.heldBytes()).isEqualTo(8 * BLOCK);
		this.below.release();
		assertThat(this.layer.heldBytes()).isLessThanOrEqualTo(8 * BLOCK);
		assertThat(read(this.layer, 0, SIZE)).containsOnly(0);
	}

	@Test
	void streamsThatEndedGiveTheirRoomUp() {
		for (int stream = 0; stream < 8; stream++) {
			read(this.layer, at(stream * 8), BLOCK);
			read(this.layer, at(stream * 8 + 1), BLOCK);
		}
		this.below.journal().clear();
		read(this.layer, at(7 * 8 + 2), BLOCK);
		assertThat(this.below.journal()).doesNotContain("READ " + (7 * 8 + 2) * BLOCK + "+4096");
	}

	@ParameterizedTest
	@CsvSource({ "1, 4096", "1, 512", "16, 4096", "16, 512" })
	void smallReadsAtTheLimitOfTheCapacityReadLittleTwice(int streams, int request) {
		int block = 16384;
		int length = 32 * block;
		int distance = 2 * length;
		RecordingStore large = new RecordingStore((long) streams * distance);
		try (ReadaheadStore store = new ReadaheadStore(large, 8L * block, (long) streams * 8 * block, block)) {
			for (int at = 0; at < length; at += request) {
				for (int stream = 0; stream < streams; stream++) {
					read(store, (long) stream * distance + at, request);
				}
			}
			assertThat(bytesRead(large)).isLessThanOrEqualTo(2L * streams * length);
			assertThat(store.usedBytes()).isGreaterThan((long) streams * (length - block));
		}
	}

	private static long bytesRead(RecordingStore store) {
		return store.journal()
			.stream()
			.mapToLong((request) -> Long.parseLong(request.substring(request.indexOf('+') + 1)))
			.sum();
	}

	@Test
	void writtenBlocksAreReadAnew() {
		readAheadOf(2);
		write(this.layer, 3 * BLOCK, 512, 9);
		assertThat(read(this.layer, at(3), 512)).containsOnly(9);
		assertThat(read(this.layer, at(2), BLOCK)).containsOnly(3);
		this.layer.discard(4 * BLOCK, BLOCK).block();
		assertThat(read(this.layer, at(4), BLOCK)).containsOnly(0);
		this.layer.writeZeroes(5 * BLOCK, BLOCK, true).block();
		assertThat(read(this.layer, at(5), BLOCK)).containsOnly(0);
	}

	/** Leaves what is behind a block read ahead. */
	private void readAheadOf(int block) {
		read(this.layer, at(block - 2), BLOCK);
		read(this.layer, at(block - 1), BLOCK);
		assertThat(this.layer.heldBytes()).isGreaterThanOrEqualTo(4 * BLOCK);
	}

	@Test
	void whatIsBeingReadAheadWhenItIsWrittenIsNotUsed() {
		read(this.layer, 0, BLOCK);
		this.below.hold(BlockOperation.READ);
		CompletableFuture<Void> second = this.layer.read(BLOCK, bytes(BLOCK, 0)).toFuture();
		assertThat(this.below.waiting()).isEqualTo(5);
		ByteBuffer early = ByteBuffer.allocate(BLOCK);
		CompletableFuture<Void> third = this.layer.read(2 * BLOCK, early).toFuture();
		write(this.layer, 2 * BLOCK, BLOCK, 9);
		this.below.release();
		assertThat(second).isCompleted();
		assertThat(third).isCompleted();
		assertThat(early.array()).containsOnly(9);
		assertThat(read(this.layer, at(2), BLOCK)).containsOnly(9);
	}

	@Test
	void nothingIsReadAheadWhereAWriteIsUnderWayEvenIfItWasCancelled() {
		this.below.hold(BlockOperation.WRITE);
		this.layer.write(3 * BLOCK, bytes(BLOCK, 9)).subscribe().dispose();
		read(this.layer, 0, BLOCK);
		read(this.layer, BLOCK, BLOCK);
		assertThat(this.below.journal()).contains("READ 8192+4096", "READ 16384+4096")
			.doesNotContain("READ 12288+4096");
		this.below.release();
		assertThat(read(this.layer, at(3), BLOCK)).containsOnly(9);
		readAheadOf(8);
		assertThat(this.below.journal()).contains("READ 36864+4096");
	}

	@Test
	void errorsOfReadingAheadAreNobodys() {
		read(this.layer, 0, BLOCK);
		this.below.hold(BlockOperation.READ);
		CompletableFuture<Void> second = this.layer.read(BLOCK, bytes(BLOCK, 0)).toFuture();
		this.below.failNext(BlockOperation.READ, 2, BlockErrno.EIO);
		// its own read is the only one that is not under way yet
		CompletableFuture<Void> third = this.layer.read(2 * BLOCK, bytes(BLOCK, 0)).toFuture();
		this.below.release();
		assertThat(second).isCompleted();
		assertThat(third).isCompleted();
		for (int i = 3; i < 12; i++) {
			assertThat(read(this.layer, at(i), BLOCK)).containsOnly(3);
		}
		assertThat(this.below.journal()).as("read again by those who asked").contains("READ 24576+4096");
	}

	@Test
	void readThatHasBegunDoesNotFailIfTheHeapIsFullWhenOthersAreReadAhead() {
		AtomicBoolean full = new AtomicBoolean();
		ReadaheadStore store = new ReadaheadStore(new ForwardingBlockStore(this.below) {
			@Override
			public Mono<Void> read(long offset, ByteBuffer destination) {
				if (offset >= 2 * BLOCK && full.get()) {
					throw new OutOfMemoryError("as a test");
				}
				return super.read(offset, destination);
			}
		}, 4 * BLOCK, 8 * BLOCK, BLOCK);
		read(store, 0, BLOCK);
		full.set(true);
		this.below.hold(BlockOperation.READ);
		CompletableFuture<Void> second = store.read(BLOCK, bytes(BLOCK, 0)).toFuture();
		assertThat(second).isNotDone();
		this.below.release();
		assertThat(second).isCompleted();
		full.set(false);
		assertThat(store.heldBytes()).isZero();
		assertThat(read(store, 2 * BLOCK, BLOCK)).containsOnly(3);
		store.close();
	}

	@Test
	void errorsOfTheReadItselfReachWhoAsked() {
		this.below.failNext(BlockOperation.READ, 1, BlockErrno.ENODATA);
		assertThat(errno(this.layer.read(0, bytes(BLOCK, 0)))).isEqualTo(BlockErrno.ENODATA);
		this.below.failNext(BlockOperation.READ, 1, BlockErrno.ENODATA);
		assertThat(errno(this.layer.read(BLOCK, bytes(BLOCK, 0)))).isEqualTo(BlockErrno.ENODATA);
	}

	@Test
	void randomRequestsAreThoseOfModel() {
		long seed = Long.getLong("ublk.test.seed", System.nanoTime());
		Random random = new Random(seed);
		byte[] model = new byte[SIZE];
		Arrays.fill(model, (byte) 3);
		int next = 0;
		for (int i = 0; i < 4000; i++) {
			int offset = (random.nextInt(8) == 0) ? random.nextInt(SIZE / 512) * 512 : next % SIZE;
			int length = Math.min(SIZE - offset, (1 + random.nextInt(20)) * 512);
			if (random.nextInt(4) == 0) {
				byte value = (byte) random.nextInt(100);
				int at = Math.min(SIZE - 512, offset + random.nextInt(8) * 512);
				write(this.layer, at, 512, value);
				Arrays.fill(model, at, at + 512, value);
			}
			assertThat(read(this.layer, offset, length)).as("with -Dublk.test.seed=%d", seed)
				.isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
			next = offset + length;
		}
		assertThat(this.layer.usedBytes()).isPositive();
	}

	@Test
	void closeWaitsForWhatIsBeingRead() throws Exception {
		read(this.layer, 0, BLOCK);
		this.below.hold(BlockOperation.READ);
		this.layer.read(BLOCK, bytes(BLOCK, 0)).subscribe();
		Thread closing = new Thread(this.layer::close);
		closing.start();
		TimeUnit.MILLISECONDS.sleep(100);
		assertThat(this.below.isClosed()).isFalse();
		this.below.release();
		closing.join(10_000);
		assertThat(this.below.isClosed()).isTrue();
		assertThat(this.layer.heldBytes()).isZero();
		this.layer.close();
	}

	@Test
	void optionsOutOfBoundsAreRefused() {
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new ReadaheadStore(this.below, 8192, 8192, 1000))
			.withMessage("blockSize is 1000. Use a power of two from 4KB to 1MB, such as 128KB.");
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new ReadaheadStore(this.below, 4096, 8192, 8192))
			.withMessage("window is 4096. Use at least one block, 8192 bytes.");
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new ReadaheadStore(this.below, 8192, 4096, 4096))
			.satisfies((ex) -> assertThat(ex.option()).isEqualTo("capacity"));
	}

}
