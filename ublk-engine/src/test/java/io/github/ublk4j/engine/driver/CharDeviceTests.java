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

package io.github.ublk4j.engine.driver;

import java.nio.file.Path;
import java.time.Duration;

import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link CharDevice} without its driver.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "opens files by Linux system calls")
class CharDeviceTests {

	private static final int MISSING = 999_999;

	private static final DeviceInfo INFO = new DeviceInfo(MISSING, 1, 128, 65536, 0, DriverState.DEAD, -1, 0, 0, 0);

	@BeforeAll
	static void deviceIsMissing() {
		assertThat(Path.of("/dev/ublkc" + MISSING)).doesNotExist();
	}

	@Test
	void nodeThatDoesNotAppearIsWaitedForThenExplained() {
		long start = System.nanoTime();
		assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> CharDevice.open(INFO, Duration.ofMillis(100)))
			.withMessage("open /dev/ublkc999999 failed: ENOENT (No such file or directory)."
					+ " The node does not appear: in a container, mount the host's /dev")
			.satisfies((ex) -> assertThat(ex.errno()).isEqualTo(Errno.ENOENT));
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(100),
				Duration.ofSeconds(10));
	}

	@Test
	void interruptEndsTheWaitAndStaysSet() {
		Thread.currentThread().interrupt();
		assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> CharDevice.open(INFO, Duration.ofMinutes(1)))
			.withMessage("open /dev/ublkc999999 failed: EINTR (Interrupted system call). The thread was interrupted");
		assertThat(Thread.interrupted()).isTrue();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			16 | Another process holds it
			1  | allow the device in its cgroup
			13 | needs a udev rule
			""")
	void likelyCauseOfAnErrorIsExplained(int errno, String expected) {
		assertThat(CharDevice.likelyCause(errno)).contains(expected);
	}

	@Test
	void errorWithoutAKnownCauseIsNotExplained() {
		assertThat(CharDevice.likelyCause(Errno.EIO)).isEmpty();
	}

}
