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

import java.io.IOException;
import java.io.Serial;
import java.util.concurrent.TimeoutException;

import org.jspecify.annotations.Nullable;

/**
 * Fails a request with an errno of the disk author's choice.
 */
public class BlockIoException extends IOException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final BlockErrno errno;

	/**
	 * Creates an exception.
	 * @param errno what the kernel is told
	 * @param message what a person is told
	 */
	public BlockIoException(BlockErrno errno, String message) {
		this(errno, message, null);
	}

	/**
	 * Creates an exception.
	 * @param errno what the kernel is told
	 * @param message what a person is told
	 * @param cause the error behind it
	 */
	public BlockIoException(BlockErrno errno, String message, @Nullable Throwable cause) {
		super(message, cause);
		this.errno = errno;
	}

	/**
	 * Checks that a range lies inside a store.
	 * @param size what the store holds, in bytes
	 * @param offset where the range begins, in bytes
	 * @param length bytes
	 * @return what to fail the request with (EINVAL), {@code null} if the range is inside
	 */
	public static @Nullable BlockIoException outside(long size, long offset, long length) {
		// no sum of offset and length: it may overflow
		if (offset >= 0 && length >= 0 && offset <= size && length <= size - offset) {
			return null;
		}
		return new BlockIoException(BlockErrno.EINVAL,
				length + " bytes at offset " + offset + " are not inside the store, which has " + size + " bytes");
	}

	/**
	 * Returns what the kernel is told.
	 * @return the errno
	 */
	public BlockErrno errno() {
		return this.errno;
	}

	/**
	 * Maps any failure to what the kernel is told: a {@code BlockIoException} says it
	 * itself, {@link TimeoutException} is ETIMEDOUT, {@link OutOfMemoryError} ENOMEM,
	 * {@link UnsupportedOperationException} EOPNOTSUPP, everything else EIO.
	 * @param failure how a request ended
	 * @return the errno
	 */
	public static BlockErrno errnoOf(Throwable failure) {
		if (failure instanceof BlockIoException blockIo) {
			return blockIo.errno;
		}
		if (failure instanceof TimeoutException) {
			return BlockErrno.ETIMEDOUT;
		}
		if (failure instanceof OutOfMemoryError) {
			return BlockErrno.ENOMEM;
		}
		if (failure instanceof UnsupportedOperationException) {
			return BlockErrno.EOPNOTSUPP;
		}
		return BlockErrno.EIO;
	}

	/**
	 * Makes a failure that Reactor passes on of whatever was thrown. It throws errors of
	 * the JVM, such as {@link OutOfMemoryError}, to where a {@code Mono} was subscribed,
	 * and nobody hears of the end of the request.
	 * @param thrown what was thrown
	 * @return an error becomes a {@code BlockIoException}, everything else stays what it
	 * is
	 */
	public static Throwable ofThrown(Throwable thrown) {
		return (thrown instanceof Error) ? new BlockIoException(errnoOf(thrown), thrown.toString(), thrown) : thrown;
	}

}
