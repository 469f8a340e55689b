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

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link ProcessorYield}.
 */
class ProcessorYieldTests {

	private final Mailbox mailbox = new Mailbox();

	private int yields;

	private long now;

	@Test
	void yieldsEveryTimeAsLongAsTasksCome() {
		ProcessorYield yield = new ProcessorYield(() -> {
			this.yields++;
			this.mailbox.put(new Task());
		}, () -> this.now);
		for (int i = 0; i < 1000; i++) {
			assertThat(yield.bringsTasks(this.mailbox)).isTrue();
			this.mailbox.drain((task) -> {
			});
		}
		assertThat(this.yields).isEqualTo(1000);
	}

	@Test
	void yieldsLessAndLessOftenInVain() {
		ProcessorYield yield = new ProcessorYield(() -> this.yields++, () -> this.now);
		for (int i = 0; i < 10 * ProcessorYield.MOST_SKIPPED; i++) {
			assertThat(yield.bringsTasks(this.mailbox)).isFalse();
		}
		// 11 until it is tried once in 1,024 times, then 8 or 9
		assertThat(this.yields).isBetween(15, 22);
	}

	@Test
	void yieldsAgainEveryTimeAfterTasksHaveCome() {
		boolean[] useful = { false };
		ProcessorYield yield = new ProcessorYield(() -> {
			this.yields++;
			if (useful[0]) {
				this.mailbox.put(new Task());
			}
		}, () -> this.now);
		for (int i = 0; i < 8; i++) {
			yield.bringsTasks(this.mailbox);
		}
		useful[0] = true;
		int before = this.yields;
		int tasks = 0;
		for (int i = 0; i < 100; i++) {
			tasks += yield.bringsTasks(this.mailbox) ? 1 : 0;
			this.mailbox.drain((task) -> {
			});
		}
		assertThat(this.yields - before).isEqualTo(tasks).isGreaterThan(80);
	}

	@Test
	void doesNotYieldNextTimeAfterItWasAwayForLong() {
		ProcessorYield yield = new ProcessorYield(() -> {
			this.yields++;
			this.mailbox.put(new Task());
			this.now += ProcessorYield.LONG_NANOS + 1;
		}, () -> this.now);
		assertThat(yield.bringsTasks(this.mailbox)).isTrue();
		this.mailbox.drain((task) -> {
		});
		assertThat(yield.bringsTasks(this.mailbox)).isFalse();
		assertThat(this.yields).isOne();
	}

	private static final class Task extends LoopTask {

		@Override
		void run() {
			throw new AssertionError();
		}

		@Override
		void reject() {
			throw new AssertionError();
		}

	}

}
