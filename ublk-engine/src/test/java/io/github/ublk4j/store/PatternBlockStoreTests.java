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

package io.github.ublk4j.store;

import java.nio.ByteBuffer;
import java.util.Random;

import org.junit.jupiter.api.Test;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a computed disk holds.
 */
class PatternBlockStoreTests {

	private static final long SEED = 42;

	private final PatternBlockStore store = new PatternBlockStore(1L << 40, SEED);

	@Test
	void everyPieceReadsLikeTheWhole() {
		byte[] whole = AbstractBlockStoreTests.read(this.store, 1 << 20, 4096);
		Random random = new Random(1);
		for (int i = 0; i < 200; i++) {
			int from = random.nextInt(4096);
			int length = 1 + random.nextInt(4096 - from);
			byte[] piece = AbstractBlockStoreTests.read(this.store, (1 << 20) + from, length);
			assertThat(piece).as("%d at %d", length, from).containsExactly(slice(whole, from, length));
		}
	}

	private static byte[] slice(byte[] bytes, int from, int length) {
		byte[] slice = new byte[length];
		System.arraycopy(bytes, from, slice, 0, length);
		return slice;
	}

	/** The formula is a promise: images in the world are checked with it. */
	@Test
	void contentIsThatOfSplitMix64() {
		assertThat(ByteBuffer.wrap(AbstractBlockStoreTests.read(this.store, 0, 8)).getLong())
			.isEqualTo(Long.reverseBytes(splitMix64(SEED)));
		assertThat(PatternBlockStore.byteAt(SEED, 13)).isEqualTo((byte) (splitMix64(SEED + 8) >>> 40));
	}

	/** As in {@link java.util.SplittableRandom}, which adds its gamma first. */
	private static long splitMix64(long state) {
		return new java.util.SplittableRandom(state - 0x9e3779b97f4a7c15L).nextLong();
	}

	@Test
	void wrongByteIsFound() {
		byte[] data = AbstractBlockStoreTests.read(this.store, 512, 4096);
		assertThat(PatternBlockStore.mismatch(SEED, 512, ByteBuffer.wrap(data))).isEqualTo(-1);
		assertThat(PatternBlockStore.mismatch(SEED + 1, 512, ByteBuffer.wrap(data))).isGreaterThanOrEqualTo(512);

		data[1000]++;

		assertThat(PatternBlockStore.mismatch(SEED, 512, ByteBuffer.wrap(data))).isEqualTo(1512);
	}

	@Test
	void dataOfAnotherPlaceIsFound() {
		byte[] data = AbstractBlockStoreTests.read(this.store, 4096, 4096);

		assertThat(PatternBlockStore.mismatch(SEED, 0, ByteBuffer.wrap(data))).isNotNegative();
	}

	@Test
	void nothingCanBeWritten() {
		assertThat(this.store.operations()).containsExactly(BlockOperation.READ);
		AbstractBlockStoreTests.fail(this.store.write(0, ByteBuffer.allocate(1)), BlockErrno.EOPNOTSUPP, "read-only");
	}

	@Test
	void requestsOutsideAndAfterTheCloseFail() {
		AbstractBlockStoreTests.fail(this.store.read(this.store.size(), ByteBuffer.allocate(1)), BlockErrno.EINVAL,
				"not inside");
		this.store.close();
		AbstractBlockStoreTests.fail(this.store.read(0, ByteBuffer.allocate(1)), BlockErrno.EIO, "is closed");
	}

}
