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

import java.nio.ByteBuffer;

import io.github.ublk4j.engine.linux.IoMemory;
import io.github.ublk4j.engine.linux.LinuxException;
import org.jspecify.annotations.Nullable;

/**
 * The request buffers of one queue in copy mode: one per tag, allocated up front and
 * locked. The driver may write into the buffer of an armed tag at any moment, so none is
 * given back before the queue has ended.
 */
public final class QueueBuffers {

	private static final long MAX_REGION = 1L << 30;

	private final int depth;

	private final int bufferSize;

	private final IoMemory[] regions;

	private final ByteBuffer[] buffers;

	private final long[] addresses;

	private @Nullable IoMemory discarded;

	private boolean detached;

	/**
	 * Allocates the buffers of a queue.
	 * @param depth the tags of the queue
	 * @param bufferSize the largest request in bytes, a multiple of the page size
	 * @throws LinuxException if memory is short
	 */
	public QueueBuffers(int depth, int bufferSize) {
		this.depth = depth;
		this.bufferSize = bufferSize;
		int perRegion = (int) Math.min(depth, MAX_REGION / bufferSize);
		this.regions = new IoMemory[(depth + perRegion - 1) / perRegion];
		this.buffers = new ByteBuffer[depth];
		this.addresses = new long[depth];
		for (int region = 0; region < this.regions.length; region++) {
			int first = region * perRegion;
			int count = Math.min(perRegion, depth - first);
			try {
				this.regions[region] = IoMemory.allocate(count * bufferSize);
			}
			catch (LinuxException ex) {
				release();
				throw ex;
			}
			for (int i = 0; i < count; i++) {
				this.buffers[first + i] = this.regions[region].buffer().slice(i * bufferSize, bufferSize);
				this.addresses[first + i] = this.regions[region].address() + (long) i * bufferSize;
			}
		}
	}

	int depth() {
		return this.depth;
	}

	ByteBuffer buffer(int tag) {
		return this.buffers[tag];
	}

	long address(int tag) {
		return this.addresses[tag];
	}

	/**
	 * Takes the buffer of a tag away from the driver, since code that was told to stop
	 * may still use it: it would see the data of later requests, and store it. Requests
	 * that arrive from now on transfer their data to and from nowhere. Called by the
	 * loop.
	 */
	void detach(int tag) {
		if (this.discarded == null) {
			this.discarded = IoMemory.allocate(this.bufferSize);
		}
		this.detached = true;
		this.addresses[tag] = this.discarded.address();
	}

	/**
	 * Returns the memory of the buffers.
	 * @return bytes
	 */
	public long bytes() {
		return (long) this.depth * this.bufferSize;
	}

	/**
	 * Returns whether the memory is locked.
	 * @return whether none of it can be swapped
	 */
	public boolean locked() {
		for (IoMemory region : this.regions) {
			if (!region.locked()) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Gives the memory back, after the queue has ended. Memory that code which was told
	 * to stop may still use goes when that code does. Idempotent.
	 */
	@SuppressWarnings("ConstantValue")
	public void release() {
		for (IoMemory region : this.regions) {
			// null where the constructor failed
			if (region != null) {
				region.release(this.detached);
			}
		}
		if (this.discarded != null) {
			this.discarded.release(false);
		}
	}

}
