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
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import io.github.ublk4j.block.BlockStore;

/**
 * Blocks that have been read ahead, or are being read. A block that is void, because it
 * was changed or is no longer wanted, takes memory until its read has ended.
 */
final class ReadaheadBlocks {

	private static final Logger logger = LoggerFactory.getLogger(ReadaheadBlocks.class);

	private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

	private final BlockStore below;

	private final int blockSize;

	private final int limit;

	/** In the order in which they were asked for. */
	private final Map<Long, Block> blocks = new LinkedHashMap<>();

	/** Changes of the store that are under way. */
	private final Set<Change> changes = new HashSet<>();

	private final LongAdder fetched = new LongAdder();

	private final LongAdder used = new LongAdder();

	/** Blocks whose memory is taken. */
	private int held;

	private int reading;

	private boolean closed;

	/**
	 * Creates a set without blocks.
	 * @param below where they are read from
	 * @param blockSize bytes of a block
	 * @param limit how many there may be
	 */
	ReadaheadBlocks(BlockStore below, int blockSize, int limit) {
		this.below = below;
		this.blockSize = blockSize;
		this.limit = limit;
	}

	synchronized long held() {
		return this.held;
	}

	long fetchedBytes() {
		return this.fetched.sum();
	}

	long usedBytes() {
		return this.used.sum();
	}

	synchronized @Nullable Block find(long number) {
		return this.blocks.get(number);
	}

	/**
	 * Reads a block, if it is not there and nothing changes it. No room is made by giving
	 * up what the same stream is about to ask for.
	 * @param number of the block
	 * @param first the number of the first block of the stream's window
	 * @param last the number of the last one
	 * @return whether others may be read too; not if there is no room
	 */
	boolean fetch(long number, long first, long last) {
		Block block;
		synchronized (this) {
			Block present = this.blocks.get(number);
			long start = number * this.blockSize;
			long end = Math.min(start + this.blockSize, this.below.size());
			if (this.closed || end <= start) {
				return false;
			}
			if ((present != null && present.end() >= end) || isChanging(start, end)) {
				return true;
			}
			if (present != null) {
				// of a time when the store ended there
				drop(number, present);
			}
			if (this.held >= this.limit && !dropOldest(first, last)) {
				return false;
			}
			block = new Block(start, (int) (end - start));
			this.blocks.put(number, block);
			this.held++;
			this.reading++;
		}
		// on its own: the read that brought it here must not fail with it
		try {
			Mono.defer(() -> this.below.read(block.start, ByteBuffer.wrap(block.data)))
				.subscribe(null, (ex) -> failed(number, block, ex), () -> ended(number, block, true));
		}
		catch (Throwable ex) {
			// an error of the JVM, such as a heap that is full; nobody may wait for it
			failed(number, block, ex);
			throw ex;
		}
		return true;
	}

	private void failed(long number, Block block, Throwable failure) {
		logger.debug("{} bytes at offset {} could not be read ahead: {}", block.data.length, block.start,
				failure.toString());
		ended(number, block, false);
	}

	private void ended(long number, Block block, boolean full) {
		synchronized (this) {
			if (!block.reading) {
				return;
			}
			this.reading--;
			block.reading = false;
			if (block.isVoid) {
				this.held--;
			}
			else if (full) {
				block.full = true;
				this.fetched.add(block.data.length);
			}
			else {
				drop(number, block);
			}
			notifyAll();
		}
		block.settle();
	}

	private boolean isChanging(long start, long end) {
		return this.changes.stream().anyMatch((change) -> change.offset < end && start < change.end);
	}

	/** Gives a block up. Its memory is free when nothing is read into it any more. */
	private void drop(long number, Block block) {
		if (this.blocks.remove(number, block)) {
			block.isVoid = true;
			this.held -= block.reading ? 0 : 1;
		}
	}

	/** Gives up the oldest block, unless it lies in a range. */
	private boolean dropOldest(long first, long last) {
		for (Iterator<Block> oldest = this.blocks.values().iterator(); oldest.hasNext();) {
			Block block = oldest.next();
			if (block.full) {
				long number = block.start / this.blockSize;
				if (number >= first && number <= last) {
					return false;
				}
				oldest.remove();
				block.isVoid = true;
				this.held--;
				return true;
			}
		}
		return false;
	}

	/**
	 * Takes note of blocks that a read was answered from, and gives those up that it has
	 * read to their end.
	 * @param found the blocks
	 * @param length how much was answered
	 * @param end where the read ended
	 */
	synchronized void used(List<Block> found, int length, long end) {
		this.used.add(length);
		for (Block block : found) {
			if (block.end() <= end) {
				drop(block.start / this.blockSize, block);
			}
		}
	}

	/**
	 * Makes blocks void, and lets none of the range be read until the change has ended.
	 */
	Change begin(long offset, long length) {
		Change change = new Change(offset, (length > Long.MAX_VALUE - offset) ? Long.MAX_VALUE : offset + length);
		List<Block> dropped = new ArrayList<>();
		synchronized (this) {
			this.changes.add(change);
			this.blocks.values().removeIf((block) -> {
				boolean touched = block.start < change.end && change.offset < block.end();
				if (touched) {
					block.isVoid = true;
					block.full = false;
					this.held -= block.reading ? 0 : 1;
					dropped.add(block);
				}
				return touched;
			});
		}
		dropped.forEach(Block::settle);
		return change;
	}

	synchronized void end(Change change) {
		this.changes.remove(change);
	}

	/**
	 * Gives all blocks up and reads no more. Waits for reads that are under way, since
	 * the store below is about to be closed.
	 */
	synchronized void close() {
		this.closed = true;
		for (Long number : List.copyOf(this.blocks.keySet())) {
			Block block = this.blocks.get(number);
			if (block != null) {
				drop(number, block);
			}
		}
		long end = System.nanoTime() + CLOSE_PATIENCE.toNanos();
		try {
			for (long left = CLOSE_PATIENCE.toNanos(); this.reading > 0 && left > 0; left = end - System.nanoTime()) {
				TimeUnit.NANOSECONDS.timedWait(this, left);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * A change of the store that has not ended. Two of the same range are two.
	 */
	static final class Change {

		private final long offset;

		private final long end;

		Change(long offset, long end) {
			this.offset = offset;
			this.end = end;
		}

	}

	/**
	 * A block.
	 */
	static final class Block {

		private final long start;

		private final byte[] data;

		private final Sinks.Empty<Void> settled = Sinks.empty();

		private volatile boolean full;

		private boolean reading = true;

		private boolean isVoid;

		Block(long start, int length) {
			this.start = start;
			this.data = new byte[length];
		}

		long end() {
			return this.start + this.data.length;
		}

		/**
		 * Completes when the block is full, or will never be.
		 */
		Mono<Void> settled() {
			return this.settled.asMono();
		}

		void settle() {
			this.settled.tryEmitEmpty();
		}

		/**
		 * Returns whether the data is there and not older than the store's was when it
		 * was asked for.
		 */
		boolean isFull() {
			return this.full;
		}

		/**
		 * Copies what a request has in common with the block.
		 * @param offset where the request begins
		 * @param target all of the request
		 */
		void copy(long offset, ByteBuffer target) {
			long from = Math.max(offset, this.start);
			long to = Math.min(offset + target.limit(), end());
			target.put((int) (from - offset), this.data, (int) (from - this.start), (int) (to - from));
		}

	}

}
