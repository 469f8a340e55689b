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

package io.github.ublk4j.engine.uring;

/**
 * Layout of a submission queue entry, {@code struct io_uring_sqe} of
 * {@code linux/io_uring.h}. Offsets in bytes.
 */
public final class SqeDescriptor {

	/** Size of an entry. */
	public static final int SIZE = 64;

	/** Size of an entry of a ring with {@link IoUring#SETUP_SQE128}. */
	public static final int SIZE_128 = 128;

	/** {@code __u8 opcode}. */
	public static final int OPCODE = 0;

	/** {@code __u8 flags}. */
	public static final int FLAGS = 1;

	/** {@code __u16 ioprio}. */
	public static final int IOPRIO = 2;

	/** {@code __s32 fd}. */
	public static final int FD = 4;

	/** {@code __u64 off}: position in a file. */
	public static final int OFF = 8;

	/** {@code __u32 cmd_op}: what a uring command asks for, in place of {@link #OFF}. */
	public static final int CMD_OP = 8;

	/** {@code __u64 addr}. */
	public static final int ADDR = 16;

	/** {@code __u32 len}. */
	public static final int LEN = 24;

	/** {@code __u32 rw_flags} and other flags of an operation. */
	public static final int OP_FLAGS = 28;

	/** {@code __u64 user_data}: returned in the completion. */
	public static final int USER_DATA = 32;

	/** {@code __u16 buf_index}. */
	public static final int BUF_INDEX = 40;

	/** {@code __u16 personality}. */
	public static final int PERSONALITY = 42;

	/** {@code __s32 splice_fd_in}. */
	public static final int SPLICE_FD_IN = 44;

	/** {@code __u8 cmd[]}: 16 bytes of a uring command, 80 with 128-byte entries. */
	public static final int CMD = 48;

	private SqeDescriptor() {
	}

}
