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
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Caffeine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.RequestParts;

/**
 * Keeps blocks of the store below in the heap. Needs Caffeine
 * ({@code com.github.ben-manes.caffeine:caffeine}), which chooses what stays.
 * <p>
 * <strong>Write-through</strong>, the default: a write completes when the store has it.
 * Durability is that of the store.
 * <p>
 * <strong>Write-back</strong>: a write completes when it is in memory. A flush writes
 * everything back that has been written before, and then flushes the store; it fails if a
 * block cannot be written, and the block is kept and tried again. What is not flushed is
 * lost with the process. The layer offers FLUSH, also over a store that has none. Blocks
 * that are not written back are bounded; a write that finds no room writes others back
 * first, and fails with their error if that fails. A write of a part of a block that is
 * not in the cache reads it from below first.
 * <p>
 * <strong>Concurrency.</strong> Reads go together; a write, a discard or zeroing waits
 * for requests that touch the same blocks, and later ones wait for it, so that a reader
 * sees all of a write or nothing. Older states of a block are never written over newer
 * ones.
 */
public final class CacheStore extends ForwardingBlockStore {

	private static final Logger logger = LoggerFactory.getLogger(CacheStore.class);

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

	private final int blockSize;

	private final long size;

	private final Map<Long, byte[]> clean;

	private final @Nullable DirtyBlocks dirty;

	private final RangeLock lock = new RangeLock();

	private boolean closed;

	private CacheStore(Builder builder) {
		super(builder.below);
		this.blockSize = builder.blockSize;
		this.size = builder.below.size();
		this.clean = Caffeine.newBuilder()
			.maximumSize(builder.capacity / builder.blockSize)
			// upkeep is short, and needs no pool of threads
			.executor(Runnable::run)
			.<Long, byte[]>build()
			.asMap();
		this.dirty = (builder.dirtyLimit > 0)
				? new DirtyBlocks(builder.below, builder.blockSize,
						(int) Math.min(Integer.MAX_VALUE, builder.dirtyLimit / builder.blockSize), this.clean::put)
				: null;
	}

	/**
	 * Begins to lay a cache over a store.
	 * @param below the store below
	 * @return a builder
	 */
	public static Builder over(BlockStore below) {
		return new Builder(below);
	}

	/**
	 * Returns how much the cache holds that the store below has too.
	 * @return bytes, in whole blocks
	 */
	public long cachedBytes() {
		return (long) this.clean.size() * this.blockSize;
	}

	/**
	 * Returns how much the store below does not have yet.
	 * @return bytes, in whole blocks; 0 for a write-through cache
	 */
	public long dirtyBytes() {
		return (this.dirty != null) ? (long) this.dirty.count() * this.blockSize : 0;
	}

	@Override
	public Set<BlockOperation> operations() {
		if (this.dirty == null || !super.operations().contains(BlockOperation.WRITE)) {
			return super.operations();
		}
		EnumSet<BlockOperation> operations = EnumSet.copyOf(super.operations());
		operations.add(BlockOperation.FLUSH);
		return Collections.unmodifiableSet(operations);
	}

	@Override
	public boolean fillsReadBuffers() {
		return true;
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		ByteBuffer target = destination.slice();
		return checked(offset, target.limit(),
				() -> this.lock.shared(offset, target.limit(), () -> readLocked(offset, target)));
	}

	private Mono<Void> readLocked(long offset, ByteBuffer target) {
		long end = offset + target.limit();
		List<Mono<Void>> missing = new ArrayList<>();
		long first = offset / this.blockSize;
		long last = (end - 1) / this.blockSize;
		long missingFrom = -1;
		for (long number = first; number <= last; number++) {
			byte[] block = find(number);
			if (block != null && missingFrom >= 0) {
				missing.add(load(missingFrom, number - 1, offset, target));
				missingFrom = -1;
			}
			if (block != null) {
				copyOut(number, block, offset, target);
			}
			else if (missingFrom < 0) {
				missingFrom = number;
			}
		}
		if (missingFrom >= 0) {
			missing.add(load(missingFrom, last, offset, target));
		}
		return missing.isEmpty() ? Mono.empty() : RequestParts.all(missing);
	}

	private byte @Nullable [] find(long number) {
		// in this order: a block is in the cache before it is no longer dirty
		byte[] block = (this.dirty != null) ? this.dirty.find(number) : null;
		return (block != null) ? block : this.clean.get(number);
	}

