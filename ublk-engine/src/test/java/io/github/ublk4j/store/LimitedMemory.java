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
import java.util.function.IntFunction;

/**
 * Direct memory that runs out.
 */
class LimitedMemory implements IntFunction<ByteBuffer> {

	private int chunksLeft;

	private int refusals;

	LimitedMemory(int chunks) {
		this.chunksLeft = chunks;
	}

	@Override
	public synchronized ByteBuffer apply(int capacity) {
		if (this.chunksLeft == 0) {
			this.refusals++;
			throw new OutOfMemoryError("Cannot reserve " + capacity + " bytes of direct buffer memory");
		}
		this.chunksLeft--;
		return ByteBuffer.allocateDirect(capacity);
	}

	synchronized void add(int chunks) {
		this.chunksLeft += chunks;
	}

	synchronized int refusals() {
		return this.refusals;
	}

}
