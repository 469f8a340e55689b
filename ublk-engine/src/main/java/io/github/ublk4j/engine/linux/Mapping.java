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

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;

import com.sun.jna.Pointer;

/**
 * Memory that the kernel shares with this process: a ring, or the descriptors of a queue.
 * Its buffers must not be used after {@link #close()}, so they never leave the engine.
 */
public final class Mapping implements AutoCloseable {

	/** The pages may be read. */
	public static final int PROT_READ = 1;

	/** The pages may be read and written. */
	public static final int PROT_READ_WRITE = 3;

	private static final int MAP_SHARED = 1;

	private static final int MAP_POPULATE = 0x8000;

	private final long address;

	private final long length;

	private final AtomicBoolean closed = new AtomicBoolean();

	private Mapping(long address, long length) {
		this.address = address;
		this.length = length;
	}

	/**
	 * Maps a part of a file, shared and with its pages present.
	 * @param fd the file
	 * @param offset where to begin, in bytes, a multiple of the page size
	 * @param length bytes, less than 2 GiB
	 * @param protection {@link #PROT_READ} or {@link #PROT_READ_WRITE}
	 * @param what names the mapping in an error
	 * @return the mapping
	 * @throws LinuxException if the kernel refuses
	 */
	public static Mapping of(int fd, long offset, long length, int protection, String what) {
		long address = Libc.mmap(0, length, protection, MAP_SHARED | MAP_POPULATE, fd, offset);
		if (address == -1) {
			throw new LinuxException("mmap " + what + " (" + length + " bytes at " + offset + ")", Libc.errno());
		}
		return new Mapping(address, length);
	}

	/**
	 * Returns the whole mapping.
	 * @return a new buffer in native byte order
	 */
	public ByteBuffer buffer() {
		return new Pointer(this.address).getByteBuffer(0, this.length).order(ByteOrder.nativeOrder());
	}

	/**
	 * Unmaps the memory. Idempotent.
	 */
	@Override
	public void close() {
		if (this.closed.compareAndSet(false, true)) {
			Libc.munmap(this.address, this.length);
		}
	}

}
