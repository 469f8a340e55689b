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
 * Layout of {@code struct io_uring_params} with {@code struct io_sqring_offsets} and
 * {@code struct io_cqring_offsets} in it, of {@code linux/io_uring.h}. Offsets in bytes.
 */
public final class ParamsDescriptor {

	/** Size of the structure. */
	public static final int SIZE = 120;

	/** {@code __u32 sq_entries}. */
	public static final int SQ_ENTRIES = 0;

	/** {@code __u32 cq_entries}. */
	public static final int CQ_ENTRIES = 4;

	/** {@code __u32 flags}. */
	public static final int FLAGS = 8;

	/** {@code __u32 features}. */
	public static final int FEATURES = 20;

	/** {@code sq_off.head}. */
	public static final int SQ_OFF_HEAD = 40;

	/** {@code sq_off.tail}. */
	public static final int SQ_OFF_TAIL = 44;

	/** {@code sq_off.ring_mask}. */
	public static final int SQ_OFF_RING_MASK = 48;

	/** {@code sq_off.flags}. */
	public static final int SQ_OFF_FLAGS = 56;

	/** {@code sq_off.array}. */
	public static final int SQ_OFF_ARRAY = 64;

	/** {@code cq_off.head}. */
	public static final int CQ_OFF_HEAD = 80;

	/** {@code cq_off.tail}. */
	public static final int CQ_OFF_TAIL = 84;

	/** {@code cq_off.ring_mask}. */
	public static final int CQ_OFF_RING_MASK = 88;

	/** {@code cq_off.overflow}. */
	public static final int CQ_OFF_OVERFLOW = 96;

	/** {@code cq_off.cqes}. */
	public static final int CQ_OFF_CQES = 100;

	private ParamsDescriptor() {
	}

}
