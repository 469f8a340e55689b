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

/**
 * The system calls of io_uring. Each returns its result or the negative error number.
 */
public final class IoUringCalls {

	private static final long SETUP = 425;

	private static final long REGISTER = 427;

	private IoUringCalls() {
	}

	/**
	 * Makes a ring ({@code io_uring_setup(2)}).
	 * @param entries the submission queue entries
	 * @param params the address of a {@code struct io_uring_params}
	 * @return the descriptor of the ring
	 */
	public static int setup(int entries, long params) {
		return result(Libc.syscall(SETUP, entries, params));
	}

	/**
	 * Submits entries and waits for completions ({@code io_uring_enter(2)}).
	 * @param fd the ring
	 * @param toSubmit how many entries to submit
	 * @param minComplete how many completions to wait for
	 * @param flags {@code IORING_ENTER_*}
	 * @param argument the address of what the flags announce, or 0
	 * @param argumentSize its size in bytes
	 * @return how many entries were submitted
	 */
	public static int enter(int fd, int toSubmit, int minComplete, int flags, long argument, long argumentSize) {
		return RequestPathCalls.enter(fd, toSubmit, minComplete, flags, argument, argumentSize);
	}

	/**
	 * Registers resources with a ring ({@code io_uring_register(2)}).
	 * @param fd the ring
	 * @param opcode {@code IORING_REGISTER_*}
	 * @param argument the address of the argument, or 0
	 * @param count the number of elements in the argument
	 * @return what the opcode defines
	 */
	public static int register(int fd, int opcode, long argument, int count) {
		return result(Libc.syscall(REGISTER, fd, opcode, argument, count));
	}

	private static int result(long result) {
		return (result == -1) ? -Libc.errno() : (int) result;
	}

}
