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

package io.github.ublk4j.spring.test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DiskSpec;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.opentest4j.AssertionFailedError;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;

/**
 * What every disk must do. A test class that extends it and gives it a disk inherits the
 * tests. They overwrite parts of the disk at its start, in its middle and at its end, and
 * need nothing of its content. Tests of operations that the disk does not offer, or that
 * it is too small for, are skipped, and say so in the log.
 */
public abstract class BlockDeviceContract {

	/**
	 * The system property that gives the random tests their seed, which they log.
	 */
	public static final String SEED_PROPERTY = "ublk.test.seed";

	private static final Logger logger = LoggerFactory.getLogger(BlockDeviceContract.class);

	private static final int MOST = 4 << 20;

	private static final int ROUNDS = 40;

	private static final int TOGETHER = 32;

	/** For subclasses. */
	protected BlockDeviceContract() {
		// the disk comes from client()
	}

	/**
	 * Returns a client of the disk to test. Called by every test; whether it is the same
	 * disk each time does not matter. Whoever makes it closes it.
	 * @return the client
	 */
	protected abstract BlockDeviceTestClient client();

	/**
	 * Returns how long a request may take. One that is not answered until then violates
	 * the contract; a disk whose {@code Mono} never ends is found sooner with less.
	 * @return 30 seconds by default
	 */
	protected Duration patience() {
		return Duration.ofSeconds(30);
	}

	/**
	 * Returns what the random tests begin with. The same seed gives the same requests.
	 * @return the system property {@value #SEED_PROPERTY}, by default a new one each time
	 */
	protected long seed() {
		return Long.getLong(SEED_PROPERTY, System.nanoTime());
	}

	/**
	 * A read returns what was written, anywhere on the disk, in every size up to twice
	 * the largest request.
	 */
	@Test
	void readAfterWriteReturnsTheSameBytes() {
		DiskSpec spec = writable();
		Random random = new Random(1);
		List<ExpectedContent> parts = separateParts(spec);
		for (ExpectedContent part : parts) {
			int block = spec.logicalBlockSize();
			int largest = Math.min(2 * spec.maxIoSize(), part.length());
			for (int length = block; length <= largest; length = (length < largest) ? Math.min(2 * length, largest)
					: largest + 1) {
				part.write(0, length, random);
				part.write(part.length() - length, length, random);
				part.checkNow(part.length() - length, length);
			}
		}
		parts.forEach(ExpectedContent::checkAll);
	}

	/**
	 * A read after a second write returns the second, also when the first has been read
	 * before.
	 */
	@Test
	void readReturnsTheLatestWrite() {
		writable();
		Random random = new Random(2);
		ExpectedContent part = part(Place.START);
		for (int round = 0; round < 3; round++) {
			part.checkAll();
			part.write(0, part.length(), random);
			part.checkAll();
		}
	}

	/**
	 * Every block has a place of its own: writes of single blocks in any order change no
	 * other block.
	 */
	@Test
	void writeChangesNoOtherBlock() {
		DiskSpec spec = writable();
		Random random = new Random(3);
		ExpectedContent part = part(Place.START);
		for (int i = 0; i < ROUNDS; i++) {
			part.write(random.nextInt(part.blocks()) * spec.logicalBlockSize(), spec.logicalBlockSize(), random);
		}
		part.checkAll();
	}

	/**
	 * Space that nobody writes reads the same every time, in whatever pieces.
	 */
	@Test
	void spaceThatNobodyWritesStaysTheSame() {
		DiskSpec spec = client().spec();
		for (Place place : Place.values()) {
			ExpectedContent part = part(place);
			part.checkAll();
			for (int at = 0; at < part.length(); at += Math.max(part.length() / 8, 1) / spec.logicalBlockSize()
					* spec.logicalBlockSize() + spec.logicalBlockSize()) {
				part.checkNow(at, spec.logicalBlockSize());
			}
		}
	}

