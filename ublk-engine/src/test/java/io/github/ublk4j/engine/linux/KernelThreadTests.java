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

package io.github.ublk4j.engine.linux;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KernelThread}, with lines as {@code proc_pid_stat(5)} describes them.
 */
class KernelThreadTests {

	// the fields between the flags and the processor, and those that follow
	private static final String LINE = "4711 (%s) S 1 2 3 0 -1 %d 10 11 12 13 14 15 16 17 20 0 18 0 19 20 21 "
			+ "22 23 24 25 26 27 28 29 30 31 32 33 34 17 %d 0 0 0 0 0 36 37 38 39 40 41 42 0\n";

	@ParameterizedTest
	@CsvSource({ "0x400140, false", "0x480140, false", "0x500140, false", "0x580140, true" })
	void bothFlagsMakeAnIoFlusher(String flags, boolean flusher) {
		assertThat(KernelThread.parse(LINE.formatted("ublk-disk-0", Long.decode(flags), 3)))
			.isEqualTo(new KernelThread(3, flusher));
	}

	@Test
	void nameMayHoldAnything() {
		assertThat(KernelThread.parse(LINE.formatted("a) S 1 (b", 0x580140L, 63)))
			.isEqualTo(new KernelThread(63, true));
	}

	@Test
	void threadThatIsNotThereIsNotFound() {
		assertThat(KernelThread.find(0)).isEmpty();
	}

}
