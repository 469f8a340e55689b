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

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what a member can lose.
 */
class UnflushedTests {

	private final Unflushed unflushed = new Unflushed();

	private static BitSet regions(int... regions) {
		BitSet set = new BitSet();
		for (int region : regions) {
			set.set(region);
		}
		return set;
	}

	private BitSet lost() {
		BitSet lost = new BitSet();
		this.unflushed.addTo(lost);
		return lost;
	}

	@Test
	void flushCoversChangesThatHadEndedWhenItBegan() {
		this.unflushed.add(2, 3);
		this.unflushed.add(4, 5);
		BitSet covered = this.unflushed.beginFlush(regions(4));
		this.unflushed.add(5, 7);
		assertThat(lost()).isEqualTo(regions(2, 4, 5, 6));
		this.unflushed.endFlush(covered, true);
		assertThat(lost()).isEqualTo(regions(4, 5, 6));
	}

	@Test
	void flushThatFailedCoversNothing() {
		this.unflushed.add(2, 3);
		this.unflushed.endFlush(this.unflushed.beginFlush(regions()), false);
		assertThat(lost()).isEqualTo(regions(2));
	}

	@Test
	void flushesUnderWayAreToldApart() {
		BitSet earlier = this.unflushed.beginFlush(regions());
		this.unflushed.add(3, 4);
		BitSet later = this.unflushed.beginFlush(regions());
		this.unflushed.endFlush(earlier, true);
		assertThat(lost()).isEqualTo(regions(3));
		this.unflushed.endFlush(later, true);
		assertThat(lost()).isEqualTo(regions());
	}

}
