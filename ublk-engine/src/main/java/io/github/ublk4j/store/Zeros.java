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

package io.github.ublk4j.store;

import java.nio.ByteBuffer;

/**
 * Zeros to copy from, shared by all stores. ByteBuffer has no fill; a bulk copy from a
 * block that stays in the cache is the nearest to it.
 */
final class Zeros {

	static final int SIZE = 64 << 10;

	private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(SIZE).asReadOnlyBuffer();

	private Zeros() {
	}

	/**
	 * Zeroes a part of a buffer; its position stays.
	 * @param target the buffer
	 * @param index where to begin
	 * @param length bytes
	 */
	static void fill(ByteBuffer target, int index, int length) {
		while (length > 0) {
			int count = Math.min(length, SIZE);
			target.put(index, ZEROS, 0, count);
			index += count;
			length -= count;
		}
	}

	/**
	 * Returns whether a part of a buffer is zero.
	 * @param buffer the buffer
	 * @param index where to begin
	 * @param length bytes, up to {@link #SIZE}
	 * @return whether there are only zeros
	 */
	static boolean only(ByteBuffer buffer, int index, int length) {
		return buffer.slice(index, length).mismatch(view(length)) < 0;
	}

	/**
	 * Returns zeros to write.
	 * @param length bytes, up to {@link #SIZE}
	 * @return a read-only buffer
	 */
	static ByteBuffer view(int length) {
		return ZEROS.slice(0, length);
	}

}
