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

package io.github.ublk4j.spring.test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * What the blocks of a part of a disk held before they held what they hold now, as
 * digests. Different blocks may be changed by different threads.
 */
final class EarlierVersions {

	private final int block;

	private final List<List<Long>> versions;

	EarlierVersions(int blocks, int block) {
		this.block = block;
		this.versions = Stream.<List<Long>>generate(ArrayList::new).limit(blocks).toList();
	}

	/**
	 * Keeps what is about to be replaced.
	 */
	void keep(byte[] content, int at, int length) {
		for (int from = at; from < at + length; from += this.block) {
			this.versions.get(from / this.block).add(digest(Arrays.copyOfRange(content, from, from + this.block)));
		}
	}

	/**
	 * Returns how many changes ago a block held what was read.
	 * @return 0 if it never did
	 */
	int age(int at, byte[] read) {
		List<Long> earlier = this.versions.get(at / this.block);
		int found = earlier.lastIndexOf(digest(read));
		return (found >= 0) ? earlier.size() - found : 0;
	}

	private static long digest(byte[] content) {
		CRC32C crc = new CRC32C();
		crc.update(content);
		return (crc.getValue() << 32) | (Arrays.hashCode(content) & 0xffff_ffffL);
	}

}
