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

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Where those will go on who read one range after the other. Any thread may ask.
 */
final class ReadaheadStreams {

	private final int limit;

	/** Where reads have ended, the latest last. */
	private final Set<Long> begun = new LinkedHashSet<>();

	/** Where reads have ended that went on where another one ended, the latest last. */
	private final Set<Long> running = new LinkedHashSet<>();

	/**
	 * Creates a set without streams.
	 * @param limit how many streams are remembered
	 */
	ReadaheadStreams(int limit) {
		this.limit = limit;
	}

	/**
	 * Takes note of a read.
	 * @param offset where it begins
	 * @param end where it ends
	 * @return whether it goes on where an earlier one ended
	 */
	synchronized boolean continues(long offset, long end) {
		boolean known = this.running.remove(offset) || this.begun.remove(offset);
		// reads at random forget each other, and not those who are at work
		Set<Long> ends = known ? this.running : this.begun;
		ends.remove(end);
		ends.add(end);
		if (ends.size() > this.limit) {
			Iterator<Long> oldest = ends.iterator();
			oldest.next();
			oldest.remove();
		}
		return known;
	}

}
