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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * What holds for every store that reads and writes; operations that a store does not
 * support are left out.
 */
abstract class AbstractBlockStoreTests {

	static final Duration TIMEOUT = Duration.ofSeconds(10);

	/** A unit that stores are likely to work in; ranges are laid around its multiples. */
	static final int UNIT = 256 << 10;

	/** Not a multiple of the unit. */
	static final int SIZE = 3 * UNIT + 4096;

	private final List<BlockStore> opened = new ArrayList<>();

	/**
	 * Opens a store full of zeros.
	 * @param size bytes
	 * @return the store; the test closes it
	 * @throws Exception if it cannot be opened
	 */
	abstract BlockStore create(long size) throws Exception;

	BlockStore open(long size) throws Exception {
		return closedAfterwards(create(size));
	}

	<S extends BlockStore> S closedAfterwards(S store) {
		this.opened.add(store);
		return store;
	}

	@AfterEach
	void closeStores() {
		this.opened.forEach(BlockStore::close);
	}

	static Stream<Arguments> ranges() {
		return Stream
			.of(new long[] { 0, 512 }, new long[] { 0, 4096 }, new long[] { 512, 512 }, new long[] { UNIT - 512, 512 },
					new long[] { UNIT - 512, 1024 }, new long[] { UNIT, 4096 }, new long[] { 0, UNIT },
					new long[] { UNIT, UNIT }, new long[] { UNIT - 512, UNIT + 1024 }, new long[] { 512, 2 * UNIT },
					new long[] { 4096, UNIT - 4096 }, new long[] { 3 * UNIT, 4096 },
					new long[] { 3 * UNIT - 512, 4096 + 512 }, new long[] { SIZE - 512, 512 }, new long[] { 0, SIZE })
			.map((range) -> Arguments.of(range[0], (int) range[1]));
	}

	@Test
	void sizeIsWhatWasAskedFor() throws Exception {
		assertThat(open(SIZE).size()).isEqualTo(SIZE);
		assertThat(open(512).size()).isEqualTo(512);
	}

	@ParameterizedTest
	@MethodSource("ranges")
	void spaceNeverWrittenReadsAsZeros(long offset, int length) throws Exception {
		BlockStore store = open(SIZE);

		assertBytes(read(store, offset, length), new byte[length]);
	}

	@ParameterizedTest
	@MethodSource("ranges")
	void readAfterWriteReturnsTheSameBytesAndTheNeighboursStayZero(long offset, int length) throws Exception {
		BlockStore store = open(SIZE);
		byte[] data = bytes(1, length);
		byte[] expected = new byte[SIZE];
		System.arraycopy(data, 0, expected, (int) offset, length);

		write(store, offset, data);

		assertBytes(read(store, offset, length), data);
		assertBytes(read(store, 0, SIZE), expected);
	}

	@Test
	void laterWriteReplacesEarlierOne() throws Exception {
		BlockStore store = open(SIZE);
		byte[] expected = bytes(1, SIZE);
		byte[] replacement = bytes(2, 1024);
		write(store, 0, expected);

		write(store, UNIT - 512, replacement);

		System.arraycopy(replacement, 0, expected, UNIT - 512, 1024);
		assertBytes(read(store, 0, SIZE), expected);
	}

	@ParameterizedTest
	@MethodSource("ranges")
	void discardedRangeReadsAsZerosAndItsNeighboursStay(long offset, int length) throws Exception {
		BlockStore store = open(SIZE);
		assumeSupported(store, BlockOperation.DISCARD);

		assertZeroed(store, offset, length, () -> store.discard(offset, length));
	}

	@ParameterizedTest
	@MethodSource("ranges")
	void zeroedRangeReadsAsZerosAndItsNeighboursStay(long offset, int length) throws Exception {
		BlockStore store = open(SIZE);
		assumeSupported(store, BlockOperation.WRITE_ZEROES);

		assertZeroed(store, offset, length, () -> store.writeZeroes(offset, length, false));
		assertZeroed(store, offset, length, () -> store.writeZeroes(offset, length, true));
	}

