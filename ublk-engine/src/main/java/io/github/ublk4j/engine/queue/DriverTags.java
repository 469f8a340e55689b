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

/**
 * The tags of a queue that the driver has, and may hand over with a request or give up. A
 * driver that breaks its own rules must not make two requests of one. Used by the loop
 * alone.
 */
final class DriverTags {

	private final int queue;

	private final boolean[] atDriver;

	private int live;

	DriverTags(int queue, int depth) {
		this.queue = queue;
		this.atDriver = new boolean[depth];
		this.live = depth;
	}

	/**
	 * Hands a tag to the driver.
	 */
	void give(int tag) {
		this.atDriver[tag] = true;
	}

	/**
	 * Takes a tag that the driver has handed over.
	 * @throws IllegalStateException if it did not have the tag
	 */
	void take(int tag) {
		if (!isKnown(tag) || !this.atDriver[tag]) {
			throw new IllegalStateException("The driver completed tag " + tag + " of queue " + this.queue
					+ ", which it did not have; the queue has " + this.atDriver.length + " tags");
		}
		this.atDriver[tag] = false;
	}

	/**
	 * Takes a tag that will not come back to the driver.
	 * @throws IllegalStateException if it did not have the tag
	 */
	void lose(int tag) {
		take(tag);
		this.live--;
	}

	boolean isKnown(int tag) {
		return tag >= 0 && tag < this.atDriver.length;
	}

	/**
	 * Returns whether the driver has given up every tag.
	 */
	boolean areGone() {
		return this.live == 0;
	}

}
