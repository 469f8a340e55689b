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

package io.github.ublk4j.engine.queue;

import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;

import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxPlatform;

/**
 * The buffers of one queue in user-copy mode, made when they are needed. Sizes are powers
 * of two from a page on; buffers of less than {@value #SLAB} bytes share a piece of
 * memory. It never holds more than the plan, depth x largest request: in use there are no
 * more buffers than the queue has tags, and no piece is longer than the largest request.
 * What requests keep that were abandoned comes on top, at most the plan again. Any
 * thread.
 */
final class BufferPool {

	private static final int SLAB = 64 << 10;

	private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

	private final BufferMemory.Source memory;

	private final int depth;

	private final long plan;

	private final SizeClass[] classes;

	private final List<Slab> slabs = new ArrayList<>();

	// the memory that abandoned buffers keep, cleared when nobody can use it any more
	private final List<Pinned> pinned = new ArrayList<>();

	// of abandoned buffers that are not replaced yet, since too much is pinned
	private final Queue<Slab> unplaced = new ArrayDeque<>();

	private int taken;

	// threads that wait for their turn
	private int waiting;

	private long bytes;

	private boolean locked = true;

	private boolean released;

	/**
	 * Creates an empty pool.
	 * @param memory where its memory comes from
	 * @param depth the most buffers that are taken at a time
	 * @param largest the largest request in bytes, a multiple of the page size
	 */
	BufferPool(BufferMemory.Source memory, int depth, int largest) {
		this.memory = memory;
		this.depth = depth;
		this.plan = (long) depth * largest;
		this.classes = new SizeClass[indexOf(largest) + 1];
		for (int i = 0; i < this.classes.length; i++) {
			int size = (int) Math.min((long) LinuxPlatform.PAGE_SIZE << i, largest);
			this.classes[i] = new SizeClass(size, Math.max(1, Math.min(SLAB, largest) / size));
		}
	}

	private static int indexOf(int length) {
		int pages = (length + LinuxPlatform.PAGE_SIZE - 1) / LinuxPlatform.PAGE_SIZE;
		return (pages <= 1) ? 0 : Integer.SIZE - Integer.numberOfLeadingZeros(pages - 1);
	}

	/**
	 * Takes a buffer.
	 * @param length how much it must hold, in bytes
	 * @return a buffer with undefined content
	 * @throws LinuxException if memory is short
	 */
	IoBuffer take(int length) {
		SizeClass sizeClass = this.classes[indexOf(length)];
		List<Slab> unneeded;
		synchronized (this) {
			placeAbandoned();
			awaitTurn();
			if (this.released) {
				throw ended();
			}
			this.taken++;
			PooledBuffer free = sizeClass.free.poll();
			if (free != null) {
				return handOut(free);
			}
			boolean full = this.bytes + sizeClass.slabSize() > this.plan;
			unneeded = full ? removeAll(this.slabs.stream().filter((slab) -> slab.taken == 0).toList()) : List.of();
			this.bytes += sizeClass.slabSize();
		}
		// not under the lock: the kernel may make room by writing to this very disk,
		// whose loop gives buffers back
		unneeded.forEach(Slab::release);
		return handOutNew(sizeClass);
	}

	private PooledBuffer handOut(PooledBuffer buffer) {
		SizeClass sizeClass = buffer.slab.sizeClass;
		sizeClass.fewestFree = Math.min(sizeClass.fewestFree, sizeClass.free.size());
		buffer.slab.taken++;
		return buffer;
	}

	private PooledBuffer handOutNew(SizeClass sizeClass) {
		BufferMemory made = null;
		try {
			made = this.memory.allocate(sizeClass.slabSize());
		}
		finally {
			if (made == null) {
				giveUpTurn(sizeClass.slabSize());
			}
		}
		Slab slab = new Slab(made, sizeClass);
		for (int i = 0; i < sizeClass.buffersPerSlab; i++) {
			slab.buffers.add(new PooledBuffer(slab, i * sizeClass.bufferSize, sizeClass.bufferSize));
		}
		synchronized (this) {
			if (!this.released) {
				this.slabs.add(slab);
				this.locked &= made.locked();
				slab.buffers.subList(1, sizeClass.buffersPerSlab).forEach(sizeClass.free::push);
				return handOut(slab.buffers.get(0));
			}
		}
		slab.release();
		giveUpTurn(sizeClass.slabSize());
		throw ended();
	}

	private synchronized void giveUpTurn(long reserved) {
		this.taken--;
		this.bytes -= reserved;
		notifyWaiting();
	}

	private static IllegalStateException ended() {
		return new IllegalStateException("The queue has ended");
	}

	// A request has one buffer. There is one more only while a thread has not noticed
	// yet that the request it makes a buffer for has ended
	private void awaitTurn() {
		if (this.taken < this.depth) {
			return;
		}
		long end = System.nanoTime() + PATIENCE_NANOS;
		while (this.taken == this.depth && !this.released) {
			long left = end - System.nanoTime();
			// the loop would wait for what it gives back itself
			if (left <= 0 || (!this.unplaced.isEmpty() && BlockQueue.isQueueThread())) {
				throw new LinuxException("take a buffer", Errno.ENOMEM, "All " + this.depth
						+ " of the queue are taken, some by requests that were not answered in time");
			}
			this.waiting++;
			try {
				TimeUnit.NANOSECONDS.timedWait(this, left);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw new IllegalStateException("Interrupted while waiting for a buffer", ex);
			}
			finally {
				this.waiting--;
			}
		}
	}