	private static void assertZeroed(BlockStore store, long offset, int length, Supplier<Mono<Void>> operation) {
		byte[] expected = bytes(3, SIZE);
		write(store, 0, expected);

		succeed(operation.get());

		Arrays.fill(expected, (int) offset, (int) offset + length, (byte) 0);
		assertBytes(read(store, 0, SIZE), expected);
	}

	@Test
	void zeroedSpaceCanBeWrittenAgain() throws Exception {
		BlockStore store = open(SIZE);
		assumeSupported(store, BlockOperation.DISCARD);
		write(store, 0, bytes(1, SIZE));
		byte[] expected = new byte[SIZE];
		byte[] data = bytes(2, 4096);
		System.arraycopy(data, 0, expected, UNIT + 4096, 4096);

		succeed(store.discard(0, SIZE));
		write(store, UNIT + 4096, data);

		assertBytes(read(store, 0, SIZE), expected);
	}

	@Test
	void zeroingUnwrittenSpaceLeavesItZero() throws Exception {
		BlockStore store = open(SIZE);
		assumeSupported(store, BlockOperation.WRITE_ZEROES);

		succeed(store.discard(0, SIZE));
		succeed(store.writeZeroes(512, SIZE - 1024, true));
		succeed(store.writeZeroes(512, SIZE - 1024, false));

		assertBytes(read(store, 0, SIZE), new byte[SIZE]);
	}

	@Test
	void flushSucceedsOrIsNotSupported() throws Exception {
		BlockStore store = open(SIZE);
		write(store, 0, bytes(1, 4096));

		if (store.operations().contains(BlockOperation.FLUSH)) {
			succeed(store.flush());
		}
		else {
			fail(store.flush(), BlockErrno.EOPNOTSUPP, "FLUSH is not supported");
		}
	}

	@ParameterizedTest
	@CsvSource({ "-512,512", "786432,4608", "790528,512", "789504,1536", "9223372036854775807,512",
			"-9223372036854775808,512", "9223372036854775296,512" })
	void rangeOutsideTheStoreIsInvalid(long offset, int length) throws Exception {
		BlockStore store = open(SIZE);
		String message = length + " bytes at offset " + offset + " are not inside the store, which has 790528 bytes";

		fail(store.read(offset, ByteBuffer.allocate(length)), BlockErrno.EINVAL, message);
		fail(store.write(offset, ByteBuffer.allocate(length)), BlockErrno.EINVAL, message);
		if (store.operations().contains(BlockOperation.DISCARD)) {
			fail(store.discard(offset, length), BlockErrno.EINVAL, message);
			fail(store.discard(512, Long.MAX_VALUE), BlockErrno.EINVAL, "not inside the store");
			fail(store.discard(512, -512), BlockErrno.EINVAL, "not inside the store");
		}
		if (store.operations().contains(BlockOperation.WRITE_ZEROES)) {
			fail(store.writeZeroes(offset, length, true), BlockErrno.EINVAL, message);
			fail(store.writeZeroes(offset, length, false), BlockErrno.EINVAL, message);
		}
		assertBytes(read(store, 0, SIZE), new byte[SIZE]);
	}

	@Test
	void emptyRangeIsNothingToDo() throws Exception {
		BlockStore store = open(SIZE);

		succeed(store.read(SIZE, ByteBuffer.allocate(0)));
		succeed(store.write(SIZE, ByteBuffer.allocate(0)));
	}

