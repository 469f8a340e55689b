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
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * Blocks of a cache that the store below does not have yet. A block is written back by
 * one write at a time, so that an older state never lands on a newer one. What a write
 * that is under way reads is not changed; whoever changes such a block changes a copy. A
 * block stays here until the store has it in its latest state.
 */
final class DirtyBlocks {

	private static final Logger logger = LoggerFactory.getLogger(DirtyBlocks.class);

	/** Writes that are under way for one caller. */
	private static final int TOGETHER = 16;

	private final BlockStore below;

	private final int blockSize;

	private final int limit;

	private final BiConsumer<Long, byte[]> clean;

	private final Map<Long, Block> blocks = new ConcurrentHashMap<>();

	/** By the numbers of blocks. */
	private final RangeLock writes = new RangeLock();

	private final AtomicBoolean draining = new AtomicBoolean();

	/**
	 * Creates a set without blocks.
	 * @param below where they are written to
	 * @param blockSize bytes of a block
	 * @param limit how many there may be
	 * @param clean takes a block that the store has, before it is gone from here
	 */
	DirtyBlocks(BlockStore below, int blockSize, int limit, BiConsumer<Long, byte[]> clean) {
		this.below = below;
		this.blockSize = blockSize;
		this.limit = limit;
		this.clean = clean;
	}

	int count() {
		return this.blocks.size();
	}

	byte @Nullable [] find(long block) {
		Block found = this.blocks.get(block);
		return (found != null) ? found.data : null;
	}

	/**
	 * Changes a block. Nobody else may change or read it meanwhile.
	 * @param number the number of the block
	 * @param initial returns what it holds if it is not dirty; the array is kept
	 * @param change changes its bytes
	 */
	void change(long number, Supplier<byte[]> initial, Consumer<byte[]> change) {
		this.blocks.compute(number, (key, block) -> {
			byte[] data = (block == null) ? initial.get() : block.shared ? block.data.clone() : block.data;
			change.accept(data);
			return new Block(data, false, (block == null) ? 0 : block.version + 1);
		});
	}

	/**
	 * Waits until there is room for more blocks, or none are left. Writes back to make
	 * some.
	 * @param count how many come
	 * @return fails if nothing can be written back
	 */
	Mono<Void> room(int count) {
		return Mono.defer(() -> {
			int present = count();
			return (present == 0 || present + count <= this.limit) ? Mono.empty()
					: writeBack(Math.max(count, TOGETHER)).then(room(count));
		});
	}

	/**
	 * Writes back in the background if there are many.
	 */
	void drainIfMany() {
		if (count() > this.limit / 2 && this.draining.compareAndSet(false, true)) {
			writeBack(Integer.MAX_VALUE).doFinally((signal) -> this.draining.set(false)).subscribe((done) -> {
			}, (ex) -> logger.warn("Blocks of a cache cannot be written back; they are kept, and tried again: {}",
					ex.toString()));
		}
	}

	/**
	 * Writes back what is dirty now.
	 * @return fails if one block at least cannot be written; those are kept
	 */
	Mono<Void> writeBackAll() {
		return writeBack(Integer.MAX_VALUE);
	}

	private Mono<Void> writeBack(int most) {
		return Flux.fromIterable(this.blocks.keySet())
			.take(most)
			.flatMapDelayError(this::writeBackBlock, TOGETHER, TOGETHER)
			.onErrorMap((ex) -> Exceptions.unwrapMultiple(ex).get(0))
			.then();
	}

	Mono<Void> writeBackBlock(long number) {
		return this.writes.exclusive(number, 1, () -> {
			Block block = this.blocks.computeIfPresent(number,
					(key, current) -> new Block(current.data, true, current.version));
			if (block == null) {
				return Mono.empty();
			}
			return this.below.write(number * this.blockSize, ByteBuffer.wrap(block.data).asReadOnlyBuffer())
				.doOnSuccess((done) -> written(number, block.version))
				.doOnError((ex) -> released(number, block.version));
		});
	}

	private void written(long number, long version) {
		this.blocks.computeIfPresent(number, (key, current) -> {
			if (current.version != version) {
				return current;
			}
			this.clean.accept(number, current.data);
			return null;
		});
	}

	private void released(long number, long version) {
		this.blocks.computeIfPresent(number,
				(key, current) -> (current.version == version) ? new Block(current.data, false, version) : current);
	}

	/**
	 * Does something to blocks of the store that makes their data here void, such as a
	 * discard. None of them is written meanwhile.
	 * @param first the number of the first block
	 * @param count how many
	 * @param request what is done; if it fails, the data here is kept
	 */
	Mono<Void> replace(long first, long count, Supplier<Mono<Void>> request) {
		return this.writes.exclusive(first, count,
				() -> request.get().doOnSuccess((done) -> removeRange(this.blocks, first, count)));
	}

	/**
	 * Removes blocks from a map by their numbers, however many there are.
	 */
	static void removeRange(Map<Long, ?> blocks, long first, long count) {
		if (count < blocks.size()) {
			for (long number = first; number < first + count; number++) {
				blocks.remove(number);
			}
			return;
		}
		for (Iterator<Long> numbers = blocks.keySet().iterator(); numbers.hasNext();) {
			long number = numbers.next();
			if (number >= first && number < first + count) {
				numbers.remove();
			}
		}
	}

	/**
	 * Makes what has been written back durable.
	 */
	Mono<Void> flushBelow() {
		return this.below.operations().contains(BlockOperation.FLUSH) ? this.below.flush() : Mono.empty();
	}

	/**
	 * A block.
	 */
	private static final class Block {

		private final byte[] data;

		/** Whether a write is under way that reads the array. */
		private final boolean shared;

		private final long version;

		Block(byte[] data, boolean shared, long version) {
			this.data = data;
			this.shared = shared;
			this.version = version;
		}

	}

}
