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

import java.lang.invoke.MethodHandle;

import org.jspecify.annotations.Nullable;

/**
 * The system calls that are made while requests are served, by the fastest way that this
 * Java has on this processor: {@code java.lang.foreign}, a native method of our own, JNA.
 * Each returns its result or the negative error number.
 */
final class RequestPathCalls {

	private static final boolean ARM = System.getProperty("os.arch", "").equals("aarch64");

	private static final long WRITE = ARM ? 64 : 1;

	private static final long PREAD = ARM ? 67 : 17;

	private static final long PWRITE = ARM ? 68 : 18;

	private static final long IO_URING_ENTER = 426;

	// no call has said anything: not a result, and not an error number
	private static final long UNKNOWN = Long.MIN_VALUE;

	// final, so that the JIT compiler sees through them
	private static final @Nullable MethodHandle FOREIGN_SYSCALL = ForeignSyscall.find();

	private static final boolean JNI = FOREIGN_SYSCALL == null && JniSyscall.bind();

	private RequestPathCalls() {
	}

	static String means() {
		return (FOREIGN_SYSCALL != null) ? "java.lang.foreign" : JNI ? "a native method" : "JNA";
	}

	/**
	 * Submits and waits. Where the call cannot say why it failed it is asked once more,
	 * without waiting: what lasts is reported again, and what has passed, an
	 * interruption, the end of a time limit or the news that completions were lost, is
	 * EINTR.
	 */
	static int enter(int fd, int toSubmit, int minComplete, int flags, long argument, long argumentSize) {
		if (FOREIGN_SYSCALL != null) {
			long result = foreign(FOREIGN_SYSCALL, IO_URING_ENTER, fd, toSubmit, minComplete, flags, argument,
					argumentSize);
			if (result >= 0) {
				return (int) result;
			}
			long again = result(Libc.syscall(IO_URING_ENTER, fd, toSubmit, 0, flags, argument, argumentSize));
			return (again < 0) ? (int) again : -Errno.EINTR;
		}
		if (JNI) {
			return (int) JniSyscall.call(IO_URING_ENTER, fd, toSubmit, minComplete, flags, argument, argumentSize);
		}
		if (argument == 0) {
			// JNA takes its time for each argument, and the kernel looks at the size of
			// an argument only if there is one
			return (int) result(Libc.syscall(IO_URING_ENTER, fd, toSubmit, minComplete, flags, 0));
		}
		return (int) result(Libc.syscall(IO_URING_ENTER, fd, toSubmit, minComplete, flags, argument, argumentSize));
	}

	static int write(int fd, long address, int length) {
		long result = fast(WRITE, fd, address, length, 0);
		return (int) ((result != UNKNOWN) ? result : result(Libc.write(fd, address, length)));
	}

	static int pread(int fd, long address, int length, long position) {
		long result = fast(PREAD, fd, address, length, position);
		return (int) ((result != UNKNOWN) ? result : result(Libc.pread(fd, address, length, position)));
	}

	static int pwrite(int fd, long address, int length, long position) {
		long result = fast(PWRITE, fd, address, length, position);
		return (int) ((result != UNKNOWN) ? result : result(Libc.pwrite(fd, address, length, position)));
	}

	// These calls may be repeated by one that can say why they fail
	private static long fast(long number, long first, long second, long third, long fourth) {
		if (FOREIGN_SYSCALL != null) {
			long result = foreign(FOREIGN_SYSCALL, number, first, second, third, fourth, 0, 0);
			return (result >= 0) ? result : UNKNOWN;
		}
		return JNI ? JniSyscall.call(number, first, second, third, fourth, 0, 0) : UNKNOWN;
	}

	private static long result(long result) {
		return (result == -1) ? -Libc.errno() : result;
	}

	private static long foreign(MethodHandle syscall, long number, long first, long second, long third, long fourth,
			long fifth, long sixth) {
		try {
			return (long) syscall.invokeExact(number, first, second, third, fourth, fifth, sixth);
		}
		catch (Throwable ex) {
			throw new LinkageError("system call " + number, ex);
		}
	}

}