	/**
	 * Gives a buffer back.
	 * @param buffer a buffer of this pool
	 */
	synchronized void giveBack(IoBuffer buffer) {
		PooledBuffer pooled = (PooledBuffer) buffer;
		returned(pooled.slab);
		if (!this.released && !pooled.slab.abandoned) {
			// the last one used is the first to be used again: its content is in the
			// cache
			pooled.slab.sizeClass.free.push(pooled);
		}
	}

	/**
	 * Gives up a buffer that somebody may still use: its memory goes when nobody can
	 * reach it. Another takes its place, unless as much as the plan is held like this.
	 * @param buffer a buffer of this pool
	 */
	synchronized void abandon(IoBuffer buffer) {
		Slab slab = ((PooledBuffer) buffer).slab;
		if (!slab.abandoned && !this.released) {
			if (pinnedBytes() + slab.size() > this.plan) {
				this.unplaced.add(slab);
				return;
			}
			pin(slab);
		}
		returned(slab);
	}

	private void pin(Slab slab) {
		slab.abandoned = true;
		slab.sizeClass.free.removeAll(slab.buffers);
		this.slabs.remove(slab);
		this.bytes -= slab.size();
		this.pinned.add(new Pinned(new WeakReference<>(slab.memory.buffer()), slab.size()));
	}

	// Whoever kept earlier ones may have let go of them meanwhile
	private void placeAbandoned() {
		while (!this.unplaced.isEmpty()) {
			Slab slab = this.unplaced.element();
			if (!slab.abandoned) {
				if (pinnedBytes() + slab.size() > this.plan) {
					return;
				}
				pin(slab);
			}
			this.unplaced.remove();
			returned(slab);
		}
	}

	private void returned(Slab slab) {
		slab.taken--;
		this.taken--;
		if (slab.abandoned && slab.taken == 0) {
			slab.memory.release(true);
		}
		notifyWaiting();
	}

	private void notifyWaiting() {
		if (this.waiting > 0) {
			notifyAll();
		}
	}

	private long pinnedBytes() {
		this.pinned.removeIf((gone) -> gone.memory.get() == null);
		return this.pinned.stream().mapToLong(Pinned::size).sum();
	}

	/**
	 * Gives memory back that has been free since the last call.
	 */
	void trim() {
		takeUnused().forEach(Slab::release);
	}

	private synchronized List<Slab> takeUnused() {
		List<Slab> unused = new ArrayList<>();
		if (this.released) {
			return unused;
		}
		for (SizeClass sizeClass : this.classes) {
			int spare = sizeClass.fewestFree;
			for (Slab slab : this.slabs) {
				if (slab.sizeClass == sizeClass && slab.taken == 0 && spare >= slab.buffers.size()) {
					spare -= slab.buffers.size();
					unused.add(slab);
				}
			}
		}
		removeAll(unused);
		for (SizeClass sizeClass : this.classes) {
			sizeClass.fewestFree = sizeClass.free.size();
		}
		return unused;
	}

	private List<Slab> removeAll(List<Slab> free) {
		for (Slab slab : free) {
			slab.sizeClass.free.removeAll(slab.buffers);
			this.bytes -= slab.size();
		}
		this.slabs.removeAll(free);
		return free;
	}

	/**
	 * Returns whether abandoned buffers keep more than half of what they may.
	 */
	synchronized boolean isShort() {
		return pinnedBytes() > this.plan / 2;
	}

	synchronized long bytes() {
		return this.released ? 0 : this.bytes + pinnedBytes();
	}

	synchronized boolean locked() {
		return this.locked;
	}

	/**
	 * Gives all memory back, except what somebody may still use. Idempotent.
	 */
	synchronized void release() {
		this.released = true;
		notifyAll();
		for (Slab slab : this.slabs) {
			slab.memory.release(slab.taken > 0);
		}
		this.bytes = 0;
	}

	private static final class SizeClass {

		private final int bufferSize;

		private final int buffersPerSlab;

		private final Deque<PooledBuffer> free = new ArrayDeque<>();

		private int fewestFree;

		SizeClass(int bufferSize, int buffersPerSlab) {
			this.bufferSize = bufferSize;
			this.buffersPerSlab = buffersPerSlab;
		}

		int slabSize() {
			return this.buffersPerSlab * this.bufferSize;
		}

	}

	private static final class Slab {

		private final BufferMemory memory;

		private final SizeClass sizeClass;

		private final List<PooledBuffer> buffers = new ArrayList<>();

		private int taken;

		private boolean abandoned;

		Slab(BufferMemory memory, SizeClass sizeClass) {
			this.memory = memory;
			this.sizeClass = sizeClass;
		}

		long size() {
			return this.memory.buffer().capacity();
		}

		void release() {
			this.memory.release(false);
		}

	}

	private record Pinned(WeakReference<ByteBuffer> memory, long size) {

	}

	private static final class PooledBuffer extends IoBuffer {

		private final Slab slab;

		PooledBuffer(Slab slab, int index, int size) {
			super(slab.memory.buffer().slice(index, size), slab.memory.address() + index);
			this.slab = slab;
		}

	}

}