	/**
	 * A write that overlaps one completed before it takes effect on top of it.
	 */
	@Test
	void overlappingWritesTakeEffectInOrder() {
		DiskSpec spec = writable();
		Random random = new Random(4);
		ExpectedContent part = part(Place.START);
		needsBlocks(part, 3);
		for (int i = 0; i < ROUNDS; i++) {
			int first = random.nextInt(part.blocks() - 2);
			int count = 2 + random.nextInt(Math.min(16, part.blocks() - first - 2) + 1);
			part.write(first * spec.logicalBlockSize(), count * spec.logicalBlockSize(), random);
			part.write((first + 1) * spec.logicalBlockSize(), (count - 1) * spec.logicalBlockSize(), random);
		}
		part.checkAll();
	}

	/**
	 * Requests need not be aligned to each other: what was written in one piece can be
	 * read in others.
	 */
	@Test
	void dataCanBeReadInOtherPiecesThanWritten() {
		DiskSpec spec = writable();
		ExpectedContent part = part(Place.START);
		needsBlocks(part, 3);
		int block = spec.logicalBlockSize();
		part.write(block, part.length() - 2 * block, new Random(5));
		Random random = new Random(6);
		for (int i = 0; i < ROUNDS; i++) {
			int first = random.nextInt(part.blocks());
			part.checkNow(first * block, (1 + random.nextInt(part.blocks() - first)) * block);
		}
	}

	/**
	 * Writes of neighbouring blocks that are under way together do not disturb each
	 * other.
	 */
	@Test
	void parallelWritesOfNeighboursDoNotDisturbEachOther() {
		DiskSpec spec = writable();
		Random random = new Random(7);
		ExpectedContent part = part(Place.START);
		needsBlocks(part, 2);
		int block = spec.logicalBlockSize();
		for (int round = 0; round < 5; round++) {
			List<Mono<Void>> writes = new ArrayList<>();
			for (int i = 0; i < Math.min(TOGETHER, part.blocks()); i++) {
				byte[] data = new byte[block];
				random.nextBytes(data);
				writes.add(part.write(i * block, data, false));
			}
			part.together(writes);
			part.checkAll();
		}
	}

	/**
	 * The largest request, and one that has to be cut, go through, also when they begin
	 * in the middle of a physical block.
	 */
	@Test
	void largestRequestIsServed() {
		DiskSpec spec = writable();
		Random random = new Random(8);
		ExpectedContent part = part(Place.START, 2L * spec.maxIoSize() + spec.logicalBlockSize());
		for (int at : new int[] { 0, spec.logicalBlockSize() }) {
			for (int times = 1; times <= 2; times++) {
				int length = Math.min(times * spec.maxIoSize(), part.length() - at);
				if (length > 0) {
					part.write(at, length, random);
					part.checkAll();
				}
			}
		}
	}

	/**
	 * The last block can be used, and a request that goes beyond it fails.
	 */
	@Test
	void diskEndsWhereItSays() {
		DiskSpec spec = client().spec();
		int block = spec.logicalBlockSize();
		ExpectedContent last = part(Place.END, block);
		refuses(client().read(spec.size(), block));
		refuses(client().read(spec.size() - block, 2 * block));
		if (!spec.readOnly()) {
			refuses(client().write(spec.size() - block, new byte[2 * block]));
			last.write(0, block, new Random(11));
			last.checkAll();
		}
	}

	private void refuses(Mono<?> request) {
		try {
			request.timeout(patience()).block();
		}
		catch (RuntimeException ex) {
			if (Exceptions.unwrap(ex) instanceof BlockIoException refusal && refusal.errno() == BlockErrno.EIO) {
				return;
			}
			throw new AssertionFailedError("disk '" + client().spec().name()
					+ "': a request beyond its end must fail with EIO, but failed with " + Exceptions.unwrap(ex), ex);
		}
		throw new AssertionFailedError(
				"disk '" + client().spec().name() + "': a request beyond its end must fail, but succeeded");
	}

	/**
	 * A flush succeeds, and so does a write that must be durable; neither changes what is
	 * read.
	 */
	@Test
	void flushAfterWritesSucceeds() {
		DiskSpec spec = writable();
		Random random = new Random(9);
		ExpectedContent part = part(Place.START);
		byte[] data = new byte[spec.logicalBlockSize()];
		for (int i = 0; i < 3; i++) {
			part.write(0, part.length(), random);
			part.await("FLUSH", 0, 0, client().flush());
			random.nextBytes(data);
			part.await("durable WRITE", 0, data.length, part.write(0, data.clone(), true));
			part.checkAll();
		}
		part.await("a second FLUSH", 0, 0, client().flush());
	}

