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

import java.util.Arrays;

/**
 * Collects the events of a poll, to be worked off in short loops afterwards: the JIT
 * compiler gives up on what would otherwise be one deep tree of calls per event.
 */
abstract class EventBatch implements QueueTransport.Events {

	private final int[] arrivedTags;

	private int arrivals;

	private int[] transferSlots;

	private int[] transferResults;

	private int transfers;

	/**
	 * Makes room.
	 * @param depth the tags of the queue, each of which can arrive once per poll
	 */
	EventBatch(int depth) {
		this.arrivedTags = new int[depth];
		this.transferSlots = new int[depth];
		this.transferResults = new int[depth];
	}

	@Override
	public final void arrived(int tag) {
		if (this.arrivals == this.arrivedTags.length) {
			throw new IllegalStateException(
					"The driver completed more than the " + this.arrivals + " tags of the queue");
		}
		this.arrivedTags[this.arrivals++] = tag;
	}

	@Override
	public final void transferred(int slot, int result) {
		int count = this.transfers;
		if (count == this.transferSlots.length) {
			this.transferSlots = Arrays.copyOf(this.transferSlots, 2 * count);
			this.transferResults = Arrays.copyOf(this.transferResults, 2 * count);
		}
		this.transferSlots[count] = slot;
		this.transferResults[count] = result;
		this.transfers = count + 1;
	}

	final int arrivals() {
		return this.arrivals;
	}

	final int arrivedTag(int index) {
		return this.arrivedTags[index];
	}

	final int transfers() {
		return this.transfers;
	}

	final int transferSlot(int index) {
		return this.transferSlots[index];
	}

	final int transferResult(int index) {
		return this.transferResults[index];
	}

	final void clear() {
		this.arrivals = 0;
		this.transfers = 0;
	}

}
