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

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.engine.driver.CharDevice;
import io.github.ublk4j.engine.linux.LinuxException;
import org.jspecify.annotations.Nullable;

/**
 * How the data of a queue's requests gets to the disk and back. Called by the loop,
 * except where a method says otherwise.
 */
public abstract class DataPath {

	/** The requests of this path have no fixed buffer. */
	static final int NO_FIXED_BUFFER = -1;

	private final int largest;

	/**
	 * Creates a path.
	 * @param largest the largest request in bytes
	 */
	DataPath(int largest) {
		this.largest = largest;
	}

	/**
	 * Returns whether a read or write can be as long.
	 * @param length bytes
	 */
	final boolean holds(long length) {
		return length > 0 && length <= this.largest;
	}

	/**
	 * Makes the data path of a queue of the kernel's driver.
	 * @param mode how data moves
	 * @param device the open device
	 * @param queue the queue
	 * @param depth its tags
	 * @param largest the largest request in bytes, a multiple of the page size
	 * @param clearReadBuffers whether what the disk leaves unfilled must read as zeros
	 * @param registration how request pages become fixed buffers
	 * @return the path, in memory that the kernel reads and writes
	 * @throws LinuxException if memory is short
	 */
	public static DataPath of(DataMode mode, CharDevice device, int queue, int depth, int largest,
			boolean clearReadBuffers, PageRegistration registration) {
		return of(mode, new DeviceCopier(device, queue), LockedMemory::allocate, depth, largest, clearReadBuffers,
				registration);
	}

	static DataPath of(DataMode mode, RequestCopier copier, BufferMemory.Source memory, int depth, int largest,
			boolean clearReadBuffers, PageRegistration registration) {
		return switch (mode) {
			case USER_COPY -> new UserCopyPath(copier, memory, depth, largest, clearReadBuffers);
			case ZERO_COPY -> new ZeroCopyPath(copier, memory, depth, largest, clearReadBuffers,
					registration != PageRegistration.BY_COMMAND);
			default -> new CopyPath(memory, depth, largest, clearReadBuffers);
		};
	}

	/**
	 * Returns what a command of a tag carries as buffer address.
	 */
	abstract long commandAddress(int tag);

	/**
	 * Prepares for the data of a read or write that has arrived.
	 * @return the buffer that the request has from the start
	 */
	abstract @Nullable IoBuffer begin(IoRequest request, int operationAndFlags, int tag, int length);

	/**
	 * Makes a buffer for a request that has none, with the data of a write in it. Any
	 * thread, one at a time for a request.
	 */
	IoBuffer provide(IoRequest request) {
		throw hasBuffer();
	}

	/**
	 * Lends the transfers of a request that has no buffer memory for its data. Called by
	 * the loop.
	 * @param length bytes
	 * @return a buffer with undefined content
	 */
	IoBuffer lend(int length) {
		throw hasBuffer();
	}

	/**
	 * Copies the data of a write to memory that was lent. Called by the loop.
	 * @throws LinuxException if the driver refuses, as when the request has ended
	 */
	void copyFromRequest(IoRequest request, IoBuffer lent, int length) {
		throw hasBuffer();
	}

	/**
	 * Copies the data of a read from memory that was lent. Called by the loop.
	 * @throws LinuxException if the driver refuses, as when the request has ended
	 */
	void copyToRequest(IoRequest request, IoBuffer lent, int length) {
		throw hasBuffer();
	}

	/**
	 * Takes a buffer back that a transfer has borrowed, or that was made for a request
	 * which has ended meanwhile. Any thread.
	 */
	void takeBack(IoBuffer lent) {
		throw hasBuffer();
	}

	private static IllegalStateException hasBuffer() {
		return new IllegalStateException("A request has its buffer from the start");
	}

	/**
	 * Ends the data of a request, before it is committed.
	 * @param result the result of the request
	 * @return the result to commit
	 */
	abstract int end(IoRequest request, int result);

	/**
	 * Takes the data away from a request that ends while code which was told to stop may
	 * still use it.
	 * @param goesOn whether requests of its tag are served after this one
	 */
	abstract void abandon(IoRequest request, boolean goesOn);

	/**
	 * Returns whether the next request of a tag can be served: its data may have nowhere
	 * to go, since too much memory is held by requests that were abandoned.
	 */
	boolean serves(int tag) {
		return true;
	}

	/**
	 * Takes note of what carries the requests, before the first of them.
	 */
	void opened(QueueTransport transport) {
		// most need nothing of it
	}

	/**
	 * Returns which fixed buffer of the ring holds the pages of a request.
	 * @return the index, or {@link #NO_FIXED_BUFFER}
	 */
	int fixedPages(IoRequest request) {
		return NO_FIXED_BUFFER;
	}

	/**
	 * Returns which fixed buffer of the ring holds the buffer that a request has from the
	 * start.
	 * @return the index, or {@link #NO_FIXED_BUFFER}
	 */
	int fixedMemory(IoRequest request) {
		return NO_FIXED_BUFFER;
	}

	/**
	 * Returns whether requests that were abandoned hold so much memory that others may
	 * soon have none. It comes back when the garbage collector finds that nobody can use
	 * it any more. Any thread.
	 */
	abstract boolean isShort();

	/**
	 * Returns the memory of the buffers. Any thread.
	 * @return bytes held now
	 */
	public abstract long bytes();

	/**
	 * Returns whether the memory is locked. Any thread.
	 * @return whether none of it can be swapped
	 */
	public abstract boolean locked();

	/**
	 * Gives memory back that has not been needed since the last call. Any thread.
	 */
	public abstract void trim();

	/**
	 * Gives the memory back, after the queue has ended. Memory that code which was told
	 * to stop may still use goes when that code does. Idempotent.
	 */
	public abstract void release();

}
