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

import com.sun.jna.Memory;
import com.sun.jna.Pointer;

/**
 * An event counter that wakes a thread waiting in io_uring ({@code eventfd(2)}).
 */
public final class EventFd implements AutoCloseable {

	private static final int EFD_CLOEXEC = 0x80000;

	// what a signal writes
	private static final Memory ONE = new Memory(Long.BYTES);

	static {
		ONE.setLong(0, 1);
	}

	private final LinuxFile file;

	private boolean closed;

	/**
	 * Creates a counter at zero.
	 * @throws LinuxException if the kernel refuses
	 */
	public EventFd() {
		this.file = LinuxFile.owning("eventfd", Libc.check(Libc.eventfd(0, EFD_CLOEXEC), "eventfd"));
	}

	/**
	 * Returns the descriptor.
	 * @return the number of the open descriptor
	 */
	public int fd() {
		return this.file.fd();
	}

	/**
	 * Increments the counter, which completes a pending read or poll of it. Any thread;
	 * does nothing once closed.
	 * @throws LinuxException if the kernel refuses
	 */
	public synchronized void signal() {
		if (this.closed) {
			return;
		}
		int result = RequestPathCalls.write(this.file.fd(), Pointer.nativeValue(ONE), Long.BYTES);
		if (result < 0) {
			throw new LinuxException("write to eventfd", -result);
		}
	}

	// Excludes signal(): the number of a closed descriptor may belong to another file
	@Override
	public synchronized void close() {
		this.closed = true;
		this.file.close();
	}

}
