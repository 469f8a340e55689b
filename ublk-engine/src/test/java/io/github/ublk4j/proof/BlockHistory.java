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

package io.github.ublk4j.proof;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The reads and writes of one block, each with the time of its beginning and end. Every
 * write has a value of its own, so whether a history is linearizable can be decided value
 * by value, by the theorem of Gibbons and Korach ("Testing Shared Memories", 1997).
 */
final class BlockHistory {

	private static final long NEVER = Long.MAX_VALUE;

	/** What an untouched block holds. */
	static final long NOTHING = 0;

	private final Map<Long, Stay> stays = new HashMap<>();

	private final List<Read> reads = new ArrayList<>();

	BlockHistory() {
		this.stays.put(NOTHING, new Stay(Long.MIN_VALUE, Long.MIN_VALUE));
	}

	/**
	 * Adds a write that was acknowledged.
	 */
	synchronized void written(long value, long begin, long end) {
		this.stays.put(value, new Stay(begin, end));
	}

	/**
	 * Adds a write that failed: it may have happened, may happen at any later time, or
	 * never.
	 */
	synchronized void perhapsWritten(long value, long begin) {
		this.stays.put(value, new Stay(begin, NEVER));
	}

	synchronized void read(long value, long begin, long end) {
		this.reads.add(new Read(value, begin, end));
	}

	synchronized int reads() {
		return this.reads.size();
	}

	/**
	 * Returns what contradicts that each request took effect at one moment between its
	 * beginning and its end.
	 * @return a sentence for each contradiction
	 */
	synchronized List<String> contradictions() {
		List<String> found = new ArrayList<>();
		for (Read read : this.reads) {
			Stay stay = this.stays.get(read.value);
			if (stay == null) {
				found.add("a read returned " + Long.toHexString(read.value) + ", which nobody has written");
			}
			else if (read.end < stay.written) {
				found.add("a read returned " + read.value + " before its write began");
			}
			else {
				stay.seen(read);
			}
		}
		this.stays.forEach((value, stay) -> this.stays.forEach((otherValue, other) -> {
			if (stay != other && stay.excludes(other)) {
				found.add("the block held " + value + " " + stay + ", but " + otherValue + " " + other);
			}
		}));
		return found;
	}

	private record Read(long value, long begin, long end) {
	}

	/**
	 * When a value was in the block, as far as it is known: for sure from the first end
	 * to the last beginning of its write and reads, if that is a time at all; otherwise
	 * at some moment between the last beginning and the first end.
	 */
	private static final class Stay {

		private final long written;

		private long firstEnd;

		private long lastBegin;

		Stay(long begin, long end) {
			this.written = begin;
			this.lastBegin = begin;
			this.firstEnd = end;
		}

		void seen(Read read) {
			this.firstEnd = Math.min(this.firstEnd, read.end);
			this.lastBegin = Math.max(this.lastBegin, read.begin);
		}

		/**
		 * Returns whether the value was there for sure while the other was, or at every
		 * moment at which the other can have been.
		 */
		boolean excludes(Stay other) {
			return this.firstEnd < this.lastBegin && this.firstEnd < other.lastBegin && other.firstEnd < this.lastBegin;
		}

		@Override
		public String toString() {
			return (this.firstEnd < this.lastBegin) ? "from " + this.firstEnd + " to " + this.lastBegin
					: "at a time from " + this.lastBegin + " to " + this.firstEnd;
		}

	}

}