	private Mono<Void> load(long first, long last, long offset, ByteBuffer target) {
		return Guarded.defer(() -> {
			byte[] loaded = new byte[(int) (end(last) - start(first))];
			return below().read(start(first), ByteBuffer.wrap(loaded)).then(Guarded.run(() -> {
				for (long number = first; number <= last; number++) {
					int from = (int) (start(number) - start(first));
					byte[] block = Arrays.copyOfRange(loaded, from, from + length(number));
					this.clean.put(number, block);
					copyOut(number, block, offset, target);
				}
			}));
		});
	}

	private void copyOut(long number, byte[] block, long offset, ByteBuffer target) {
		long from = Math.max(start(number), offset);
		long to = Math.min(end(number), offset + target.limit());
		target.put((int) (from - offset), block, (int) (from - start(number)), (int) (to - from));
	}

	private void copyIn(long number, byte[] block, long offset, ByteBuffer source) {
		long from = Math.max(start(number), offset);
		long to = Math.min(end(number), offset + source.limit());
		source.get((int) (from - offset), block, (int) (from - start(number)), (int) (to - from));
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		ByteBuffer data = source.slice();
		DirtyBlocks writeBack = this.dirty;
		return checked(offset, data.limit(), () -> {
			if (writeBack == null) {
				return exclusive(offset, data.limit(), () -> writeThrough(offset, data));
			}
			int blocks = (int) ((offset + data.limit() - 1) / this.blockSize - offset / this.blockSize + 1);
			return writeBack.room(blocks)
				.then(exclusive(offset, data.limit(), () -> writeBack(writeBack, offset, data)))
				.doOnSuccess((done) -> writeBack.drainIfMany());
		});
	}

	private Mono<Void> writeThrough(long offset, ByteBuffer data) {
		long first = offset / this.blockSize;
		long last = (offset + data.limit() - 1) / this.blockSize;
		return below().write(offset, data.duplicate()).then(Guarded.run(() -> {
			for (long number = first; number <= last; number++) {
				byte[] block = covers(number, offset, data.limit()) ? new byte[length(number)] : this.clean.get(number);
				if (block != null) {
					copyIn(number, block, offset, data);
					this.clean.put(number, block);
				}
			}
		})).doOnError((ex) -> DirtyBlocks.removeRange(this.clean, first, last - first + 1));
	}

	private Mono<Void> writeBack(DirtyBlocks blocks, long offset, ByteBuffer data) {
		long first = offset / this.blockSize;
		long last = (offset + data.limit() - 1) / this.blockSize;
		// kept here: the cache may forget a block at any time
		Map<Long, byte[]> parts = new HashMap<>();
		return Flux.just(first, last)
			.distinct()
			.filter((number) -> !covers(number, offset, data.limit()))
			.concatMap((number) -> Guarded.defer(() -> loadPart(number, parts)))
			.then(Guarded.run(() -> {
				for (long number = first; number <= last; number++) {
					long each = number;
					byte[] part = parts.get(each);
					blocks.change(each, () -> initial(each, part), (block) -> copyIn(each, block, offset, data));
				}
			}));
	}

	private Mono<Void> loadPart(long number, Map<Long, byte[]> parts) {
		byte[] present = find(number);
		byte[] block = (present != null) ? present : new byte[length(number)];
		parts.put(number, block);
		return (present != null) ? Mono.empty() : below().read(start(number), ByteBuffer.wrap(block));
	}

	/**
	 * Returns what a block holds that is not dirty, or something to overwrite as a whole.
	 */
	private byte[] initial(long number, byte @Nullable [] part) {
		byte[] cached = this.clean.remove(number);
		byte[] block = (part != null) ? part : cached;
		return (block != null) ? block : new byte[length(number)];
	}

	@Override
	public Mono<Void> flush() {
		DirtyBlocks writeBack = this.dirty;
		return (writeBack == null) ? super.flush() : writeBack.writeBackAll().then(Mono.defer(writeBack::flushBelow));
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return zero(offset, length, (start, bytes) -> super.discard(start, bytes));
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return zero(offset, length, (start, bytes) -> super.writeZeroes(start, bytes, mayUnmap));
	}

	private Mono<Void> zero(long offset, long length, RangeRequest request) {
		return checked(offset, length, () -> exclusive(offset, length, () -> zeroLocked(offset, length, request)));
	}

