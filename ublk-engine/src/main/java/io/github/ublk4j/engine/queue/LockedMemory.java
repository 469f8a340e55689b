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

import io.github.ublk4j.engine.linux.IoMemory;

/**
 * Memory that the kernel's driver reads and writes.
 *
 * @param memory the memory
 */
record LockedMemory(IoMemory memory) implements BufferMemory {

	static BufferMemory allocate(int length) {
		return new LockedMemory(IoMemory.allocate(length));
	}

	@Override
	public ByteBuffer buffer() {
		return this.memory.buffer();
	}

	@Override
	public long address() {
		return this.memory.address();
	}

	@Override
	public boolean locked() {
		return this.memory.locked();
	}

	@Override
	public void release(boolean inUse) {
		this.memory.release(inUse);
	}

}
