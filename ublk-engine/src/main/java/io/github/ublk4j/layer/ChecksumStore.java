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
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * Finds out when the store below returns other data than was written: a checksum
 * (CRC-32C) of every block is kept, and compared when the block is read. A read of a
 * block that does not fit fails with EILSEQ, with the number of the block in the log; to
 * write the block anew mends it. Four bytes of memory are taken for a block.
 * <p>
 * <strong>What is checked.</strong> A block whose sum is not known is not checked when it
 * is read, but its sum is taken then: a block is checked from the first time on that it
 * has been written, zeroed, discarded or read. A change that fails leaves the sums of its
 * blocks unknown.
 * <p>
 * <strong>Without a file</strong> the sums are in memory, and find what goes wrong while
 * the layer lives.
 * <p>
 * <strong>With a file</strong> the sums outlive the layer. Closed in good order, they are
 * all there again. For the case that it is not, the file has a mark for each region of
 * 1024 blocks: it is set, and made durable, before a region is changed, and taken away
 * after the second of two flushes between which the region was not changed, when the sums
 * of the region are durable too. After a crash, the blocks of a region that is marked are
 * like blocks that were never read: a crash may have left any of several states there,
 * and none of them is an error. So a crash raises no false alarm, and the sums of
 * everything that was left alone since the last flush but one are there. Over a store
 * that has no FLUSH the marks are taken away when the layer is closed.
 * <p>
 * The file is good for one store and its data, and only as long as nobody changes that
 * past the layer; otherwise delete it, and the sums are taken anew.
 * <p>
 * <strong>Concurrency.</strong> A change waits for requests that touch the same blocks,
 * and later ones wait for it. Marks are set by a thread of the layer.
 */
public final class ChecksumStore extends ForwardingBlockStore {

	private static final Logger logger = LoggerFactory.getLogger(ChecksumStore.class);

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

	private final String name;

	private final int blockSize;

	private final BlockSums sums;

	private final @Nullable SumsJournal journal;

	private final RangeLock lock = new RangeLock();

	private final LongAdder mismatches = new LongAdder();

	private boolean closed;

	/**
	 * Creates a layer whose sums are in memory.
	 * @param below the store below
	 * @param name what lines of the log begin with, such as the name of the disk
	 * @param blockSize 512 bytes to 64 KiB, a power of two; requests must be multiples of
	 * it, so that the disk needs a logical block of at least this size
	 * @throws InvalidLayerException if the block size is out of bounds
	 */
	public ChecksumStore(BlockStore below, String name, int blockSize) {
		this(below, name, blockSize, null);
	}

	/**
	 * Creates a layer whose sums are kept in a file too.
	 * @param below the store below, which must keep its data
	 * @param name what lines of the log begin with, such as the name of the disk
	 * @param blockSize 512 bytes to 64 KiB, a power of two; requests must be multiples of
	 * it, so that the disk needs a logical block of at least this size
	 * @param file the file, made if it is missing, locked until the layer is closed;
	 * {@code null} for sums in memory
	 * @throws InvalidLayerException if the block size is out of bounds, or the file
	 * cannot be used
	 */
	public ChecksumStore(BlockStore below, String name, int blockSize, @Nullable Path file) {
		super(below);
		if (blockSize < 512 || blockSize > 64 << 10 || Integer.bitCount(blockSize) != 1) {
			throw new InvalidLayerException("blockSize", blockSize, "Use a power of two from 512 to 64KB.");
		}
		this.name = name;
		this.blockSize = blockSize;
		this.sums = new BlockSums(blockSize);
		this.journal = (file != null) ? SumsJournal.open(file, this.sums, blockSize, below.size()) : null;
	}

	/**
	 * Returns the unit of checking.
	 * @return bytes
	 */
	public int blockSize() {
		return this.blockSize;
	}

	/**
	 * Returns how often a block was read that did not fit its sum.
	 * @return blocks since the layer was made
	 */
	public long mismatches() {
		return this.mismatches.sum();
	}

	@Override
	public long size() {
		return super.size() - super.size() % this.blockSize;
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		ByteBuffer target = destination.slice();
		return checked(offset, target.limit(), () -> this.lock.shared(offset, target.limit(),
				() -> below().read(offset, target.duplicate()).then(Mono.defer(() -> verify(offset, target)))));
	}

