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

package io.github.ublk4j.engine;

import java.util.List;

import io.github.ublk4j.engine.UblkUnavailableException.Reason;
import io.github.ublk4j.engine.host.HostCheck;
import io.github.ublk4j.engine.host.HostCheck.State;
import io.github.ublk4j.engine.host.HostCheck.Subject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * What an engine says of its host.
 */
class PreflightTests {

	@Test
	void simulatedEngineSaysSo() {
		UblkEngine.Builder builder = UblkEngine.builder().simulated(new SimulatedUblk());
		try (UblkEngine engine = builder.build()) {
			assertThat(engine.preflight()).isEqualTo(builder.preflight())
				.singleElement()
				.returns(Subject.SIMULATION, HostCheck::subject)
				.returns(State.OK, HostCheck::state);
		}
	}

	@Test
	void availabilityAgreesWithThePreflight() {
		assertThat(UblkEngine.builder().preflight().stream().noneMatch((check) -> check.state() == State.FAILURE))
			.isEqualTo(UblkEngine.isAvailable());
	}

	@ParameterizedTest
	@CsvSource({ "OPERATING_SYSTEM, NOT_LINUX", "NATIVE_CALLS, PLATFORM_UNSUPPORTED",
			"IO_URING_SWITCH, IO_URING_DISABLED", "IO_URING, IO_URING_DISABLED", "WIDE_ENTRIES, KERNEL_TOO_OLD",
			"MODULE, MODULE_MISSING", "CONTROL_DEVICE, PERMISSION_DENIED", "CAPABILITIES, PERMISSION_DENIED",
			"DRIVER, KERNEL_TOO_OLD" })
	void firstFailureIsTheReason(Subject subject, Reason reason) {
		UblkUnavailableException unavailable = UblkAvailability
			.judge(List.of(new HostCheck(Subject.KERNEL, State.WARNING, "old", "new"),
					new HostCheck(subject, State.FAILURE, "what", "how"),
					new HostCheck(Subject.JVM, State.FAILURE, "later", "later")));
		assertThat(unavailable).isNotNull()
			.hasMessage("what")
			.returns(reason, UblkUnavailableException::reason)
			.returns("how", UblkUnavailableException::remedy);
	}

	@ParameterizedTest
	@ValueSource(ints = { -1001, 1001 })
	void oomScoreOutOfRangeIsRefused(int value) {
		assertThatIllegalArgumentException().isThrownBy(() -> UblkEngine.builder().oomScoreAdj(value))
			.withMessageContaining(value + "; use -1000");
	}

}
