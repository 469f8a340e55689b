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

package io.github.ublk4j.block;

/**
 * The errors that the kernel's block layer tells apart ({@code blk_errors} in
 * {@code block/blk-core.c}); it reports any other as an I/O error. Numbers are those of
 * {@code asm-generic/errno.h}.
 */
public enum BlockErrno {

	/** The request failed; the answer when nothing more precise is known. */
	EIO(5),

	/** No memory was left; the kernel may try again. */
	ENOMEM(12),

	/** The request is malformed for this disk. */
	EINVAL(22),

	/** No space is left behind a thinly provisioned disk. */
	ENOSPC(28),

	/** The medium could not deliver the data. */
	ENODATA(61),

	/** The link to the storage is down. */
	ENOLINK(67),

	/** The data is damaged: its protection information does not match. */
	EILSEQ(84),

	/** The operation is not supported. */
	EOPNOTSUPP(95),

	/** The request was not answered in time. */
	ETIMEDOUT(110),

	/** The storage behind the disk reported a permanent fault. */
	EREMOTEIO(121);

	private static final BlockErrno[] VALUES = values();

	private final int number;

	BlockErrno(int number) {
		this.number = number;
	}

	/**
	 * Finds the error of a number.
	 * @param number a positive errno
	 * @return the error; {@link #EIO} for one that the block layer does not tell apart
	 */
	public static BlockErrno of(int number) {
		for (BlockErrno errno : VALUES) {
			if (errno.number == number) {
				return errno;
			}
		}
		return EIO;
	}

	/**
	 * Returns the kernel's number.
	 * @return the positive errno
	 */
	public int number() {
		return this.number;
	}

}