	/**
	 * Writes back what is dirty at the ends of the range, and forgets what is inside.
	 */
	private Mono<Void> zeroLocked(long offset, long length, RangeRequest request) {
		long first = offset / this.blockSize;
		long count = (offset + length - 1) / this.blockSize - first + 1;
		Supplier<Mono<Void>> below = () -> request.of(offset, length)
			.doOnTerminate(() -> DirtyBlocks.removeRange(this.clean, first, count));
		DirtyBlocks blocks = this.dirty;
		if (blocks == null) {
			return below.get();
		}
		Mono<Void> ends = Flux.just(first, first + count - 1)
			.distinct()
			.filter((number) -> !covers(number, offset, length))
			.concatMap(blocks::writeBackBlock)
			.then();
		return ends.then(Mono.defer(() -> blocks.replace(first, count, below)));
	}

	private boolean covers(long number, long offset, long length) {
		return offset <= start(number) && end(number) <= offset + length;
	}

	private Mono<Void> exclusive(long offset, long length, Supplier<Mono<Void>> work) {
		long first = offset / this.blockSize;
		long last = (offset + length - 1) / this.blockSize;
		return this.lock.exclusive(start(first), end(last) - start(first), work);
	}

	private Mono<Void> checked(long offset, long length, Supplier<Mono<Void>> request) {
		BlockIoException outside = BlockIoException.outside(this.size, offset, length);
		if (outside != null) {
			return Mono.error(outside);
		}
		return (length == 0) ? Mono.empty() : request.get();
	}

	private long start(long number) {
		return number * this.blockSize;
	}

	private long end(long number) {
		return Math.min(this.size, start(number) + this.blockSize);
	}

	private int length(long number) {
		return (int) (end(number) - start(number));
	}

	/**
	 * Writes back what the store below does not have, for 30 seconds at most, and closes
	 * it. What cannot be written back is lost, with a line in the log.
	 */
	@Override
	public synchronized void close() {
		if (this.closed) {
			return;
		}
		this.closed = true;
		try {
			if (dirtyBytes() > 0) {
				flush().toFuture().get(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
			}
		}
		catch (ExecutionException | TimeoutException ex) {
			logger.error("{} bytes of a cache cannot be written back to {} and are lost", dirtyBytes(), below(), ex);
		}
		catch (InterruptedException ex) {
			logger.error("{} bytes of a cache are not written back to {}: interrupted", dirtyBytes(), below());
			Thread.currentThread().interrupt();
		}
		finally {
			this.clean.clear();
			super.close();
		}
	}

	/**
	 * Collects how large a cache is, and what it does with writes.
	 */
	public static final class Builder {

		private final BlockStore below;

		private long capacity = 64L << 20;

		private int blockSize = 16 << 10;

		private long dirtyLimit;

		private Builder(BlockStore below) {
			this.below = below;
		}

		/**
		 * Sets how much the cache holds that the store below has too.
		 * @param bytes at least one block; default 64 MiB
		 * @return this builder
		 */
		public Builder capacity(long bytes) {
			this.capacity = bytes;
			return this;
		}

		/**
		 * Sets the unit of the cache.
		 * @param bytes a power of two from 512 to 1 MiB; default 16 KiB
		 * @return this builder
		 */
		public Builder blockSize(int bytes) {
			this.blockSize = bytes;
			return this;
		}

		/**
		 * Makes it a write-back cache.
		 * @param dirtyLimit how much it may hold that the store below does not have yet,
		 * besides what requests in flight write, and besides the capacity
		 * @return this builder
		 */
		public Builder writeBack(long dirtyLimit) {
			if (dirtyLimit <= 0) {
				throw new InvalidLayerException("dirtyLimit", dirtyLimit, "Use at least one block, such as 16MB.");
			}
			this.dirtyLimit = dirtyLimit;
			return this;
		}

		/**
		 * Makes the cache.
		 * @return an empty cache
		 * @throws InvalidLayerException if a size is out of bounds
		 */
		public CacheStore build() {
			if (this.blockSize < 512 || this.blockSize > 1 << 20 || Integer.bitCount(this.blockSize) != 1) {
				throw new InvalidLayerException("blockSize", this.blockSize,
						"Use a power of two from 512 to 1MB, such as 16KB.");
			}
			if (this.capacity < this.blockSize) {
				throw new InvalidLayerException("capacity", this.capacity,
						"Use at least one block, " + this.blockSize + " bytes.");
			}
			if (this.dirtyLimit > 0 && this.dirtyLimit < this.blockSize) {
				throw new InvalidLayerException("dirtyLimit", this.dirtyLimit,
						"Use at least one block, " + this.blockSize + " bytes.");
			}
			return new CacheStore(this);
		}

	}

	/**
	 * A request without data.
	 */
	@FunctionalInterface
	private interface RangeRequest {

		Mono<Void> of(long offset, long length);

	}

}