	/**
	 * Discarded space reads as zeros, and the space around it stays.
	 */
	@Test
	void discardedSpaceReadsAsZeros() {
		zeroes(BlockOperation.DISCARD, ExpectedContent::discard);
	}

	/**
	 * Zeroed space reads as zeros, and the space around it stays.
	 */
	@Test
	void zeroedSpaceReadsAsZeros() {
		zeroes(BlockOperation.WRITE_ZEROES, (part, at, length) -> part.writeZeroes(at, length, true));
		zeroes(BlockOperation.WRITE_ZEROES, (part, at, length) -> part.writeZeroes(at, length, false));
	}

	private void zeroes(BlockOperation operation, RangeRequest request) {
		int block = offering(operation).logicalBlockSize();
		Random random = new Random(10);
		ExpectedContent part = part(Place.START);
		needsBlocks(part, 3);
		int inside = part.length() - 2 * block;
		for (int length = block; length <= inside; length = (length < inside) ? Math.min(5 * length, inside)
				: inside + 1) {
			int range = length;
			part.write(0, part.length(), random);
			part.await(operation.name(), block, range, request.of(part, block, range));
			part.checkAll();
			// there again after a write, and not before
			part.write(block, block, random);
			part.checkAll();
		}
	}

	/**
	 * Requests of all kinds, many of them under way together but never two of them on the
	 * same block, leave on the disk what they leave on a model of it.
	 */
	@Test
	void randomRequestsLeaveWhatTheyMust() {
		writable();
		long seed = seed();
		logger.info("disk '{}': random requests with -D{}={}", client().spec().name(), SEED_PROPERTY, seed);
		try {
			ExpectedContent part = part(Place.START);
			RandomRequests requests = new RandomRequests(part, client(), new Random(seed));
			for (int round = 0; round < ROUNDS; round++) {
				part.together(requests.next(TOGETHER));
				part.checkAll();
			}
		}
		catch (AssertionFailedError ex) {
			throw new AssertionFailedError(ex.getMessage() + " (again with -D" + SEED_PROPERTY + "=" + seed + ")", ex);
		}
	}

	private List<ExpectedContent> separateParts(DiskSpec spec) {
		long third = spec.size() / Place.values().length;
		if (third < spec.logicalBlockSize()) {
			return List.of(part(Place.START));
		}
		return Stream.of(Place.values()).map((place) -> part(place, Math.min(usualLength(spec), third))).toList();
	}

	private static long usualLength(DiskSpec spec) {
		return Math.min(MOST, Math.max(64L * spec.logicalBlockSize(), 3L * spec.maxIoSize()));
	}

	private ExpectedContent part(Place place) {
		return part(place, usualLength(client().spec()));
	}

	private ExpectedContent part(Place place, long wanted) {
		DiskSpec spec = client().spec();
		long block = spec.logicalBlockSize();
		long blocks = Math.min(spec.size(), wanted) / block;
		long others = spec.size() / block - blocks;
		long first = switch (place) {
			case START -> 0;
			case MIDDLE -> others / 2;
			case END -> others;
		};
		return new ExpectedContent(client(), patience(), first * block, (int) (blocks * block));
	}

	private DiskSpec writable() {
		DiskSpec spec = client().spec();
		needs(!spec.readOnly(), "it is read-only");
		return spec;
	}

	private DiskSpec offering(BlockOperation operation) {
		needs(client().operations().contains(operation), "it does not offer " + operation);
		return client().spec();
	}

	private void needsBlocks(ExpectedContent part, int blocks) {
		needs(part.blocks() >= blocks, "it has fewer than " + blocks + " blocks");
	}

	private void needs(boolean met, String otherwise) {
		if (!met) {
			logger.info("disk '{}': a test is skipped, since {}", client().spec().name(), otherwise);
		}
		Assumptions.assumeTrue(met, () -> "disk '" + client().spec().name() + "': skipped, since " + otherwise);
	}

	private enum Place {

		START, MIDDLE, END

	}

	@FunctionalInterface
	private interface RangeRequest {

		Mono<Void> of(ExpectedContent part, int at, int length);

	}

}
