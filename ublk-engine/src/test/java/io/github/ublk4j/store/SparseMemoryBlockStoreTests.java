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

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import com.sun.management.ThreadMXBean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for a {@link MemoryBlockStore} that takes memory when it is written.
 */
class SparseMemoryBlockStoreTests extends AbstractBlockStoreTests {

	private static final int CHUNK = MemoryBlockStore.CHUNK_SIZE;

	@Override
	BlockStore create(long size) {
		return MemoryBlockStore.sparse(size);
	}

	private MemoryBlockStore sparse(long size) {
		return closedAfterwards(MemoryBlockStore.sparse(size));
	}

	@Test
	void memoryIsTakenInChunksByTheFirstWrite() {
		MemoryBlockStore store = sparse(SIZE);
		assertThat(store.allocatedBytes()).isZero();

		read(store, 0, SIZE);
		succeed(store.writeZeroes(0, SIZE, false));
		assertThat(store.allocatedBytes()).isZero();

		write(store, CHUNK - 512, bytes(1, 512));
		assertThat(store.allocatedBytes()).isEqualTo(CHUNK);
		write(store, 0, bytes(1, 512));
		assertThat(store.allocatedBytes()).isEqualTo(CHUNK);
		write(store, 2 * CHUNK - 512, bytes(1, 1024));
		assertThat(store.allocatedBytes()).isEqualTo(3 * CHUNK);
		write(store, SIZE - 512, bytes(1, 512));
		assertThat(store.allocatedBytes()).isEqualTo(SIZE);
	}

	@Test
	void diskCanBeFarLargerThanTheMemory() {
		MemoryBlockStore store = sparse(1L << 40);
		byte[] data = bytes(1, 4096);

		write(store, (1L << 40) - 4096, data);
		write(store, (1L << 39) - 2048, data);

		assertThat(read(store, (1L << 40) - 4096, 4096)).isEqualTo(data);
		assertThat(read(store, (1L << 39) - 2048, 4096)).isEqualTo(data);
		assertThat(store.allocatedBytes()).isEqualTo(3 * CHUNK);
		succeed(store.discard(0, 1L << 40));
		assertThat(store.allocatedBytes()).isZero();
	}

	@Test
	void discardGivesUpWholeChunksOnly() {
		MemoryBlockStore store = sparse(SIZE);
		write(store, 0, bytes(1, SIZE));

		succeed(store.discard(512, CHUNK - 512));
		succeed(store.discard(CHUNK - 512, CHUNK));
		assertThat(store.allocatedBytes()).isEqualTo(SIZE);
		succeed(store.discard(512, 2 * CHUNK));
		assertThat(store.allocatedBytes()).isEqualTo(SIZE - CHUNK);
		succeed(store.discard(3 * CHUNK, SIZE - 3 * CHUNK));
		assertThat(store.allocatedBytes()).isEqualTo(2 * CHUNK);
	}

	@Test
	void writeZeroesGivesUpChunksOnlyIfItMay() {
		MemoryBlockStore store = sparse(SIZE);
		write(store, 0, bytes(1, SIZE));

		succeed(store.writeZeroes(0, SIZE, false));
		assertThat(store.allocatedBytes()).isEqualTo(SIZE);
		succeed(store.writeZeroes(0, SIZE, true));
		assertThat(store.allocatedBytes()).isZero();
	}

	@Test
	void everyResultOfASuccessIsTheEmptyMono() {
		MemoryBlockStore store = sparse(SIZE);

		assertThat(store.write(0, ByteBuffer.allocate(512))).isSameAs(Mono.empty());
		assertThat(store.read(0, ByteBuffer.allocate(512))).isSameAs(Mono.empty());
		assertThat(store.discard(0, 512)).isSameAs(Mono.empty());
		assertThat(store.writeZeroes(0, 512, true)).isSameAs(Mono.empty());
	}

