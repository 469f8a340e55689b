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

package io.github.ublk4j.store.mirror;

import java.util.BitSet;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * Regions in which a member has changes that no flush has made durable yet. A flush
 * covers the changes that had ended when it began. Guarded by {@link MirrorMembers}.
 */
final class Unflushed {

	/** Changed since the latest flush began. */
	private BitSet changed = new BitSet();

	/** What each flush under way will have made durable. */
	private final Set<BitSet> flushing = Collections.newSetFromMap(new IdentityHashMap<>());

	void add(int from, int to) {
		this.changed.set(from, to);
	}

	/**
	 * Begins a flush.
	 * @param underWay regions with changes that have not ended
	 * @return what the flush covers, for its end
	 */
	BitSet beginFlush(BitSet underWay) {
		BitSet covered = this.changed;
		this.changed = (BitSet) covered.clone();
		this.changed.and(underWay);
		this.flushing.add(covered);
		return covered;
	}

	void endFlush(BitSet covered, boolean durable) {
		this.flushing.remove(covered);
		if (!durable) {
			this.changed.or(covered);
		}
	}

	/** Adds all that can be lost to regions that have been missed. */
	void addTo(BitSet missed) {
		missed.or(this.changed);
		this.flushing.forEach(missed::or);
	}

}
