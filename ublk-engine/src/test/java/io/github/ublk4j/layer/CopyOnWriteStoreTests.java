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

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import org.junit.jupiter.api.Test;

import static io.github.ublk4j.layer.TestBytes.bytes;
import static io.github.ublk4j.layer.TestBytes.errno;
import static io.github.ublk4j.layer.TestBytes.read;
import static io.github.ublk4j.layer.TestBytes.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class CopyOnWriteStoreTests {

	// the last block is a short one
	private static final int SIZE = 64 * 4096 + 1024;

	private final RecordingStore base = new RecordingStore(SIZE);

	private final RecordingStore overlay = new RecordingStore(1 << 20);

	private final CopyOnWriteStore store = new CopyOnWriteStore(this.base, this.overlay, 4096);

	CopyOnWriteStoreTests() {
		write(this.base, 0, SIZE, 1);
		this.base.journal().clear();
	}

	@Test
	void baseStaysAsItIs() {
		write(this.store, 512, 8192, 2);
		this.store.discard(20480, 4096).block();
		this.store.writeZeroes(40960, 512, true).block();
		assertThat(this.base.content(0, SIZE)).containsOnly(1);
		assertThat(this.base.journal()).noneMatch((request) -> !request.startsWith("READ"));
		assertThat(read(this.store, 0, 512)).containsOnly(1);
		assertThat(read(this.store, 512, 8192)).containsOnly(2);
		assertThat(read(this.store, 8704, 512)).containsOnly(1);
		assertThat(read(this.store, 20480, 4096)).containsOnly(0);
		assertThat(read(this.store, 40960, 512)).containsOnly(0);
		assertThat(read(this.store, 41472, 512)).containsOnly(1);
		assertThat(this.store.changedBytes()).isEqualTo(5 * 4096);
	}

	@Test
	void wholeBlocksAreNotReadFirst() {
		write(this.store, 4096, 8192, 2);
		assertThat(this.base.journal()).isEmpty();
		write(this.store, 4608, 512, 3);
		assertThat(this.base.journal()).isEmpty();
		write(this.store, 16384 + 512, 512, 3);
		assertThat(this.base.journal()).containsExactly("READ 16384+4096");
	}

	@Test
	void writesIntoZeroedBlockFindZerosAroundThem() {
		this.store.discard(4096, 4096).block();
		write(this.store, 4608, 512, 5);
		assertThat(read(this.store, 4096, 512)).containsOnly(0);
		assertThat(read(this.store, 4608, 512)).containsOnly(5);
		assertThat(read(this.store, 5120, 3072)).containsOnly(0);
		assertThat(this.base.journal()).isEmpty();
	}

	@Test
	void committedOverlayIsInTheBase() {
		write(this.store, 512, 512, 2);
		write(this.store, SIZE - 512, 512, 3);
		this.store.discard(8192, 4096).block();
		this.store.commit().block();
		assertThat(this.base.journal()).endsWith("FLUSH");
		assertThat(this.store.changedBytes()).isZero();
		assertThat(this.base.content(0, 512)).containsOnly(1);
		assertThat(this.base.content(512, 512)).containsOnly(2);
		assertThat(this.base.content(8192, 4096)).containsOnly(0);
		assertThat(this.base.content(SIZE - 1024, 512)).containsOnly(1);
		assertThat(this.base.content(SIZE - 512, 512)).containsOnly(3);
		assertThat(read(this.store, 0, SIZE)).isEqualTo(this.base.content(0, SIZE));
	}

	@Test
	void failedCommitKeepsTheOverlay() {
		write(this.store, 0, 8192, 2);
		this.base.failNext(BlockOperation.WRITE, 1, BlockErrno.ENOSPC);
		assertThat(errno(this.store.commit())).isEqualTo(BlockErrno.ENOSPC);
		assertThat(this.store.changedBytes()).isEqualTo(8192);
		assertThat(read(this.store, 0, 8192)).containsOnly(2);
		this.base.failNext(BlockOperation.FLUSH, 1, BlockErrno.EIO);
		assertThat(errno(this.store.commit())).isEqualTo(BlockErrno.EIO);
		assertThat(this.store.changedBytes()).isEqualTo(8192);
		this.store.commit().block();
		assertThat(this.base.content(0, 8192)).containsOnly(2);
	}

	@Test
	void readOnlyBaseIsNotCommittedTo() {
		write(this.store, 0, 4096, 2);
		this.base.supports(BlockOperation.READ);
		assertThat(this.store.operations()).contains(BlockOperation.WRITE);
		assertThat(errno(this.store.commit())).isEqualTo(BlockErrno.EOPNOTSUPP);
		assertThat(read(this.store, 0, 4096)).containsOnly(2);
	}

	@Test
	void discardedOverlayShowsTheBase() {
		write(this.store, 512, 8192, 2);
		this.store.discard(20480, 4096).block();
		this.store.discardOverlay().block();
		assertThat(read(this.store, 0, SIZE)).containsOnly(1);
		write(this.store, 0, 512, 4);
		assertThat(read(this.store, 512, 512)).containsOnly(1);
	}

	@Test
	void failedWriteLeavesTheBlocksOfTheBase() {
		this.overlay.failNext(BlockOperation.WRITE, 1, BlockErrno.ENOSPC);
		assertThat(errno(this.store.write(0, bytes(4096, 2)))).isEqualTo(BlockErrno.ENOSPC);
		assertThat(read(this.store, 0, 4096)).containsOnly(1);
	}

	@Test
	void writesOfOneBlockThatArriveTogetherBothTakeEffect() {
		this.base.hold(BlockOperation.READ);
		var first = this.store.write(512, bytes(512, 2)).toFuture();
		var second = this.store.write(1024, bytes(512, 3)).toFuture();
		assertThat(this.base.waiting()).isEqualTo(1);
		this.base.release();
		assertThat(first).isCompleted();
		assertThat(second).isCompleted();
		assertThat(read(this.store, 512, 512)).containsOnly(2);
		assertThat(read(this.store, 1024, 512)).containsOnly(3);
	}

	@Test
	void flushIsThatOfTheOverlay() {
		this.store.flush().block();
		assertThat(this.overlay.journal()).containsExactly("FLUSH");
		assertThat(this.base.journal()).isEmpty();
		this.overlay.supports(BlockOperation.READ, BlockOperation.WRITE);
		assertThat(new CopyOnWriteStore(this.base, this.overlay, 4096).operations()).containsExactlyInAnyOrder(
				BlockOperation.READ, BlockOperation.WRITE, BlockOperation.DISCARD, BlockOperation.WRITE_ZEROES);
	}

	@Test
	void randomRequestsAreThoseOfModel() {
		long seed = Long.getLong("ublk.test.seed", System.nanoTime());
		Random random = new Random(seed);
		byte[] model = bytes(SIZE, 1).array();
		for (int i = 0; i < 2000; i++) {
			int offset = random.nextInt(SIZE / 512) * 512;
			int length = Math.min(SIZE - offset, (1 + random.nextInt(40)) * 512);
			int value = 2 + random.nextInt(100);
			int kind = random.nextInt(4);
			switch (kind) {
				case 0 -> this.store.discard(offset, length).block();
				case 1 -> this.store.writeZeroes(offset, length, false).block();
				default -> write(this.store, offset, length, value);
			}
			Arrays.fill(model, offset, offset + length, (byte) ((kind < 2) ? 0 : value));
			if (i % 100 == 99) {
				this.store.commit().block();
			}
		}
		assertThat(read(this.store, 0, SIZE)).as("with -Dublk.test.seed=%d", seed).isEqualTo(model);
	}

	@Test
	void overlayThatIsTooSmallIsRefused() {
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new CopyOnWriteStore(this.overlay, this.base, 4096))
			.satisfies((ex) -> assertThat(ex.option()).isEqualTo("overlay"));
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new CopyOnWriteStore(this.base, this.overlay, 5000))
			.satisfies((ex) -> assertThat(ex.option()).isEqualTo("blockSize"));
	}

	@Test
	void bothStoresAreClosed() {
		this.store.close();
		assertThat(this.base.isClosed()).isTrue();
		assertThat(this.overlay.isClosed()).isTrue();
	}

}