	@Test
	void requestsAllocateNothing() {
		MemoryBlockStore store = sparse(SIZE);
		ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
		write(store, 0, bytes(1, CHUNK));
		ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
		long thread = Thread.currentThread().getId();
		requests(store, buffer, 2000);

		long before = threads.getThreadAllocatedBytes(thread);
		requests(store, buffer, 20_000);
		long allocated = threads.getThreadAllocatedBytes(thread) - before;

		// The compiler's traces and the like; one object per request would be 16 bytes
		// x 80 000.
		assertThat(allocated).isLessThan(16_000);
	}

	private static void requests(MemoryBlockStore store, ByteBuffer buffer, int count) {
		for (int i = 0; i < count; i++) {
			buffer.clear().limit(4096);
			store.write((i % 64) * 4096L, buffer);
			buffer.clear().limit(8192);
			store.read((i % 64) * 4096L, buffer);
			store.writeZeroes((i % 64) * 4096L, 4096, false);
			store.discard((i % 64) * 4096L, 512);
		}
	}

	@Test
	void exactlyOneOfSeveralFirstWritesProvidesTheChunk() throws Exception {
		int workers = 4;
		ExecutorService executor = Executors.newFixedThreadPool(workers);
		try {
			for (int round = 0; round < 300; round++) {
				MemoryBlockStore store = MemoryBlockStore.sparse(CHUNK);
				CyclicBarrier start = new CyclicBarrier(workers);
				List<Callable<byte[]>> tasks = new ArrayList<>();
				for (int i = 0; i < workers; i++) {
					int worker = i;
					tasks.add(() -> {
						byte[] data = bytes(worker, 512);
						start.await(10, TimeUnit.SECONDS);
						write(store, worker * 512L, data);
						return data;
					});
				}
				int worker = 0;
				for (Future<byte[]> result : executor.invokeAll(tasks, 30, TimeUnit.SECONDS)) {
					assertThat(read(store, worker++ * 512L, 512)).isEqualTo(result.get());
				}
				assertThat(store.allocatedBytes()).isEqualTo(CHUNK);
				store.close();
			}
		}
		finally {
			executor.shutdownNow();
		}
	}

	@Test
	void writeThatOverlapsADiscardNeverShowsElsewhere() throws Exception {
		MemoryBlockStore store = sparse(2 * CHUNK);
		ExecutorService executor = Executors.newFixedThreadPool(2);
		try {
			Future<?> writer = executor.submit(() -> {
				ByteBuffer data = ByteBuffer.allocateDirect(CHUNK).put(bytes(1, CHUNK)).flip();
				for (int i = 0; i < 500; i++) {
					store.write(0, data);
				}
			});
			Future<?> discarder = executor.submit(() -> {
				while (!writer.isDone()) {
					store.discard(0, CHUNK);
					store.writeZeroes(CHUNK, CHUNK, true);
					store.write(CHUNK, ByteBuffer.allocate(512));
				}
			});
			while (!writer.isDone()) {
				assertBytes(read(store, CHUNK, CHUNK), new byte[CHUNK]);
			}
			writer.get(30, TimeUnit.SECONDS);
			discarder.get(30, TimeUnit.SECONDS);
			succeed(store.discard(0, 2 * CHUNK));
			assertThat(store.allocatedBytes()).isZero();
		}
		finally {
			executor.shutdownNow();
		}
	}

	@Test
	void writeWithoutMemoryFailsWithNoSpaceAndDamagesNothing() {
		LimitedMemory memory = new LimitedMemory(2);
		MemoryBlockStore store = closedAfterwards(new MemoryBlockStore(SIZE, false, memory));
		byte[] data = bytes(1, 2 * CHUNK);
		write(store, 0, data);

		fail(store.write(2 * CHUNK, ByteBuffer.allocate(512)), BlockErrno.ENOSPC,
				"No direct memory is left for the memory store: it holds 524288 of 790528 bytes, the JVM may use "
						+ DirectMemory.limit()
						+ ". Raise -XX:MaxDirectMemorySize, or free space on the disk and discard it (fstrim)");

		assertThat(read(store, 0, 2 * CHUNK)).isEqualTo(data);
		assertThat(read(store, 2 * CHUNK, CHUNK)).containsOnly(0);
		assertThat(store.allocatedBytes()).isEqualTo(2 * CHUNK);
		write(store, 512, bytes(2, 512));
	}

