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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockStore;

/**
 * Reads ahead of those who read one range after the other: what they will ask for next is
 * read into the heap meanwhile. For stores that take long to answer and can answer
 * several requests at once, such as those behind a network.
 * <p>
 * <strong>Streams.</strong> A read that begins where an earlier one ended belongs to its
 * stream, from whatever queue it comes. From the second read on, the blocks of the window
 * behind it are read. A block is given up when a stream has passed it; what a stream
 * leaves behind that ends, when others need the room. Other reads go to the store as if
 * there were no layer. Nothing is read beyond the end of the disk.
 * <p>
 * <strong>Changes.</strong> A write, a discard or zeroing makes what was read ahead of
 * its range void when it begins, and nothing is read ahead there until it has ended, so
 * that nobody reads older data than the store has.
 * <p>
 * <strong>Errors</strong> of reading ahead are nobody's: whoever asks for the range gets
 * it, or the error, from the store.
 * <p>
 * <strong>Memory.</strong> Never more than the capacity, reads that are under way
 * included.
 */
public final class ReadaheadStore extends ForwardingBlockStore {

	private static final Logger logger = LoggerFactory.getLogger(ReadaheadStore.class);

	private static final int SMALLEST_BLOCK = 4096;

	private static final int LARGEST_BLOCK = 1 << 20;

	private final int blockSize;

	private final long window;

	private final ReadaheadStreams streams;

	private final ReadaheadBlocks blocks;

	private final AtomicBoolean failed = new AtomicBoolean();

	/**
	 * Creates a layer that has read nothing.
	 * @param below the store below
	 * @param window how far to read ahead of a stream, in bytes
	 * @param capacity how much is held, in bytes; there can be one stream for each window
	 * that fits in
	 * @param blockSize the unit that is read, 4096 bytes to 1 MiB, a power of two
	 * @throws InvalidLayerException if one of them is out of bounds
	 */
	public ReadaheadStore(BlockStore below, long window, long capacity, int blockSize) {
		super(below);
		if (blockSize < SMALLEST_BLOCK || blockSize > LARGEST_BLOCK || Integer.bitCount(blockSize) != 1) {
			throw new InvalidLayerException("blockSize", blockSize,
					"Use a power of two from 4KB to 1MB, such as 128KB.");
		}
		if (window < blockSize) {
			throw new InvalidLayerException("window", window, "Use at least one block, " + blockSize + " bytes.");
		}
		if (capacity < window) {
			throw new InvalidLayerException("capacity", capacity,
					"Use at least the window, " + window + " bytes, for each file that is read at the same time.");
		}
		this.blockSize = blockSize;
		this.window = window;
		this.streams = new ReadaheadStreams((int) Math.min(capacity / window, 1024));
		this.blocks = new ReadaheadBlocks(below, blockSize, (int) Math.min(Integer.MAX_VALUE, capacity / blockSize));
	}

	/**
	 * Returns how much memory is taken now.
	 * @return bytes, in whole blocks
	 */
	public long heldBytes() {
		return this.blocks.held() * this.blockSize;
	}

	/**
	 * Returns how much has been read ahead.
	 * @return bytes since the layer was made
	 */
	public long prefetchedBytes() {
		return this.blocks.fetchedBytes();
	}

	/**
	 * Returns how much of it was asked for: the rest was read in vain.
	 * @return bytes that were answered without the store, since the layer was made
	 */
	public long usedBytes() {
		return this.blocks.usedBytes();
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		ByteBuffer target = destination.slice();
		return Mono.defer(() -> {
			long end = offset + target.limit();
			boolean sequential = target.hasRemaining() && this.streams.continues(offset, end);
			List<ReadaheadBlocks.Block> found = covering(offset, end);
			Mono<Void> answer = found.isEmpty() ? Mono.defer(() -> below().read(offset, target))
					: answer(found, offset, target);
			if (!sequential) {
				return answer;
			}
			// what is asked for first, then what may be asked for
			CompletableFuture<Void> begun = answer.toFuture();
			tryReadAhead(end);
			return Mono.fromFuture(begun, true);
		});
	}

	/**
	 * Returns the blocks of a range, none if one of them is missing.
	 */
	private List<ReadaheadBlocks.Block> covering(long offset, long end) {
		List<ReadaheadBlocks.Block> found = new ArrayList<>();
		if (offset < 0 || end > size()) {
			return found;
		}
		for (long at = offset; at < end; at = (at / this.blockSize + 1) * this.blockSize) {
			ReadaheadBlocks.Block block = this.blocks.find(at / this.blockSize);
			if (block == null || block.end() < Math.min(end, (at / this.blockSize + 1) * this.blockSize)) {
				return List.of();
			}
			found.add(block);
		}
		return found;
	}

	private Mono<Void> answer(List<ReadaheadBlocks.Block> found, long offset, ByteBuffer target) {
		Mono<Void> settled = Mono.when(found.stream().map(ReadaheadBlocks.Block::settled).toList());
		return settled.then(Mono.defer(() -> {
			if (!found.stream().allMatch(ReadaheadBlocks.Block::isFull)) {
				return below().read(offset, target.duplicate());
			}
			long end = offset + target.limit();
			for (ReadaheadBlocks.Block block : found) {
				block.copy(offset, target);
			}
			this.blocks.used(found, target.limit(), end);
			return Mono.empty();
		}));
	}

	/** Lets no failure reach a read that has begun, whose buffer is being filled. */
	private void tryReadAhead(long from) {
		try {
			readAhead(from);
		}
		catch (Throwable ex) {
			if (this.failed.compareAndSet(false, true)) {
				logger.warn("Reading ahead fails, which is logged once; a smaller capacity takes less memory", ex);
			}
		}
	}

	private void readAhead(long from) {
		long first = from / this.blockSize;
		// no more than the window: a block that is read in part counts
		long last = Math.min((size() - 1) / this.blockSize, first + this.window / this.blockSize - 1);
		for (long number = first; number <= last; number++) {
			if (!this.blocks.fetch(number, first, last)) {
				return;
			}
		}
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		return change(offset, source.remaining(), () -> below().write(offset, source));
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return change(offset, length, () -> below().discard(offset, length));
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return change(offset, length, () -> below().writeZeroes(offset, length, mayUnmap));
	}

	private Mono<Void> change(long offset, long length, Supplier<Mono<Void>> request) {
		return Mono.defer(() -> {
			ReadaheadBlocks.Change change = this.blocks.begin(offset, length);
			Mono<Void> done = Mono.defer(request).doOnTerminate(() -> this.blocks.end(change));
			// not cancelled: what has begun may still change the store
			return Mono.fromFuture(done.toFuture(), true);
		});
	}

	/**
	 * Gives up what was read ahead, waits a little for what is being read, and closes the
	 * store below.
	 */
	@Override
	public void close() {
		this.blocks.close();
		super.close();
	}

}