	private Mono<Void> verify(long offset, ByteBuffer data) {
		long first = offset / this.blockSize;
		long bad = -1;
		int count = 0;
		for (int i = 0; i < data.limit() / this.blockSize; i++) {
			int actual = BlockSums.of(data.slice(i * this.blockSize, this.blockSize));
			if (this.journal != null && !this.sums.isKnown(first + i)) {
				this.journal.learned((first + i) / BlockSums.REGION);
			}
			if (this.sums.learn(first + i, actual) != actual) {
				bad = (count++ == 0) ? first + i : bad;
			}
		}
		if (count == 0) {
			return Mono.empty();
		}
		this.mismatches.add(count);
		String message = "block " + bad + " at offset " + bad * this.blockSize
				+ " does not hold what was written to it, by its checksum"
				+ ((count > 1) ? "; so do " + (count - 1) + " more of the same request" : "");
		logger.error("{}: {}", this.name, message);
		return Mono.error(new BlockIoException(BlockErrno.EILSEQ, message));
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		ByteBuffer data = source.slice();
		return change(offset, data.limit(), () -> {
			int[] written = new int[data.limit() / this.blockSize];
			for (int i = 0; i < written.length; i++) {
				written[i] = BlockSums.of(data.slice(i * this.blockSize, this.blockSize));
			}
			return below().write(offset, data.duplicate())
				.doOnSuccess((done) -> this.sums.put(offset / this.blockSize, written));
		});
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return change(offset, length,
				() -> below().discard(offset, length).doOnSuccess((done) -> zeroed(offset, length)));
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return change(offset, length,
				() -> below().writeZeroes(offset, length, mayUnmap).doOnSuccess((done) -> zeroed(offset, length)));
	}

	private void zeroed(long offset, long length) {
		this.sums.fill(offset / this.blockSize, length / this.blockSize, this.sums.ofZeros());
	}

	private Mono<Void> change(long offset, long length, Supplier<Mono<Void>> request) {
		long first = offset / this.blockSize;
		long count = length / this.blockSize;
		SumsJournal marks = this.journal;
		Supplier<Mono<Void>> work = () -> Mono.defer(request)
			.doOnError((ex) -> this.sums.fill(first, count, BlockSums.UNKNOWN));
		return checked(offset, length, () -> this.lock.exclusive(offset, length,
				() -> (marks != null) ? marks.marked(first, count, work) : work.get()));
	}

	@Override
	public Mono<Void> flush() {
		SumsJournal marks = this.journal;
		return (marks != null) ? marks.flushed(super::flush) : super.flush();
	}

	private Mono<Void> checked(long offset, long length, Supplier<Mono<Void>> request) {
		BlockIoException outside = BlockIoException.outside(size(), offset, length);
		if (outside != null) {
			return Mono.error(outside);
		}
		if (offset % this.blockSize != 0 || length % this.blockSize != 0) {
			return Mono.error(new BlockIoException(BlockErrno.EINVAL, length + " bytes at offset " + offset
					+ " are not whole blocks of " + this.blockSize + " bytes, of which checksums are kept"));
		}
		return (length == 0) ? Mono.empty() : request.get();
	}

	/**
	 * Flushes the store below, for 30 seconds at most, writes the sums to the file, and
	 * closes both. With a file, changes that begin later fail with EIO. If the store
	 * cannot be flushed, what was changed last is not checked the next time.
	 */
	@Override
	public synchronized void close() {
		if (this.closed) {
			return;
		}
		this.closed = true;
		try {
			if (this.journal != null) {
				List<SumsJournal.Quiet> quiet = this.journal.stop();
				this.journal.close(isDurable() ? quiet : List.of());
			}
		}
		finally {
			super.close();
		}
	}

	private boolean isDurable() {
		try {
			if (below().operations().contains(BlockOperation.FLUSH)) {
				below().flush().toFuture().get(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
			}
			return true;
		}
		catch (ExecutionException | TimeoutException ex) {
			logger.warn("{}: the store cannot be flushed, and the checksums of what was changed last are not kept",
					this.name, ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		return false;
	}

}
