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

package io.github.ublk4j.sample.page;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.github.ublk4j.engine.DiskActivity;

/**
 * Counts where a disk is used, in cells whose number does not depend on the size of the
 * disk. Any thread.
 */
final class HeatMap {

	/** The most cells that a map has. */
	static final int MAX_CELLS = 1024;

	private final long cellSize;

	private final int[] reads;

	private final int[] writes;

	private final int[] discards;

	/**
	 * Creates a map.
	 * @param size the size of the disk in bytes
	 * @param blockSize the smallest cell in bytes
	 */
	HeatMap(long size, int blockSize) {
		long blocks = ceilDiv(size, blockSize);
		this.cellSize = ceilDiv(blocks, MAX_CELLS) * blockSize;
		int cells = (int) ceilDiv(size, this.cellSize);
		this.reads = new int[cells];
		this.writes = new int[cells];
		this.discards = new int[cells];
	}

	private static long ceilDiv(long dividend, long divisor) {
		return (dividend + divisor - 1) / divisor;
	}

	synchronized void record(DiskActivity request) {
		int[] counts = switch (request.operation()) {
			case READ -> this.reads;
			case WRITE -> this.writes;
			case DISCARD, WRITE_ZEROES -> this.discards;
			// is about no place
			case FLUSH -> null;
		};
		if (counts != null && request.length() > 0) {
			// a disk can have grown
			int last = (int) Math.min((request.offset() + request.length() - 1) / this.cellSize, counts.length - 1);
			for (int cell = (int) Math.min(request.offset() / this.cellSize, last); cell <= last; cell++) {
				counts[cell]++;
			}
		}
	}

	/**
	 * Returns what was counted, and begins again.
	 */
	synchronized Frame.Heat drain() {
		List<Frame.Cell> touched = new ArrayList<>();
		for (int i = 0; i < this.reads.length; i++) {
			if ((this.reads[i] | this.writes[i] | this.discards[i]) != 0) {
				touched.add(new Frame.Cell(i, this.reads[i], this.writes[i], this.discards[i]));
			}
		}
		Arrays.fill(this.reads, 0);
		Arrays.fill(this.writes, 0);
		Arrays.fill(this.discards, 0);
		return new Frame.Heat(this.reads.length, this.cellSize, touched);
	}

}
