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

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BlockHistory}, which others trust.
 */
class BlockHistoryTests {

	private final BlockHistory history = new BlockHistory();

	@Test
	void readsDuringAWriteMayReturnEither() {
		this.history.written(1, 10, 20);
		this.history.read(0, 11, 15);
		this.history.read(1, 12, 16);
		assertThat(this.history.contradictions()).isEmpty();
	}

	@Test
	void readAfterAWriteMustNotReturnWhatWasBefore() {
		this.history.written(1, 10, 20);
		this.history.read(0, 21, 25);
		assertThat(this.history.contradictions()).singleElement().asString().contains("the block held 0");
	}

	@Test
	void valueThatWasReplacedDoesNotComeBack() {
		this.history.written(1, 10, 40);
		this.history.written(2, 10, 40);
		this.history.read(1, 11, 12);
		this.history.read(2, 13, 14);
		assertThat(this.history.contradictions()).isEmpty();
		this.history.read(1, 15, 16);
		assertThat(this.history.contradictions()).isNotEmpty();
	}

	@Test
	void acknowledgedWriteThatNobodySawIsNotContainedInTheTimeOfAnother() {
		this.history.written(1, 10, 20);
		this.history.written(2, 30, 40);
		this.history.read(1, 41, 45);
		assertThat(this.history.contradictions()).hasSize(1);
	}

	@Test
	void failedWriteMayHappenLaterOrNever() {
		this.history.perhapsWritten(1, 10);
		this.history.written(2, 20, 30);
		this.history.read(2, 31, 32);
		assertThat(this.history.contradictions()).isEmpty();
		this.history.read(1, 33, 34);
		assertThat(this.history.contradictions()).isEmpty();
		this.history.read(2, 35, 36);
		assertThat(this.history.contradictions()).isNotEmpty();
	}

	@Test
	void valueThatNobodyWroteOrThatIsTooEarlyIsNoticed() {
		this.history.written(1, 10, 20);
		this.history.read(7, 11, 12);
		this.history.read(1, 5, 6);
		assertThat(this.history.contradictions()).hasSize(2);
	}

}