	@ParameterizedTest
	@CsvSource({ "true", "false" })
	void onlyThePartOfABufferFromItsPositionToItsLimitIsUsed(boolean direct) throws Exception {
		BlockStore store = open(SIZE);
		byte[] data = bytes(1, 2048);
		ByteBuffer source = buffer(direct, 2048).put(data).position(512).limit(1536);
		ByteBuffer destination = buffer(direct, 2048);
		for (int i = 0; i < 2048; i++) {
			destination.put(i, (byte) 0x5a);
		}

		succeed(store.write(UNIT - 512, source));
		succeed(store.read(UNIT - 512, destination.position(256).limit(1280)));

		byte[] expected = new byte[2048];
		Arrays.fill(expected, (byte) 0x5a);
		System.arraycopy(data, 512, expected, 256, 1024);
		byte[] actual = new byte[2048];
		destination.clear().get(actual);
		assertBytes(actual, expected);
		byte[] around = read(store, UNIT - 1024, 2048);
		assertBytes(Arrays.copyOfRange(around, 0, 512), new byte[512]);
		assertBytes(Arrays.copyOfRange(around, 1536, 2048), new byte[512]);
	}

	@Test
	void readOnlyBufferCanBeWritten() throws Exception {
		BlockStore store = open(SIZE);
		byte[] data = bytes(1, 4096);

		succeed(store.write(0, ByteBuffer.wrap(data).asReadOnlyBuffer()));

		assertBytes(read(store, 0, 4096), data);
	}

	@Test
	void anySequenceOfRequestsEqualsTheSameOnAnArray() throws Exception {
		long seed = Long.getLong("ublk.test.seed", System.nanoTime());
		Random random = new Random(seed);
		BlockStore store = open(SIZE);
		byte[] model = new byte[SIZE];

		for (int i = 0; i < 2000; i++) {
			int offset = random.nextInt(SIZE / 512) * 512;
			int most = random.nextInt(8) == 0 ? SIZE : 64 << 10;
			int length = (1 + random.nextInt(Math.min(most, SIZE - offset) / 512)) * 512;
			int kind = random.nextInt(10);
			String step = "seed " + seed + ", step " + i + ", kind " + kind + ", " + length + " at " + offset;
			if (kind < 5) {
				byte[] data = bytes(random.nextInt(), length);
				System.arraycopy(data, 0, model, offset, length);
				ByteBuffer source = buffer(random.nextBoolean(), length + 7).position(7).put(data).position(7);
				assertThat(store.write(offset, source).materialize().block(TIMEOUT)).as(step)
					.matches((signal) -> signal.isOnComplete());
			}
			else if (kind < 7 && store.operations().contains(BlockOperation.WRITE_ZEROES)) {
				Arrays.fill(model, offset, offset + length, (byte) 0);
				assertThat(store.writeZeroes(offset, length, kind == 5).materialize().block(TIMEOUT)).as(step)
					.matches((signal) -> signal.isOnComplete());
			}
			else if (kind == 7 && store.operations().contains(BlockOperation.DISCARD)) {
				Arrays.fill(model, offset, offset + length, (byte) 0);
				assertThat(store.discard(offset, length).materialize().block(TIMEOUT)).as(step)
					.matches((signal) -> signal.isOnComplete());
			}
			else {
				assertThat(
						Arrays.equals(read(store, offset, length), Arrays.copyOfRange(model, offset, offset + length)))
					.as(step)
					.isTrue();
			}
		}
		assertThat(Arrays.equals(read(store, 0, SIZE), model)).as("seed " + seed).isTrue();
	}

	@Test
	void concurrentRequestsToDisjointRangesDoNotDisturbEachOther() throws Exception {
		int workers = 4;
		BlockStore store = open(SIZE);
		ExecutorService executor = Executors.newFixedThreadPool(workers);
		try {
			List<Callable<byte[]>> tasks = new ArrayList<>();
			for (int i = 0; i < workers; i++) {
				int worker = i;
				tasks.add(() -> interleaved(store, worker, workers));
			}
			byte[] expected = new byte[SIZE];
			int worker = 0;
			for (Future<byte[]> result : executor.invokeAll(tasks, 60, TimeUnit.SECONDS)) {
				byte[] part = result.get();
				for (int block = worker; block < SIZE / 512; block += workers) {
					System.arraycopy(part, block * 512, expected, block * 512, 512);
				}
				worker++;
			}
			assertBytes(read(store, 0, SIZE), expected);
		}
		finally {
			executor.shutdownNow();
		}
	}

