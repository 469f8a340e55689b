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

package io.github.ublk4j.layer;

import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32C;

import org.jspecify.annotations.Nullable;

/**
 * The checksums of blocks, in memory. Any thread may ask.
 */
final class BlockSums {

	/** What is kept for a block whose sum is not known. */
	static final int UNKNOWN = 0;

	/** Blocks of a region. */
	static final int REGION = 1024;

	private final int ofZeros;

	/** By number. Those of which nothing is known are not there. */
	private final Map<Long, Region> regions = new ConcurrentHashMap<>();

	BlockSums(int blockSize) {
		this.ofZeros = of(ByteBuffer.allocate(blockSize));
	}

	/**
	 * Returns the checksum of a block.
	 * @param block its data, from position to limit
	 */
	static int of(ByteBuffer block) {
		CRC32C sum = new CRC32C();
		sum.update(block);
		// one sum stands for two, so that there is a number that is none
		return ((int) sum.getValue() != UNKNOWN) ? (int) sum.getValue() : 1;
	}

	int ofZeros() {
		return this.ofZeros;
	}

	boolean isKnown(long block) {
		return region(block / REGION).get((int) (block % REGION)) != UNKNOWN;
	}

	/**
	 * Returns what is known, after taking what is seen for known if nothing is.
	 * @param block the number of a block
	 * @param seen its sum as it was read
	 */
	int learn(long block, int seen) {
		return region(block / REGION).learn((int) (block % REGION), seen);
	}

	/**
	 * Sets the sums of blocks that follow each other.
	 */
	void put(long first, int[] sums) {
		for (int i = 0; i < sums.length; i++) {
			region((first + i) / REGION).fill((int) ((first + i) % REGION), 1, sums[i]);
		}
	}

	/**
	 * Sets all blocks of a range to the same sum.
	 */
	void fill(long first, long count, int sum) {
		for (long at = first; at < first + count;) {
			int inside = (int) (at % REGION);
			int length = (int) Math.min(REGION - inside, first + count - at);
			region(at / REGION).fill(inside, length, sum);
			at += length;
		}
	}

	/**
	 * Writes the sums of a region.
	 * @param region the number of the region
	 * @param target takes {@link #REGION} of them
	 */
	void copy(long region, IntBuffer target) {
		region(region).copy(target);
	}

	/**
	 * Reads the sums of a region.
	 * @param region the number of the region
	 * @param sums {@link #REGION} of them
	 */
	void load(long region, int[] sums) {
		if (Arrays.stream(sums).allMatch((sum) -> sum == sums[0])) {
			if (sums[0] != UNKNOWN) {
				region(region).fill(0, REGION, sums[0]);
			}
			return;
		}
		this.regions.put(region, new Region(sums.clone()));
	}

	private Region region(long number) {
		return this.regions.computeIfAbsent(number, (key) -> new Region(null));
	}

	/**
	 * Blocks that follow each other. Those of a large disk that was discarded are all
	 * alike, and take no array.
	 */
	private static final class Region {

		private int common;

		private int @Nullable [] each;

		Region(int @Nullable [] each) {
			this.each = each;
		}

		synchronized int get(int block) {
			return (this.each != null) ? this.each[block] : this.common;
		}

		synchronized int learn(int block, int seen) {
			int known = get(block);
			if (known != UNKNOWN) {
				return known;
			}
			fill(block, 1, seen);
			return seen;
		}

		synchronized void fill(int from, int count, int sum) {
			if (count == REGION) {
				this.each = null;
				this.common = sum;
			}
			else if (this.each != null || this.common != sum) {
				if (this.each == null) {
					this.each = new int[REGION];
					Arrays.fill(this.each, this.common);
				}
				Arrays.fill(this.each, from, from + count, sum);
			}
		}

		synchronized void copy(IntBuffer target) {
			for (int i = 0; i < REGION; i++) {
				target.put(i, get(i));
			}
		}

	}

}
