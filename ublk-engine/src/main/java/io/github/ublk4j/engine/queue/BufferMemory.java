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

/**
 * A piece of memory that buffers of requests are cut from.
 */
public interface BufferMemory {

	/**
	 * Returns the memory.
	 * @return a direct buffer over all of it
	 */
	ByteBuffer buffer();

	/**
	 * Returns where the driver finds the memory.
	 * @return the address of its first byte
	 */
	long address();

	/**
	 * Returns whether the memory is as safe from being swapped as its source can make it.
	 * @return whether nothing is left to wish for
	 */
	boolean locked();

	/**
	 * Gives the memory back. Idempotent.
	 * @param inUse whether somebody may still read or write the memory: it then keeps its
	 * content, and goes when no buffer over it is reachable
	 */
	void release(boolean inUse);

	/**
	 * Where such memory comes from. Any thread.
	 */
	@FunctionalInterface
	interface Source {

		/**
		 * Allocates zeroed memory.
		 * @param length bytes, a multiple of the page size, less than 2 GiB
		 * @return the memory
		 */
		BufferMemory allocate(int length);

	}

}
