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

package io.github.ublk4j.engine.driver;

/**
 * Operations and flags in {@code op_flags} of a request descriptor ({@code UBLK_IO_OP_*},
 * {@code UBLK_IO_F_*}).
 */
public final class IoOperation {

	/** The bits that hold the operation. */
	public static final int MASK = 0xff;

	/** {@code UBLK_IO_OP_READ}. */
	public static final int READ = 0;

	/** {@code UBLK_IO_OP_WRITE}. */
	public static final int WRITE = 1;

	/** {@code UBLK_IO_OP_FLUSH}. */
	public static final int FLUSH = 2;

	/** {@code UBLK_IO_OP_DISCARD}. */
	public static final int DISCARD = 3;

	/** {@code UBLK_IO_OP_WRITE_ZEROES}. */
	public static final int WRITE_ZEROES = 5;

	/** {@code UBLK_IO_F_FUA}: durable on completion. */
	public static final int FLAG_FUA = 1 << 13;

	/** {@code UBLK_IO_F_NOUNMAP}: zeroed space stays allocated. */
	public static final int FLAG_NOUNMAP = 1 << 15;

	/** {@code UBLK_IO_F_NEED_REG_BUF}: automatic buffer registration failed. */
	public static final int FLAG_NEED_REG_BUF = 1 << 17;

	private IoOperation() {
	}

}