	/** Works on every n-th sector, so that all share every chunk and page. */
	private static byte[] interleaved(BlockStore store, int worker, int workers) {
		Random random = new Random(worker);
		byte[] model = new byte[SIZE];
		for (int i = 0; i < 3000; i++) {
			int block = random.nextInt(SIZE / 512 / workers) * workers + worker;
			int offset = block * 512;
			int kind = random.nextInt(10);
			if (kind < 6) {
				byte[] data = bytes(random.nextInt(), 512);
				System.arraycopy(data, 0, model, offset, 512);
				write(store, offset, data);
			}
			else if (kind == 6 && store.operations().contains(BlockOperation.DISCARD)) {
				Arrays.fill(model, offset, offset + 512, (byte) 0);
				succeed(store.discard(offset, 512));
			}
			else {
				assertBytes(read(store, offset, 512), Arrays.copyOfRange(model, offset, offset + 512));
			}
		}
		return model;
	}

	@Test
	void closeIsIdempotentAndLaterRequestsFail() throws Exception {
		BlockStore store = open(SIZE);
		write(store, 0, bytes(1, 4096));

		store.close();
		store.close();

		fail(store.read(0, ByteBuffer.allocate(512)), BlockErrno.EIO, "is closed");
		fail(store.write(0, ByteBuffer.allocate(512)), BlockErrno.EIO, "is closed");
		if (store.operations().contains(BlockOperation.DISCARD)) {
			fail(store.discard(0, 512), BlockErrno.EIO, "is closed");
		}
		if (store.operations().contains(BlockOperation.FLUSH)) {
			fail(store.flush(), BlockErrno.EIO, "is closed");
		}
	}

	static void assumeSupported(BlockStore store, BlockOperation operation) {
		assumeThat(store.operations()).as("operations of the store").contains(operation);
	}

	static ByteBuffer buffer(boolean direct, int capacity) {
		return direct ? ByteBuffer.allocateDirect(capacity) : ByteBuffer.allocate(capacity);
	}

	/** Without a zero, so that zeroed space can be told apart. */
	static byte[] bytes(int seed, int length) {
		byte[] bytes = new byte[length];
		new Random(seed).nextBytes(bytes);
		for (int i = 0; i < length; i++) {
			bytes[i] |= 1;
		}
		return bytes;
	}

	static byte[] read(BlockStore store, long offset, int length) {
		// Dirty, as the buffers of the engine are.
		ByteBuffer destination = ByteBuffer.allocateDirect(length);
		for (int i = 0; i < length; i++) {
			destination.put(i, (byte) 0xee);
		}
		succeed(store.read(offset, destination));
		byte[] bytes = new byte[length];
		destination.clear().get(bytes);
		return bytes;
	}

	static void write(BlockStore store, long offset, byte[] data) {
		succeed(store.write(offset, ByteBuffer.allocateDirect(data.length).put(data).flip()));
	}

	/** AssertJ compares large arrays slowly. */
	static void assertBytes(byte[] actual, byte[] expected) {
		assertThat(actual).hasSameSizeAs(expected);
		assertThat(Arrays.mismatch(actual, expected)).as("index of the first difference").isNegative();
	}

	static void succeed(Mono<Void> operation) {
		StepVerifier.create(operation).expectComplete().verify(TIMEOUT);
	}

	static void fail(Mono<Void> operation, BlockErrno errno, String message) {
		StepVerifier.create(operation).expectErrorSatisfies((failure) -> {
			assertThat(failure).isInstanceOf(BlockIoException.class).hasMessageContaining(message);
			assertThat(((BlockIoException) failure).errno()).isEqualTo(errno);
		}).verify(TIMEOUT);
	}

}
