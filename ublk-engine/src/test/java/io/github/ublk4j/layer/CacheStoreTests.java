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

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import static io.github.ublk4j.layer.TestBytes.bytes;
import static io.github.ublk4j.layer.TestBytes.errno;
import static io.github.ublk4j.layer.TestBytes.read;
import static io.github.ublk4j.layer.TestBytes.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class CacheStoreTests {

	// the last block is a short one
	private static final int SIZE = 64 * 4096 + 1024;

	private final RecordingStore below = new RecordingStore(SIZE);

	private CacheStore writeThrough() {
		return CacheStore.over(this.below).blockSize(4096).capacity(1 << 20).build();
	}

	private CacheStore writeBack(int limit) {
		return CacheStore.over(this.below).blockSize(4096).capacity(1 << 20).writeBack(limit).build();
	}

	@Test
	void whatWasReadIsNotReadAgain() {
		write(this.below, 0, SIZE, 3);
		this.below.journal().clear();
		CacheStore cache = writeThrough();
		assertThat(read(cache, 5120, 8192)).containsOnly(3);
		assertThat(this.below.journal()).containsExactly("READ 4096+12288");
		assertThat(read(cache, 4096, 12288)).containsOnly(3);
		assertThat(read(cache, SIZE - 512, 512)).containsOnly(3);
		assertThat(read(cache, SIZE - 1024, 1024)).containsOnly(3);
		assertThat(this.below.journal()).containsExactly("READ 4096+12288", "READ 262144+1024");
		assertThat(cache.cachedBytes()).isEqualTo(4 * 4096);
	}

	@Test
	void onlyWhatIsMissingIsRead() {
		CacheStore cache = writeThrough();
		read(cache, 4096, 4096);
		this.below.journal().clear();
		read(cache, 0, 16384);
		assertThat(this.below.journal()).containsExactlyInAnyOrder("READ 0+4096", "READ 8192+8192");
	}

	@Test
	void failedReadHoldsItsBufferUntilAllOfItHasEnded() {
		CacheStore cache = writeThrough();
		read(cache, 4096, 4096);
		this.below.failNext(BlockOperation.READ, 1, BlockErrno.EREMOTEIO);
		this.below.hold(BlockOperation.READ);

		CompletableFuture<Void> reading = cache.read(0, bytes(16384, 0)).toFuture();

		assertThat(this.below.waiting()).as("the part that has not failed").isEqualTo(1);
		assertThat(reading).isNotDone();
		this.below.release();
		assertThat(errno(Mono.fromFuture(reading))).isEqualTo(BlockErrno.EREMOTEIO);
	}

	@Test
	void writeThroughIsInTheStoreAndInTheCache() {
		CacheStore cache = writeThrough();
		read(cache, 0, 4096);
		this.below.journal().clear();
		write(cache, 512, 8192, 7);
		assertThat(this.below.journal()).containsExactly("WRITE 512+8192");
		assertThat(read(cache, 0, 512)).containsOnly(0);
		assertThat(read(cache, 512, 7680)).containsOnly(7);
		assertThat(this.below.journal()).hasSize(1);
		// the block of which only a part was written
		assertThat(read(cache, 8192, 512)).containsOnly(7);
		assertThat(read(cache, 8704, 512)).containsOnly(0);
		assertThat(cache.operations()).isEqualTo(this.below.operations());
		assertThat(cache.dirtyBytes()).isZero();
	}

	@Test
	void failedWriteThroughIsForgotten() {
		CacheStore cache = writeThrough();
		write(cache, 0, 4096, 1);
		this.below.failNext(BlockOperation.WRITE, 1, BlockErrno.EIO);
		assertThat(errno(cache.write(0, bytes(4096, 2)))).isEqualTo(BlockErrno.EIO);
		assertThat(read(cache, 0, 4096)).containsOnly(1);
		assertThat(this.below.journal()).endsWith("READ 0+4096");
	}

	@Test
	void writeBackReachesTheStoreWithTheFlush() {
		CacheStore cache = writeBack(1 << 20);
		write(cache, 0, 8192, 7);
		write(cache, 0, 8192, 8);
		assertThat(this.below.journal()).isEmpty();
		assertThat(cache.dirtyBytes()).isEqualTo(8192);
		assertThat(read(cache, 0, 8192)).containsOnly(8);
		cache.flush().block();
		assertThat(this.below.journal()).containsExactlyInAnyOrder("WRITE 0+4096", "WRITE 4096+4096", "FLUSH")
			.endsWith("FLUSH");
		assertThat(this.below.content(0, 8192)).containsOnly(8);
		assertThat(cache.dirtyBytes()).isZero();
		assertThat(read(cache, 0, 8192)).containsOnly(8);
		cache.flush().block();
		assertThat(this.below.journal()).hasSize(4);
	}

	@Test
	void writeBackOfPartReadsTheRestFirst() {
		write(this.below, 0, SIZE, 1);
		this.below.journal().clear();
		CacheStore cache = writeBack(1 << 20);
		write(cache, 3584, 8192, 2);
		assertThat(this.below.journal()).containsExactly("READ 0+4096", "READ 8192+4096");
		write(cache, SIZE - 512, 512, 3);
		cache.flush().block();
		assertThat(this.below.content(0, 3584)).containsOnly(1);
		assertThat(this.below.content(3584, 8192)).containsOnly(2);
		assertThat(this.below.content(11776, 512)).containsOnly(1);
		assertThat(this.below.content(SIZE - 1024, 512)).containsOnly(1);
		assertThat(this.below.content(SIZE - 512, 512)).containsOnly(3);
	}

	@Test
	void failedWriteBackFailsTheFlushAndKeepsTheData() {
		CacheStore cache = writeBack(1 << 20);
		write(cache, 0, 16384, 7);
		this.below.failNext(BlockOperation.WRITE, 1, BlockErrno.ENOSPC);
		assertThat(errno(cache.flush())).isEqualTo(BlockErrno.ENOSPC);
		assertThat(this.below.journal()).doesNotContain("FLUSH");
		assertThat(cache.dirtyBytes()).isEqualTo(4096);
		assertThat(read(cache, 0, 16384)).containsOnly(7);
		cache.flush().block();
		assertThat(this.below.content(0, 16384)).containsOnly(7);
	}

	@Test
	void failedFlushBelowFailsTheFlush() {
		CacheStore cache = writeBack(1 << 20);
		write(cache, 0, 4096, 7);
		this.below.failNext(BlockOperation.FLUSH, 1, BlockErrno.EIO);
		assertThat(errno(cache.flush())).isEqualTo(BlockErrno.EIO);
	}

	@Test
	void flushIsOfferedOverStoreThatHasNone() {
		this.below.supports(BlockOperation.READ, BlockOperation.WRITE);
		assertThat(writeThrough().operations()).containsExactlyInAnyOrder(BlockOperation.READ, BlockOperation.WRITE);
		CacheStore cache = writeBack(1 << 20);
		assertThat(cache.operations()).containsExactlyInAnyOrder(BlockOperation.READ, BlockOperation.WRITE,
				BlockOperation.FLUSH);
		write(cache, 0, 4096, 7);
		cache.flush().block();
		assertThat(this.below.journal()).containsExactly("WRITE 0+4096");
		this.below.supports(BlockOperation.READ);
		assertThat(cache.operations()).containsExactly(BlockOperation.READ);
	}

	@Test
	void writeWithoutRoomWritesOthersBackFirst() {
		CacheStore cache = writeBack(8192);
		this.below.hold(BlockOperation.WRITE);
		write(cache, 0, 8192, 7);
		CompletableFuture<Void> third = cache.write(8192, bytes(4096, 7)).toFuture();
		assertThat(third).isNotDone();
		assertThat(this.below.waiting()).isPositive();
		this.below.release();
		assertThat(third).isCompleted();
		assertThat(cache.dirtyBytes()).isLessThanOrEqualTo(8192);
		assertThat(read(cache, 0, 12288)).containsOnly(7);
	}

	@Test
	void writeThatFindsNoRoomFailsWithTheErrorOfTheStore() {
		CacheStore cache = writeBack(8192);
		// both the write-back in the background and that of the write fail
		this.below.failNext(BlockOperation.WRITE, 4, BlockErrno.ENOSPC);
		write(cache, 0, 8192, 7);
		assertThat(errno(cache.write(8192, bytes(4096, 8)))).isEqualTo(BlockErrno.ENOSPC);
		assertThat(read(cache, 0, 8192)).containsOnly(7);
		assertThat(read(cache, 8192, 4096)).containsOnly(0);
		write(cache, 8192, 4096, 8);
		cache.flush().block();
		assertThat(this.below.content(0, 8192)).containsOnly(7);
		assertThat(this.below.content(8192, 4096)).containsOnly(8);
	}

	@Test
	void requestLargerThanTheLimitGoesThroughByItself() {
		CacheStore cache = writeBack(8192);
		write(cache, 0, 65536, 7);
		write(cache, 65536, 65536, 8);
		cache.flush().block();
		assertThat(this.below.content(0, 65536)).containsOnly(7);
		assertThat(this.below.content(65536, 65536)).containsOnly(8);
	}

	@Test
	void blockThatIsChangedWhileItIsWrittenBackIsWrittenAgain() {
		CacheStore cache = writeBack(1 << 20);
		write(cache, 0, 4096, 1);
		this.below.hold(BlockOperation.WRITE);
		CompletableFuture<Void> first = cache.flush().toFuture();
		write(cache, 0, 512, 2);
		CompletableFuture<Void> second = cache.flush().toFuture();
		// one write of a block at a time
		assertThat(this.below.waiting()).isEqualTo(1);
		this.below.release();
		assertThat(first).isCompleted();
		assertThat(second).isCompleted();
		assertThat(this.below.journal()).containsExactly("WRITE 0+4096", "FLUSH", "WRITE 0+4096", "FLUSH");
		assertThat(this.below.content(0, 512)).containsOnly(2);
		assertThat(this.below.content(512, 3584)).containsOnly(1);
		assertThat(cache.dirtyBytes()).isZero();
	}

	@Test
	void discardWaitsForTheWriteBackAndReplacesTheData() {
		CacheStore cache = writeBack(1 << 20);
		write(cache, 0, 12288, 1);
		this.below.hold(BlockOperation.WRITE);
		CompletableFuture<Void> flush = cache.flush().toFuture();
		CompletableFuture<Void> discard = cache.discard(2048, 8192).toFuture();
		assertThat(this.below.journal()).noneMatch((request) -> request.startsWith("DISCARD"));
		this.below.release();
		assertThat(flush).isCompleted();
		assertThat(discard).isCompleted();
		assertThat(read(cache, 0, 2048)).containsOnly(1);
		assertThat(read(cache, 2048, 8192)).containsOnly(0);
		assertThat(read(cache, 10240, 2048)).containsOnly(1);
	}

	@Test
	void discardedDataIsNotWrittenBack() {
		CacheStore cache = writeBack(1 << 20);
		write(cache, 0, 12288, 1);
		cache.writeZeroes(4096, 4096, true).block();
		cache.discard(0, 4096).block();
		cache.flush().block();
		assertThat(this.below.content(0, 8192)).containsOnly(0);
		assertThat(this.below.content(8192, 4096)).containsOnly(1);
	}

	@Test
	void failedDiscardLeavesTheData() {
		CacheStore cache = writeBack(1 << 20);
		write(cache, 0, 4096, 1);
		this.below.failNext(BlockOperation.DISCARD, 1, BlockErrno.EIO);
		assertThat(errno(cache.discard(0, 4096))).isEqualTo(BlockErrno.EIO);
		assertThat(read(cache, 0, 4096)).containsOnly(1);
	}

	@Test
	void readThatIsUnderWayDoesNotBringOldDataIntoTheCache() {
		for (CacheStore cache : new CacheStore[] { writeThrough(), writeBack(1 << 20) }) {
			this.below.hold(BlockOperation.READ);
			CompletableFuture<Void> reading = cache.read(0, bytes(512, 0)).toFuture();
			CompletableFuture<Void> writing = cache.write(0, bytes(4096, 9)).toFuture();
			this.below.release();
			assertThat(reading).isCompleted();
			assertThat(writing).isCompleted();
			assertThat(read(cache, 0, 4096)).containsOnly(9);
			this.below.writeZeroes(0, 4096, true).block();
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void randomRequestsAreThoseOfModelAlsoIfTheCacheForgetsMost(boolean writeBack) {
		CacheStore.Builder builder = CacheStore.over(this.below).blockSize(2048).capacity(6 * 2048);
		CacheStore cache = (writeBack ? builder.writeBack(8 * 2048) : builder).build();
		long seed = Long.getLong("ublk.test.seed", System.nanoTime());
		Random random = new Random(seed);
		byte[] model = new byte[SIZE];
		for (int i = 0; i < 3000; i++) {
			int offset = random.nextInt(SIZE / 512) * 512;
			int length = Math.min(SIZE - offset, (1 + random.nextInt(20)) * 512);
			int kind = random.nextInt(8);
			byte value = (byte) (1 + random.nextInt(100));
			switch (kind) {
				case 0 -> cache.discard(offset, length).block();
				case 1 -> cache.writeZeroes(offset, length, false).block();
				case 2, 3, 4 -> assertThat(read(cache, offset, length)).as("with -Dublk.test.seed=%d", seed)
					.isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
				default -> write(cache, offset, length, value);
			}
			if (kind < 2 || kind > 4) {
				Arrays.fill(model, offset, offset + length, (kind < 2) ? 0 : value);
			}
			if (random.nextInt(100) == 0) {
				cache.flush().block();
				assertThat(this.below.content(0, SIZE)).as("with -Dublk.test.seed=%d", seed).isEqualTo(model);
			}
		}
	}

	@Test
	void closeWritesBack() {
		CacheStore cache = writeBack(1 << 20);
		write(cache, 0, 4096, 7);
		cache.close();
		cache.close();
		assertThat(this.below.content(0, 4096)).containsOnly(7);
		assertThat(this.below.journal()).endsWith("FLUSH");
		assertThat(this.below.isClosed()).isTrue();
	}

	@Test
	void rangesOutsideAreRefused() {
		CacheStore cache = writeBack(1 << 20);
		assertThat(errno(cache.write(SIZE, bytes(512, 1)))).isEqualTo(BlockErrno.EINVAL);
		assertThat(errno(cache.read(SIZE - 512, bytes(1024, 1)))).isEqualTo(BlockErrno.EINVAL);
		assertThat(errno(cache.discard(-512, 512))).isEqualTo(BlockErrno.EINVAL);
	}

	@Test
	void sizesOutOfBoundsAreRefused() {
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> CacheStore.over(this.below).blockSize(1000).build())
			.withMessage("blockSize is 1000. Use a power of two from 512 to 1MB, such as 16KB.");
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> CacheStore.over(this.below).blockSize(4096).capacity(512).build())
			.satisfies((ex) -> assertThat(ex.option()).isEqualTo("capacity"));
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> CacheStore.over(this.below).blockSize(4096).writeBack(512).build())
			.satisfies((ex) -> assertThat(ex.option()).isEqualTo("dirtyLimit"));
	}

}
