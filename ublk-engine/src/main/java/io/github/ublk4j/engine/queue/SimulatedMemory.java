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
import java.util.Map;
import java.util.TreeMap;

import io.github.ublk4j.engine.linux.LinuxPlatform;

/**
 * Memory that only Java knows, at addresses of its own invention. It tells a simulated
 * driver what lies at the address that a command carries. Any thread.
 */
public final class SimulatedMemory implements BufferMemory.Source {

	private final TreeMap<Long, ByteBuffer> regions = new TreeMap<>();

	// 0 is the address of nothing
	private long next = LinuxPlatform.PAGE_SIZE;

	/**
	 * Creates memory of which nothing is taken.
	 */
	public SimulatedMemory() {
	}

	@Override
	public synchronized BufferMemory allocate(int length) {
		ByteBuffer bytes = ByteBuffer.allocateDirect(length);
		long address = this.next;
		// a page between the regions belongs to none
		this.next += length + LinuxPlatform.PAGE_SIZE;
		this.regions.put(address, bytes);
		return new Region(bytes, address);
	}

	/**
	 * Returns the memory at an address.
	 * @throws IllegalStateException if there is not so much
	 */
	synchronized ByteBuffer at(long address, int length) {
		Map.Entry<Long, ByteBuffer> region = this.regions.floorEntry(address);
		long start = (region != null) ? address - region.getKey() : 0;
		if (region == null || start + length > region.getValue().capacity()) {
			throw new IllegalStateException("No memory of " + length + " bytes lies at address " + address);
		}
		return region.getValue().slice((int) start, length);
	}

	private synchronized void release(long address) {
		this.regions.remove(address);
	}

	private final class Region implements BufferMemory {

		private final ByteBuffer bytes;

		private final long address;

		Region(ByteBuffer bytes, long address) {
			this.bytes = bytes;
			this.address = address;
		}

		@Override
		public ByteBuffer buffer() {
			return this.bytes;
		}

		@Override
		public long address() {
			return this.address;
		}

		/**
		 * Always: no machine depends on a simulated disk to get memory back.
		 */
		@Override
		public boolean locked() {
			return true;
		}

		@Override
		public void release(boolean inUse) {
			SimulatedMemory.this.release(this.address);
		}

	}

}
