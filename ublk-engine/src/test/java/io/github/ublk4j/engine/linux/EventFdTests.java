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

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link EventFd}.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "makes Linux system calls")
class EventFdTests {

	@Test
	void signalsAreCounted() throws IOException {
		try (EventFd eventFd = new EventFd()) {
			assertThat(count(eventFd.fd())).isZero();
			eventFd.signal();
			eventFd.signal();
			assertThat(count(eventFd.fd())).isEqualTo(2);
		}
	}

	@Test
	void signalAfterCloseReachesNobody() throws IOException {
		EventFd closed = new EventFd();
		int fd = closed.fd();
		closed.close();
		try (EventFd other = new EventFd()) {
			assertThat(other.fd()).isEqualTo(fd);
			closed.signal();
			closed.close();
			assertThat(count(other.fd())).isZero();
		}
	}

	@Test
	void closedCounterHasNoDescriptor() {
		EventFd eventFd = new EventFd();
		eventFd.close();
		assertThatCode(eventFd::close).doesNotThrowAnyException();
		assertThatIllegalStateException().isThrownBy(eventFd::fd).withMessage("eventfd is closed");
	}

	private static long count(int fd) throws IOException {
		return Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd))
			.stream()
			.filter((line) -> line.startsWith("eventfd-count:"))
			.mapToLong((line) -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip(), 16))
			.findFirst()
			.orElseThrow();
	}

}
