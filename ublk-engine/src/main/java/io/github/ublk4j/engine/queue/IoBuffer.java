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

package io.github.ublk4j.engine.queue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory for the data of one request: the view that the disk sees, and where it lies.
 */
class IoBuffer {

	private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(64 << 10).asReadOnlyBuffer();

	private final ByteBuffer bytes;

	private final long address;

	/**
	 * Creates a buffer.
	 * @param bytes the whole memory, a direct buffer
	 * @param address the address of its first byte
	 */
	IoBuffer(ByteBuffer bytes, long address) {
		this.bytes = bytes;
		this.address = address;
	}

	final ByteBuffer bytes() {
		return this.bytes;
	}

	final long address() {
		return this.address;
	}

	final int capacity() {
		return this.bytes.capacity();
	}

	/**
	 * Shows the disk a buffer of a length, at its beginning.
	 * @param length bytes
	 */
	final void present(int length) {
		this.bytes.clear().limit(length).order(ByteOrder.BIG_ENDIAN);
	}

	/**
	 * Zeroes the beginning. ByteBuffer has no fill; a bulk copy from a block that stays
	 * in the cache is the nearest to it.
	 * @param length bytes
	 */
	final void zero(int length) {
		for (int done = 0; done < length; done += ZEROS.capacity()) {
			this.bytes.put(done, ZEROS, 0, Math.min(ZEROS.capacity(), length - done));
		}
	}

}
