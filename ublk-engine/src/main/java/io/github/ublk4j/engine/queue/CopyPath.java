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

import java.util.List;
import java.util.Objects;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.engine.linux.LinuxException;
import org.jspecify.annotations.Nullable;

/**
 * Copy mode: the driver copies between the request and the buffer of its tag. The buffers
 * are allocated up front and locked. The driver may write into the buffer of an armed tag
 * at any moment, so none is given back before the queue has ended.
 */
final class CopyPath extends DataPath {

	private static final long MAX_REGION = 1L << 30;

	private final int depth;

	private final int bufferSize;

	private final boolean clearReadBuffers;

	private final BufferMemory.Source memory;

	private final BufferMemory[] regions;

	private final @Nullable IoBuffer[] buffers;

	private final SpareBuffers spares;

	private final long[] addresses;

	// which of the ring's buffers has that of a tag in it, if they are registered
	private final int[] fixed;

	private @Nullable QueueTransport transport;

	private boolean registered;

	private @Nullable BufferMemory discarded;

	private boolean detached;

	CopyPath(int depth, int bufferSize, boolean clearReadBuffers) {
		this(LockedMemory::allocate, depth, bufferSize, clearReadBuffers);
	}

	/**
	 * Allocates the buffers of a queue.
	 * @param memory where they come from
	 * @param depth the tags of the queue
	 * @param bufferSize the largest request in bytes, a multiple of the page size
	 * @param clearReadBuffers whether the buffer of a read is zeroed for the disk
	 * @throws LinuxException if memory is short
	 */
	CopyPath(BufferMemory.Source memory, int depth, int bufferSize, boolean clearReadBuffers) {
		super(bufferSize);
		this.memory = memory;
		this.depth = depth;
		this.bufferSize = bufferSize;
		this.clearReadBuffers = clearReadBuffers;
		int perRegion = (int) Math.min(depth, MAX_REGION / bufferSize);
		this.regions = new BufferMemory[(depth + perRegion - 1) / perRegion];
		this.buffers = new IoBuffer[depth];
		this.spares = new SpareBuffers(memory, depth, bufferSize);
		this.addresses = new long[depth];
		this.fixed = new int[depth];
		for (int region = 0; region < this.regions.length; region++) {
			int first = region * perRegion;
			int count = Math.min(perRegion, depth - first);
			try {
				this.regions[region] = this.memory.allocate(count * bufferSize);
			}
			catch (LinuxException ex) {
				release();
				throw ex;
			}
			for (int i = 0; i < count; i++) {
				long address = this.regions[region].address() + (long) i * bufferSize;
				this.buffers[first + i] = new IoBuffer(this.regions[region].buffer().slice(i * bufferSize, bufferSize),
						address);
				this.addresses[first + i] = address;
				this.fixed[first + i] = region;
			}
		}
	}

	@Override
	void opened(QueueTransport opened) {
		this.transport = opened;
	}

	/**
	 * Registers the buffers for the first transfer: a disk that makes none has no use for
	 * that.
	 */
	@Override
	int fixedMemory(IoRequest request) {
		QueueTransport unasked = this.transport;
		if (unasked != null) {
			this.transport = null;
			this.registered = unasked.registerMemory(List.of(this.regions));
		}
		return this.registered ? this.fixed[request.tagInFlight()] : NO_FIXED_BUFFER;
	}

	@Override
	long commandAddress(int tag) {
		return this.addresses[tag];
	}

	@Override
	IoBuffer begin(IoRequest request, int operationAndFlags, int tag, int length) {
		IoBuffer buffer = Objects.requireNonNull(this.buffers[tag]);
		buffer.present(length);
		if (this.clearReadBuffers && request.kind() == BlockOperation.READ) {
			buffer.zero(length);
		}
		return buffer;
	}

	@Override
	int end(IoRequest request, int result) {
		request.forgetBuffer();
		return result;
	}

	/**
	 * Takes the buffer of the tag away from the driver, since code that was told to stop
	 * may still use it: it would see the data of later requests, and store it. The tag
	 * gets another one, unless too many are held like this: then its data goes nowhere.
	 */
	@Override
	void abandon(IoRequest request, boolean goesOn) {
		if (!request.movesData()) {
			return;
		}
		request.forgetBuffer();
		int tag = request.tagInFlight();
		if (this.discarded == null) {
			this.discarded = this.memory.allocate(this.bufferSize);
		}
		this.detached = true;
		this.spares.abandon(tag);
		this.buffers[tag] = null;
		this.fixed[tag] = NO_FIXED_BUFFER;
		this.addresses[tag] = this.discarded.address();
		if (goesOn) {
			replace(tag);
		}
	}

	private void replace(int tag) {
		IoBuffer spare = this.spares.take(tag);
		if (spare != null) {
			this.buffers[tag] = spare;
			this.addresses[tag] = spare.address();
		}
	}

	@Override
	boolean serves(int tag) {
		if (this.buffers[tag] != null) {
			return true;
		}
		// for the request after this one
		replace(tag);
		return false;
	}

	@Override
	boolean isShort() {
		return this.spares.areShort();
	}

	@Override
	public long bytes() {
		return (long) this.depth * this.bufferSize + this.spares.bytes();
	}

	@Override
	public boolean locked() {
		for (BufferMemory region : this.regions) {
			if (!region.locked()) {
				return false;
			}
		}
		return true;
	}

	@Override
	public void trim() {
		// the driver knows every buffer
	}

	@Override
	@SuppressWarnings("ConstantValue")
	public void release() {
		for (BufferMemory region : this.regions) {
			// null where the constructor failed
			if (region != null) {
				region.release(this.detached);
			}
		}
		this.spares.release();
		if (this.discarded != null) {
			this.discarded.release(false);
		}
	}

}
