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
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;

import io.github.ublk4j.block.BlockStore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for a {@link MemoryBlockStore} that takes all its memory at once.
 */
class PreTouchedMemoryBlockStoreTests extends AbstractBlockStoreTests {

	@Override
	BlockStore create(long size) {
		return MemoryBlockStore.preTouched(size);
	}

	@Test
	void holdsAllItsMemoryFromTheStartUntilItIsClosed() {
		MemoryBlockStore store = closedAfterwards(MemoryBlockStore.preTouched(SIZE));

		assertThat(store.allocatedBytes()).isEqualTo(SIZE);
		succeed(store.discard(0, SIZE));
		succeed(store.writeZeroes(0, SIZE, true));
		assertThat(store.allocatedBytes()).isEqualTo(SIZE);
		store.close();
		assertThat(store.allocatedBytes()).isZero();
	}

	@Test
	void neverAllocatesAfterwards() {
		AtomicInteger allocations = new AtomicInteger();
		MemoryBlockStore store = closedAfterwards(new MemoryBlockStore(SIZE, true, (capacity) -> {
			allocations.incrementAndGet();
			return ByteBuffer.allocateDirect(capacity);
		}));
		store.touchAll();
		assertThat(allocations).hasValue(4);

		succeed(store.discard(0, SIZE));
		write(store, 0, bytes(1, SIZE));

		assertThat(allocations).hasValue(4);
	}

	@Test
	void refusesMoreThanTheJvmMayUse() {
		long size = DirectMemory.limit() + 1;

		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> MemoryBlockStore.preTouched(size))
			.withMessageContaining("of " + size + " bytes does not fit into the direct memory of the JVM, "
					+ DirectMemory.limit() + " bytes with ")
			.withMessageContaining("Start the JVM with -XX:MaxDirectMemorySize=")
			.satisfies((ex) -> assertThat(ex.problem() + " " + ex.remedy()).isEqualTo(ex.getMessage()));
	}

	@Test
	void givesBackWhatItHasTakenWhenMemoryRunsOutHalfWay() {
		MemoryBlockStore store = new MemoryBlockStore(SIZE, true, new LimitedMemory(2));

		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(store::touchAll)
			.withMessageContaining("-XX:MaxDirectMemorySize")
			.withCauseInstanceOf(OutOfMemoryError.class);
		assertThat(store.allocatedBytes()).isZero();
	}

}
