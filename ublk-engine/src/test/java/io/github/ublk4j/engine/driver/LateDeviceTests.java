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

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.github.ublk4j.engine.driver.UblkLayout.DevInfo;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link LateDevice}.
 */
class LateDeviceTests {

	private static final long TOKEN = DeviceInfo.newToken();

	private final ByteBuffer argument = device(DeviceInfo.ANY_ID, TOKEN).encode();

	private final LateDevice late = new LateDevice(this.argument);

	private final List<Integer> deleted = new ArrayList<>();

	private static DeviceInfo device(int id, long token) {
		return new DeviceInfo(id, 1, 128, 65536, 0, DriverState.DEAD, -1, 0, 0, token);
	}

	@Test
	void deviceThatNobodyWaitsForIsDeleted() {
		assertThat(this.late.awaitMade(Duration.ZERO)).isFalse();
		this.argument.putInt(DevInfo.DEV_ID, 3);
		assertThat(this.late.awaitMade(Duration.ZERO)).isTrue();
		this.late.delete((id) -> device(id, TOKEN), this.deleted::add);
		assertThat(this.deleted).containsExactly(3);
	}

	@Test
	void successorOfTheSameNumberIsLeftAlone() {
		this.argument.putInt(DevInfo.DEV_ID, 3);
		this.late.delete((id) -> device(id, TOKEN + 1), this.deleted::add);
		assertThat(this.deleted).isEmpty();
	}

	@Test
	void deviceThatIsGoneNeedsNoDelete() {
		this.argument.putInt(DevInfo.DEV_ID, 3);
		this.late.delete((id) -> {
			throw new LinuxException("GET_DEV_INFO", Errno.ENODEV, "");
		}, this.deleted::add);
		assertThat(this.deleted).isEmpty();
	}

	@Test
	void deviceThatCannotBeLookedAtIsNotDeleted() {
		this.argument.putInt(DevInfo.DEV_ID, 3);
		assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> this.late.delete((id) -> {
			throw new LinuxException("GET_DEV_INFO", Errno.EPERM, "");
		}, this.deleted::add));
		assertThat(this.deleted).isEmpty();
	}

}
