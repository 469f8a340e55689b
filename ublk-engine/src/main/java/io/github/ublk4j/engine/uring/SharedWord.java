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

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A word of 32 bits that the kernel reads or writes at the same time. Its buffer begins
 * and ends with it and is aligned, so that each access is one instruction; a
 * {@code VarHandle} of a whole buffer would check the alignment at every access.
 */
final class SharedWord {

	private final ByteBuffer word;

	/**
	 * Finds the word.
	 * @param memory a direct buffer
	 * @param offset where the word is, in bytes
	 * @throws IllegalArgumentException if it is not aligned
	 */
	SharedWord(ByteBuffer memory, int offset) {
		if (memory.alignmentOffset(offset, Integer.BYTES) != 0) {
			throw new IllegalArgumentException("A word at " + offset + " is not aligned");
		}
		this.word = memory.slice(offset, Integer.BYTES).order(ByteOrder.nativeOrder());
	}

	/**
	 * Reads the word. What is read afterwards is at least as new.
	 */
	int getAcquire() {
		int value = this.word.getInt(0);
		VarHandle.acquireFence();
		return value;
	}

	/**
	 * Writes the word. Whoever sees that sees all that was written before.
	 */
	void setRelease(int value) {
		VarHandle.releaseFence();
		this.word.putInt(0, value);
	}

}
