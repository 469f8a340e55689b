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
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * A RAM disk in direct memory, outside the Java heap and bounded by
 * {@code -XX:MaxDirectMemorySize}.
 * <p>
 * A {@linkplain #sparse(long) sparse} store takes memory in chunks of 256 KiB when they
 * are first written. A {@linkplain #preTouched(long) pre-touched} store takes all of it
 * at once and keeps it: no write fails for want of memory or waits for it.
 * <p>
 * Every method does its work on the calling thread, before it returns, and does not
 * allocate: the result of a success is {@code Mono.empty()}.
 * <p>
 * There is no FLUSH: nothing is cached in front of the memory, so a write is at once as
 * durable as it will ever be.
 * <p>
 * DISCARD, and WRITE_ZEROES that may unmap, give up the chunks that they cover as a
 * whole; the garbage collector then frees them, at the latest when direct memory runs out
 * (unless the JVM runs with {@code -XX:+DisableExplicitGC}). The rest is filled with
 * zeros in place, as is everything in a pre-touched store. WRITE_ZEROES that must not
 * unmap keeps the chunks that are there and adds none.
 * <p>
 * <strong>Threads.</strong> All methods may be called concurrently. As on any disk,
 * overlapping requests that are in flight together may take effect in any order, even per
 * byte. What one thread has written another can read if the read happens after the write
 * by the rules of the Java memory model; requests of the kernel do, other callers see to
 * it by the way they hand over the completion.
 */
public final class MemoryBlockStore implements BlockStore {

	/**
	 * The default limit of a request: one that is aligned needs one copy. Larger chunks
	 * would make the first write wait longer, because the JVM zeroes what it allocates
	 * (256 KiB take up to a hundred microseconds with their page faults), and scattered
	 * small writes cost more memory. Smaller ones would cost more in the heap than the 4
	 * to 8 bytes per chunk of the table and the 200 bytes or so that a direct buffer
	 * takes.
	 */
	static final int CHUNK_SIZE = 256 << 10;

	private static final int CHUNK_SHIFT = Integer.numberOfTrailingZeros(CHUNK_SIZE);

	private static final int CACHE_LINE = 64;

	/** A cache line is lost at either end of a chunk, at most. */
	private static final int ALIGNMENT = 2 * CACHE_LINE;

	private static final int MAX_CHUNKS = Integer.MAX_VALUE - 8;

	/**
	 * Before the JVM reports that direct memory is exhausted, it collects garbage and
	 * sleeps for half a second. A full disk would do that to its queue for each write.
	 */
	private static final long EXHAUSTION_PAUSE = TimeUnit.SECONDS.toNanos(5);

	private static final Set<BlockOperation> OPERATIONS = Collections.unmodifiableSet(
			EnumSet.of(BlockOperation.READ, BlockOperation.WRITE, BlockOperation.DISCARD, BlockOperation.WRITE_ZEROES));

	private final long size;

	private final boolean preTouched;

	private final IntFunction<ByteBuffer> allocator;

	/**
	 * A chunk given up must never serve another place: a write that began before may
	 * still hold it.
	 */
	private final AtomicReferenceArray<@Nullable ByteBuffer> chunks;

	private final AtomicLong allocated = new AtomicLong();

	private volatile boolean exhausted;

	private volatile long exhaustedUntil;

	private volatile boolean closed;

	MemoryBlockStore(long size, boolean preTouched, IntFunction<ByteBuffer> allocator) {
		if (size <= 0 || (size - 1) >>> CHUNK_SHIFT >= MAX_CHUNKS) {
			throw new IllegalArgumentException("A memory store cannot have " + size + " bytes. Use 1 to "
					+ ((long) MAX_CHUNKS << CHUNK_SHIFT) + ".");
		}
		this.size = size;
		this.preTouched = preTouched;
		this.allocator = allocator;
		this.chunks = newTable(size);
	}

	private static AtomicReferenceArray<@Nullable ByteBuffer> newTable(long size) {
		int length = (int) ((size - 1) >>> CHUNK_SHIFT) + 1;
		try {
			return new AtomicReferenceArray<>(length);
		}
		catch (OutOfMemoryError ex) {
			throw new StoreUnavailableException(
					"A memory store of " + size + " bytes needs a table of about " + 4L * length
							+ " bytes in the heap, which may have " + Runtime.getRuntime().maxMemory() + ".",
					"Make the store smaller, or raise -Xmx.", ex);
		}
	}

	/**
	 * Creates a store that takes memory when it is written. It may be larger than the
	 * memory; a write that finds none left fails with ENOSPC.
	 * @param size bytes
	 * @return a store full of zeros
	 * @throws StoreUnavailableException if the heap cannot hold the table of its chunks,
	 * 4 to 8 bytes for each
	 */
	public static MemoryBlockStore sparse(long size) {
		return new MemoryBlockStore(size, false, ByteBuffer::allocateDirect);
	}

	/**
	 * Creates a store that takes all its memory now, and touches it, so that the
	 * operating system has to provide it now. Takes some tenths of a second per GiB.
	 * @param size bytes
	 * @return a store full of zeros
	 * @throws StoreUnavailableException if the JVM may not use so much direct memory
	 */
	public static MemoryBlockStore preTouched(long size) {
		MemoryBlockStore store = new MemoryBlockStore(size, true, ByteBuffer::allocateDirect);
		store.touchAll();
		return store;
	}

	void touchAll() {
		long needed = this.size + (long) this.chunks.length() * ALIGNMENT;
		long limit = DirectMemory.limit();
		// What other buffers use is left to the allocation itself: part of it may be
		// garbage.
		if (needed > limit) {
			throw doesNotFit(limit, null);
		}
		try {
			for (int i = 0; i < this.chunks.length(); i++) {
				this.chunks.set(i, newChunk(chunkLength(i)));
				this.allocated.addAndGet(chunkLength(i));
			}
		}
		catch (OutOfMemoryError ex) {
			close();
			throw doesNotFit(limit, ex);
		}
	}

	@Override
	public long size() {
		return this.size;
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		int length = destination.remaining();
		BlockIoException refusal = refusal(offset, length);
		if (refusal != null) {
			return Mono.error(refusal);
		}
		int position = destination.position();
		while (length > 0) {
			int start = (int) offset & (CHUNK_SIZE - 1);
			int count = Math.min(length, CHUNK_SIZE - start);
			ByteBuffer chunk = this.chunks.get((int) (offset >>> CHUNK_SHIFT));
			if (chunk != null) {
				destination.put(position, chunk, start, count);
			}
			else {
				Zeros.fill(destination, position, count);
			}
			offset += count;
			position += count;
			length -= count;
		}
		return Mono.empty();
	}

	/**
	 * Stores a buffer.
	 * @param offset where to begin, in bytes
	 * @param source stored from its position to its limit
	 * @return completes when the data can be read back; fails with ENOSPC when the JVM
	 * has no direct memory left, and then each byte of the range has its old or its new
	 * value
	 */
	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		int length = source.remaining();
		BlockIoException refusal = refusal(offset, length);
		if (refusal != null) {
			return Mono.error(refusal);
		}
		int position = source.position();
		while (length > 0) {
			int index = (int) (offset >>> CHUNK_SHIFT);
			int start = (int) offset & (CHUNK_SIZE - 1);
			int count = Math.min(length, CHUNK_SIZE - start);
			ByteBuffer chunk = this.chunks.get(index);
			if (chunk == null) {
				chunk = allocate(index);
				if (chunk == null) {
					return Mono.error(noSpace());
				}
			}
			chunk.put(start, source, position, count);
			offset += count;
			position += count;
			length -= count;
		}
		return Mono.empty();
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return zero(offset, length, true);
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return zero(offset, length, mayUnmap);
	}

	private Mono<Void> zero(long offset, long length, boolean mayUnmap) {
		BlockIoException refusal = refusal(offset, length);
		if (refusal != null) {
			return Mono.error(refusal);
		}
		long end = offset + length;
		while (offset < end) {
			int index = (int) (offset >>> CHUNK_SHIFT);
			int start = (int) offset & (CHUNK_SIZE - 1);
			int whole = chunkLength(index);
			int count = (int) Math.min(end - offset, whole - start);
			if (count == whole && mayUnmap && !this.preTouched) {
				release(index);
			}
			else {
				ByteBuffer chunk = this.chunks.get(index);
				if (chunk != null) {
					Zeros.fill(chunk, start, count);
				}
			}
			offset += count;
		}
		return Mono.empty();
	}

	@Override
	public boolean fillsReadBuffers() {
		return true;
	}

	@Override
	public Set<BlockOperation> operations() {
		return OPERATIONS;
	}

	/**
	 * Returns how much memory holds data. What was given up and waits for the garbage
	 * collector does not count.
	 * @return bytes
	 */
	public long allocatedBytes() {
		return this.allocated.get();
	}

	/**
	 * Gives up all memory. Requests then fail with EIO.
	 */
	@Override
	public void close() {
		this.closed = true;
		for (int i = 0; i < this.chunks.length(); i++) {
			release(i);
		}
	}

	private @Nullable BlockIoException refusal(long offset, long length) {
		if (this.closed) {
			return new BlockIoException(BlockErrno.EIO, "The memory store is closed");
		}
		return BlockIoException.outside(this.size, offset, length);
	}

	private int chunkLength(int index) {
		return (int) Math.min(CHUNK_SIZE, this.size - ((long) index << CHUNK_SHIFT));
	}

	private @Nullable ByteBuffer allocate(int index) {
		if (this.exhausted && System.nanoTime() - this.exhaustedUntil < 0) {
			return null;
		}
		ByteBuffer fresh;
		try {
			fresh = newChunk(chunkLength(index));
			this.exhausted = false;
		}
		catch (OutOfMemoryError ex) {
			this.exhaustedUntil = System.nanoTime() + EXHAUSTION_PAUSE;
			this.exhausted = true;
			return null;
		}
		while (true) {
			if (this.chunks.compareAndSet(index, null, fresh)) {
				this.allocated.addAndGet(chunkLength(index));
				return fresh;
			}
			ByteBuffer present = this.chunks.get(index);
			if (present != null) {
				return present;
			}
		}
	}

	private ByteBuffer newChunk(int length) {
		// malloc aligns to 16 bytes; copies that straddle cache lines are slower.
		return this.allocator.apply(length + ALIGNMENT).alignedSlice(CACHE_LINE);
	}

	private void release(int index) {
		if (this.chunks.getAndSet(index, null) != null) {
			this.allocated.addAndGet(-chunkLength(index));
			this.exhausted = false;
		}
	}

	private BlockIoException noSpace() {
		return new BlockIoException(BlockErrno.ENOSPC,
				"No direct memory is left for the memory store: it holds " + allocatedBytes() + " of " + this.size
						+ " bytes, the JVM may use " + DirectMemory.limit()
						+ ". Raise -XX:MaxDirectMemorySize, or free space on the disk and discard it (fstrim)");
	}

	private StoreUnavailableException doesNotFit(long limit, @Nullable Throwable cause) {
		long used = DirectMemory.used();
		return new StoreUnavailableException(
				"A pre-touched memory store of " + this.size + " bytes does not fit into the direct memory of the JVM, "
						+ limit + " bytes with " + used + " in use.",
				"Start the JVM with -XX:MaxDirectMemorySize=" + mebibytes(this.size + used)
						+ "m or more, or make the store smaller or sparse.",
				cause);
	}

	private static long mebibytes(long bytes) {
		// One per mille on top for the alignment of the chunks.
		return ((bytes + bytes / 1000) >> 20) + 1;
	}

}
