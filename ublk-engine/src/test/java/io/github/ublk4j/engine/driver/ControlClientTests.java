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

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.uring.EnabledIfIoUring;
import org.assertj.core.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link ControlClient} without its driver. {@code /dev/null} accepts every
 * command and does nothing; {@code /dev/zero} knows no commands.
 */
@EnabledIfIoUring
class ControlClientTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	@Test
	void missingControlDeviceIsNamed() {
		Assumptions.assumeThat(Files.exists(Path.of(ControlClient.PATH))).as("this machine has ublk").isFalse();
		assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> new ControlClient(TIMEOUT))
			.withMessage("open /dev/ublk-control failed: ENOENT (No such file or directory)")
			.satisfies((ex) -> assertThat(ex.errno()).isEqualTo(Errno.ENOENT));
	}

	@Test
	void acceptedCommandsReturn() {
		try (ControlClient control = new ControlClient("/dev/null", TIMEOUT)) {
			assertThat(control.features()).isZero();
			DeviceInfo request = DeviceInfo.request(1, 128, 65536, UblkFeature.CMD_IOCTL_ENCODE.mask(), 0);
			assertThat(control.add(request)).isEqualTo(request);
			control.start(0, ProcessHandle.current().pid());
			control.stop(0, Duration.ofSeconds(1));
			control.delete(0, Duration.ofSeconds(5));
		}
	}

	@Test
	void refusedCommandNamesItselfTheDeviceAndTheLikelyCause() {
		try (ControlClient control = new ControlClient("/dev/zero", TIMEOUT)) {
			assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> control.delete(5, Duration.ofSeconds(5)))
				.withMessage("DEL_DEV of ublk device 5 failed: EOPNOTSUPP (Operation not supported)."
						+ " The kernel's driver is too old for this command");
			assertThatExceptionOfType(LinuxException.class).isThrownBy(control::features)
				.withMessageStartingWith("GET_FEATURES failed: EOPNOTSUPP (Operation not supported).");
		}
	}

	@Test
	void closedClientSendsNothing() {
		ControlClient control = new ControlClient("/dev/null", TIMEOUT);
		control.close();
		control.close();
		assertThatIllegalStateException().isThrownBy(control::features).withMessage("/dev/null is closed");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			ADD_DEV    | 1  | CAP_SYS_ADMIN
			ADD_DEV    | 12 | no memory for queues of this depth
			ADD_DEV    | 13 | ublks_max
			SET_PARAMS | 13 | started already
			STOP_DEV   | 19 | deleted, or never added
			START_DEV  | 17 | started already
			START_DEV  | 22 | 'dmesg'
			DEL_DEV    | 16 | Somebody uses the device
			""")
	void likelyCauseOfAnErrorIsExplained(ControlCommand command, int errno, String expected) {
		assertThat(ControlClient.likelyCause(command, errno)).contains(expected);
	}

	@ParameterizedTest
	@CsvSource({ "ADD_DEV,some kernels hang", "START_DEV,the kernel looks for partitions",
			"STOP_DEV,requests in flight are not answered", "DEL_DEV,somebody has the device open or mapped" })
	void likelyCauseOfADelayIsExplained(ControlCommand command, String expected) {
		assertThat(ControlClient.causeOfDelay(command)).contains(expected);
	}

	@Test
	void errorWithoutAKnownCauseIsNotExplained() {
		assertThat(ControlClient.likelyCause(ControlCommand.START_DEV, Errno.EIO)).isEmpty();
	}

}
