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

package io.github.ublk4j.spring.autoconfigure;

import java.nio.ByteBuffer;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.ReadRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;

/**
 * The bytes that a method returns for a read.
 */
final class ReadBytes {

	private ReadBytes() {
	}

	/**
	 * Fills a request, and releases the bytes if they have to be.
	 * @param bytes a {@link ByteBuffer}, {@link DataBuffer} or {@code byte[]}
	 * @param request what is asked for
	 * @param method the name of the method, for errors
	 * @throws BlockIoException if there are no bytes, or fewer or more than asked for
	 */
	static void copy(@Nullable Object bytes, ReadRequest request, String method) throws BlockIoException {
		if (bytes instanceof ByteBuffer buffer) {
			require(buffer.remaining(), request, method);
			request.buffer().put(0, buffer, buffer.position(), buffer.remaining());
		}
		else if (bytes instanceof DataBuffer buffer) {
			try {
				require(buffer.readableByteCount(), request, method);
				buffer.toByteBuffer(buffer.readPosition(), request.buffer(), 0, buffer.readableByteCount());
			}
			finally {
				DataBufferUtils.release(buffer);
			}
		}
		else if (bytes instanceof byte[] array) {
			require(array.length, request, method);
			request.buffer().put(0, array);
		}
		else {
			throw new BlockIoException(BlockErrno.EIO,
					method + " returned nothing for a read of " + request.length() + " bytes at " + request.offset());
		}
	}

	private static void require(int got, ReadRequest request, String method) throws BlockIoException {
		if (got != request.length()) {
			throw new BlockIoException(BlockErrno.EIO, method + " returned " + got + " bytes for a read of "
					+ request.length() + " bytes at " + request.offset());
		}
	}

	/**
	 * Releases bytes that nobody wants.
	 */
	static void discard(Object bytes) {
		if (bytes instanceof DataBuffer buffer) {
			DataBufferUtils.release(buffer);
		}
	}

}
