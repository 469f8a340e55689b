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
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for several stores in stripes.
 */
class StripeBlockStoreTests extends AbstractBlockStoreTests {

	private static final int UNIT = 1024;

	@TempDir
	private Path directory = Path.of("");

	@Override
	BlockStore create(long size) {
		return (size % (4 * 512) == 0) ? stripes(512, size / 4, size / 4, size / 4, size / 4) : stripes(512, size);
	}

	private static StripeBlockStore stripes(int unit, long... sizes) {
		return new StripeBlockStore(LongStream.of(sizes).mapToObj(MemoryBlockStore::sparse).toList(), unit);
	}

	@Test
	void unitsLieOnTheStoresInTurn() {
		List<MemoryBlockStore> stores = Stream.generate(() -> MemoryBlockStore.sparse(4 * UNIT)).limit(3).toList();
		StripeBlockStore stripes = closedAfterwards(new StripeBlockStore(stores, UNIT));
		for (int i = 0; i < 12; i++) {
			byte[] unit = new byte[UNIT];
			unit[0] = (byte) (i + 1);
			write(stripes, (long) i * UNIT, unit);
		}

		for (int store = 0; store < 3; store++) {
			for (int row = 0; row < 4; row++) {
				assertThat(read(stores.get(store), (long) row * UNIT, 1)).containsExactly(3 * row + store + 1);
			}
		}
	}

	@Test
	void smallestStoreLimitsTheOthers() {
		assertThat(closedAfterwards(stripes(UNIT, 4 * UNIT, 2 * UNIT + 512, 8 * UNIT)).size()).isEqualTo(6 * UNIT);
	}

	@Test
	void rangeIsOneRangeOfEachStore() {
		List<RangeLog> logs = List.of(new RangeLog(), new RangeLog(), new RangeLog());
		StripeBlockStore stripes = new StripeBlockStore(logs, UNIT);

		succeed(stripes.discard(512, 7 * UNIT));
		assertThat(logs).extracting((log) -> log.ranges).containsExactly("512+2560 ", "0+2560 ", "0+2048 ");

		succeed(stripes.writeZeroes(UNIT + 10, 20, true));
		assertThat(logs).extracting((log) -> log.ranges).containsExactly("512+2560 ", "0+2560 10+20 ", "0+2048 ");
	}

	@Test
	void requestEndsWhenItsLastPartHasEndedAndFailsLikeIt() {
		List<RangeLog> logs = List.of(new RangeLog(), new RangeLog());
		logs.get(1).failure = new BlockIoException(BlockErrno.ENOSPC, "full");
		StripeBlockStore stripes = new StripeBlockStore(logs, UNIT);

		fail(stripes.write(0, ByteBuffer.allocate(2 * UNIT)), BlockErrno.ENOSPC, "full");
		succeed(stripes.write(0, ByteBuffer.allocate(UNIT)));
	}

	@Test
	void flushGoesToTheStoresThatHaveOne() {
		StripeBlockStore stripes = closedAfterwards(new StripeBlockStore(List.of(MemoryBlockStore.sparse(1 << 20),
				FileBlockStore.at(this.directory.resolve("disk.img")).size(1 << 20).open()), 64 << 10));

		assertThat(stripes.operations()).containsExactlyInAnyOrder(BlockOperation.values());
		write(stripes, 0, bytes(1, 300_000));
		succeed(stripes.flush());
		assertBytes(read(stripes, 0, 300_000), bytes(1, 300_000));
	}

	@Test
	void storeThatIsOnlyReadMakesTheWholeReadOnly() {
		StripeBlockStore stripes = closedAfterwards(
				new StripeBlockStore(List.of(MemoryBlockStore.sparse(UNIT), new PatternBlockStore(UNIT, 1)), UNIT));

		assertThat(stripes.operations()).containsExactly(BlockOperation.READ);
	}

	@Test
	void stripesThatAreNotPossibleAreRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> new StripeBlockStore(List.of(), UNIT))
			.withMessageContaining("on 0 stores");
		assertThatIllegalArgumentException().isThrownBy(() -> stripes(1000, 4096)).withMessageContaining("1000 bytes");
		assertThatIllegalArgumentException().isThrownBy(() -> stripes(8192, 4096))
			.withMessageContaining("do not fit on a store of 4096 bytes");
	}

	/** Notes the ranges it is asked for. */
	private static final class RangeLog implements BlockStore {

		private String ranges = "";

		private BlockIoException failure = new BlockIoException(BlockErrno.EIO, "");

		@Override
		public long size() {
			return 100 * UNIT;
		}

		@Override
		public Mono<Void> read(long offset, ByteBuffer destination) {
			return Mono.empty();
		}

		@Override
		public Mono<Void> write(long offset, ByteBuffer source) {
			return this.failure.errno() == BlockErrno.EIO ? Mono.empty() : Mono.error(this.failure);
		}

		@Override
		public Mono<Void> discard(long offset, long length) {
			this.ranges += offset + "+" + length + " ";
			return Mono.empty();
		}

		@Override
		public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
			return discard(offset, length);
		}

		@Override
		public void close() {
		}

	}

}
