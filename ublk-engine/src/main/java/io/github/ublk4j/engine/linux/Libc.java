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

import com.sun.jna.Native;

/**
 * The functions of the C library that the engine calls, through JNA's direct mapping.
 * They return -1 on failure and leave the error in {@link #errno()}.
 * <p>
 * Arguments of {@code syscall} are 64 bits wide, since the C function takes them from
 * whole registers.
 */
final class Libc {

	static {
		Native.register(Libc.class, "c");
	}

	private Libc() {
	}

	static native long syscall(long number, long first, long second);

	static native long syscall(long number, long first, long second, long third, long fourth);

	static native long syscall(long number, long first, long second, long third, long fourth, long fifth);

	static native long syscall(long number, long first, long second, long third, long fourth, long fifth, long sixth);

	static native int open(String path, int flags, int mode);

	static native int close(int fd);

	static native long mmap(long address, long length, int protection, int flags, int fd, long offset);

	static native int mprotect(long address, long length, int protection);

	static native int munmap(long address, long length);

	static native int mlock(long address, long length);

	static native int munlock(long address, long length);

	static native int madvise(long address, long length, int advice);

	static native int eventfd(int initial, int flags);

	static native long pread(int fd, long address, long length, long position);

	static native long pwrite(int fd, long address, long length, long position);

	static native long write(int fd, long address, long length);

	static native int fallocate(int fd, int mode, long offset, long length);

	static native int ioctl(int fd, long request, long argument);

	static native int prctl(int option, long second, long third, long fourth, long fifth);

	static native int gettid();

	static native int getpagesize();

	/**
	 * Returns the error of the last call on this thread.
	 * @return the positive error number
	 */
	static int errno() {
		return Native.getLastError();
	}

	/**
	 * Fails if a call returned -1.
	 * @param result what the call returned
	 * @param operation what was tried
	 * @return the result
	 * @throws LinuxException if the call failed
	 */
	static int check(int result, String operation) {
		if (result == -1) {
			throw new LinuxException(operation, errno());
		}
		return result;
	}

}
