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
 * Layout of a completion queue entry, {@code struct io_uring_cqe} of
 * {@code linux/io_uring.h}. Offsets in bytes.
 */
public final class CqeDescriptor {

	/** Size of an entry. */
	public static final int SIZE = 16;

	/** Size of an entry of a ring with {@link IoUring#SETUP_CQE32}. */
	public static final int SIZE_32 = 32;

	/** {@code __u64 user_data}. */
	public static final int USER_DATA = 0;

	/** {@code __s32 res}. */
	public static final int RES = 8;

	/** {@code __u32 flags}. */
	public static final int FLAGS = 12;

	private CqeDescriptor() {
	}

}
