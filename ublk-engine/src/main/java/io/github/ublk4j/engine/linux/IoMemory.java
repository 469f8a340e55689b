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

package io.github.ublk4j.engine.linux;

import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;

import com.sun.jna.Pointer;

/**
 * Page-aligned memory for request data, handed to code that the engine does not control.
 * <p>
 * {@link #release(boolean)} gives the pages back at once, but the address range stays
 * mapped until no buffer over it is reachable: a handler that still touches a buffer of a
 * stopped device sees zeros instead of crashing the Java process.
 */
public final class IoMemory {

	private static final int PROT_READ_WRITE = 3;

	private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

	private static final int MADV_DONTNEED = 4;

	private static final int MADV_DONTFORK = 10;

	private static final Cleaner CLEANER = Cleaner.create();

	private final long address;

	private final long length;

	private final ByteBuffer buffer;

	private final boolean locked;

	private boolean released;

	private IoMemory(long address, long length, boolean locked) {
		this.address = address;
		this.length = length;
		this.locked = locked;
		this.buffer = new Pointer(address).getByteBuffer(0, length);
		CLEANER.register(this.buffer, () -> Libc.munmap(address, length));
	}

	/**
	 * Allocates zeroed memory and locks it, so that it is never swapped: a page fault on
	 * the path of a disk that swap itself lives on would never end. Where the limit on
	 * locked memory forbids that, the memory is used unlocked.
	 * @param length bytes, a multiple of the page size, less than 2 GiB
	 * @return the memory
	 * @throws LinuxException if there is no memory left
	 */
	public static IoMemory allocate(int length) {
		long address = Libc.mmap(0, length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
		if (address == -1) {
			throw new LinuxException("mmap " + length + " bytes of buffer memory", Libc.errno(),
					"Use fewer queues, a smaller queue depth or a smaller max-io-size");
		}
		// A copy made by fork() would break the sharing with requests in flight
		Libc.madvise(address, length, MADV_DONTFORK);
		return new IoMemory(address, length, Libc.mlock(address, length) == 0);
	}

	/**
	 * Returns the memory. Slices of it keep the address range mapped.
	 * @return the whole memory, always the same buffer
	 */
	public ByteBuffer buffer() {
		return this.buffer;
	}

	/**
	 * Returns where the memory lies.
	 * @return the address of its first byte
	 */
	public long address() {
		return this.address;
	}

	/**
	 * Returns whether the memory is locked.
	 * @return whether it cannot be swapped
	 */
	public boolean locked() {
		return this.locked;
	}

	/**
	 * Gives the pages back to the system; the memory reads as zeros afterwards.
	 * Idempotent.
	 * @param inUse whether somebody may still read or write the memory: it then keeps its
	 * content, and goes when no buffer over it is reachable
	 */
	public synchronized void release(boolean inUse) {
		if (!this.released) {
			this.released = true;
			if (this.locked) {
				Libc.munlock(this.address, this.length);
			}
			if (!inUse) {
				Libc.madvise(this.address, this.length, MADV_DONTNEED);
			}
		}
	}

}