	@Test
	void fullStoreDoesNotAskForMemoryAtEveryWrite() {
		LimitedMemory memory = new LimitedMemory(1);
		MemoryBlockStore store = closedAfterwards(new MemoryBlockStore(SIZE, false, memory));
		write(store, 0, bytes(1, 512));

		for (int i = 0; i < 10; i++) {
			fail(store.write(CHUNK, ByteBuffer.allocate(512)), BlockErrno.ENOSPC, "No direct memory is left");
		}

		assertThat(memory.refusals()).isEqualTo(1);
	}

	@Test
	void spaceGivenUpCanBeUsedAtOnce() {
		LimitedMemory memory = new LimitedMemory(1);
		MemoryBlockStore store = closedAfterwards(new MemoryBlockStore(SIZE, false, memory));
		write(store, 0, bytes(1, 512));
		fail(store.write(CHUNK, ByteBuffer.allocate(512)), BlockErrno.ENOSPC, "No direct memory is left");

		succeed(store.discard(0, CHUNK));
		memory.add(1);

		write(store, CHUNK, bytes(1, 512));
	}

	@Test
	void jvmThatRunsOutOfDirectMemoryFailsTheWriteAndRecoversAfterADiscard() throws Exception {
		assertThat(ForkedJvm.run(List.of("-XX:MaxDirectMemorySize=4m"), Exhaustion.class))
			.contains("written 3932160, then ENOSPC")
			.contains("the JVM may use 4194304.")
			.contains("intact true")
			.contains("after discard true");
	}

	@ParameterizedTest
	@ValueSource(longs = { 0, -1, Long.MIN_VALUE, Long.MAX_VALUE })
	void impossibleSizeIsRefused(long size) {
		assertThatIllegalArgumentException().isThrownBy(() -> MemoryBlockStore.sparse(size))
			.withMessage("A memory store cannot have " + size + " bytes. Use 1 to 562949951062016.");
	}

	@Test
	void tableThatTheHeapCannotHoldIsRefused() throws Exception {
		assertThat(ForkedJvm.run(List.of("-Xmx32m"), HugeDisk.class))
			.contains("StoreUnavailableException: A memory store of "
					+ "35184372088832 bytes needs a table of about 536870912 bytes in the heap, which may have 33554432."
					+ " Make the store smaller, or raise -Xmx.");
	}

	@Test
	void flushIsNotOffered() {
		assertThat(sparse(SIZE).operations()).containsExactlyInAnyOrder(BlockOperation.READ, BlockOperation.WRITE,
				BlockOperation.DISCARD, BlockOperation.WRITE_ZEROES);
	}

	/**
	 * Creates a store with a table of 128 Mi chunks.
	 */
	static final class HugeDisk {

		private HugeDisk() {
		}

		public static void main(String[] args) {
			MemoryBlockStore.sparse(1L << 45).close();
		}

	}

	/**
	 * Fills a store until the JVM has no more, then discards and writes elsewhere.
	 */
	static final class Exhaustion {

		private Exhaustion() {
		}

		public static void main(String[] args) {
			MemoryBlockStore store = MemoryBlockStore.sparse(1L << 30);
			ByteBuffer data = ByteBuffer.allocate(CHUNK);
			Arrays.fill(data.array(), (byte) 1);
			long offset = 0;
			BlockIoException failure = null;
			while (failure == null) {
				failure = failure(store.write(offset, data));
				offset += (failure == null) ? CHUNK : 0;
			}
			System.out.println("written " + offset + ", then " + failure.errno() + ": " + failure.getMessage());
			ByteBuffer first = ByteBuffer.allocate(CHUNK);
			System.out
				.println("intact " + (failure(store.read(0, first)) == null && first.clear().equals(data.duplicate())));
			store.discard(0, offset);
			System.out.println("after discard " + (failure(store.write(1L << 29, data)) == null));
		}

		private static @Nullable BlockIoException failure(Mono<Void> result) {
			try {
				result.block();
				return null;
			}
			catch (RuntimeException ex) {
				return (BlockIoException) Exceptions.unwrap(ex);
			}
		}

	}

}
