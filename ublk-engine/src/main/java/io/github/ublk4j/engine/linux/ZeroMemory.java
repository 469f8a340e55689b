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

package io.github.ublk4j.engine.linux;

/**
 * Zeros to copy from. All of their pages are one page of the kernel, so they take no
 * memory.
 */
public final class ZeroMemory {

	/** How many zeros there are, in bytes. */
	public static final int LENGTH = 32 << 20;

	private static final int PROT_READ = 1;

	private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

	private static final long ADDRESS = map();

	private ZeroMemory() {
	}

	private static long map() {
		long address = Libc.mmap(0, LENGTH, PROT_READ, MAP_PRIVATE_ANONYMOUS, -1, 0);
		if (address == -1) {
			throw new LinuxException("mmap " + LENGTH + " bytes of zeros", Libc.errno());
		}
		return address;
	}

	/**
	 * Returns where the zeros lie, for the life of the process.
	 * @return the address of {@value #LENGTH} bytes that cannot be written
	 */
	public static long address() {
		return ADDRESS;
	}

}
