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
import java.util.ArrayList;
import java.util.List;

import io.github.ublk4j.engine.linux.LinuxException;
import org.jspecify.annotations.Nullable;

/**
 * Buffers of copy mode for tags whose own was abandoned, at most as many as the queue has
 * tags, with those that are abandoned in their turn and still reachable. Used by the
 * loop; {@link #bytes()} and {@link #areShort()} by any thread.
 */
final class SpareBuffers {

	private final BufferMemory.Source memory;

	private final int bufferSize;

	private final @Nullable BufferMemory[] current;

	// cleared when nobody can use the buffer any more
	private final List<WeakReference<ByteBuffer>> abandoned = new ArrayList<>();

	private int used;

	private volatile int count;

	private volatile int abandonedCount;

	SpareBuffers(BufferMemory.Source memory, int depth, int bufferSize) {
		this.memory = memory;
		this.bufferSize = bufferSize;
		this.current = new BufferMemory[depth];
	}

	/**
	 * Takes a buffer for a tag that has none.
	 * @return the buffer, {@code null} if there are too many or memory is short
	 */
	@Nullable IoBuffer take(int tag) {
		this.abandoned.removeIf((reference) -> reference.get() == null);
		show();
		if (this.count >= this.current.length) {
			return null;
		}
		try {
			BufferMemory taken = this.memory.allocate(this.bufferSize);
			this.current[tag] = taken;
			this.used++;
			show();
			return new IoBuffer(taken.buffer().slice(), taken.address());
		}
		catch (LinuxException ex) {
			return null;
		}
	}

	private void show() {
		this.count = this.used + this.abandoned.size();
		this.abandonedCount = this.abandoned.size();
	}

	/**
	 * Returns whether a tag could soon have none, and abandoned ones are why.
	 */
	boolean areShort() {
		return this.abandonedCount > 0 && this.count > this.current.length / 2;
	}

	/**
	 * Gives up the buffer of a tag, if it has one of these.
	 */
	void abandon(int tag) {
		BufferMemory left = this.current[tag];
		if (left != null) {
			this.current[tag] = null;
			this.used--;
			this.abandoned.add(new WeakReference<>(left.buffer()));
			left.release(true);
			show();
		}
	}

	long bytes() {
		return (long) this.count * this.bufferSize;
	}

	/**
	 * Gives all back, after the queue has ended.
	 */
	void release() {
		for (BufferMemory left : this.current) {
			if (left != null) {
				left.release(false);
			}
		}
	}

}
