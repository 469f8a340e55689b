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

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LinuxException}.
 */
class LinuxExceptionTests {

	@Test
	void messageNamesOperationAndError() {
		LinuxException exception = new LinuxException("open /dev/ublkc0", Errno.EACCES);
		assertThat(exception).hasMessage("open /dev/ublkc0 failed: EACCES (Permission denied)");
		assertThat(exception.errno()).isEqualTo(13);
	}

	@Test
	void likelyCauseFollowsAsASentence() {
		assertThat(new LinuxException("START_DEV", Errno.EINTR, "Try again"))
			.hasMessage("START_DEV failed: EINTR (Interrupted system call). Try again");
	}

	@Test
	void unknownErrorIsShownAsNumber() {
		assertThat(new LinuxException("START_DEV", 524)).hasMessage("START_DEV failed: errno 524");
	}

}
