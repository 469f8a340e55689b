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

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link UblkFeature}.
 */
class UblkFeatureTests {

	@Test
	void noFlagHasNoName() {
		assertThat(UblkFeature.names(0)).isEmpty();
	}

	@Test
	void flagsAreNamedInAlphabeticalOrder() {
		assertThat(UblkFeature.names(0x1fe)).containsExactly("CMD_IOCTL_ENCODE", "NEED_GET_DATA", "UNPRIVILEGED_DEV",
				"URING_CMD_COMP_IN_TASK", "USER_COPY", "USER_RECOVERY", "USER_RECOVERY_REISSUE", "ZONED");
	}

	@Test
	void allFeaturesOfLinux73AreKnown() {
		assertThat(UblkFeature.names(0x1fffff)).hasSize(UblkFeature.values().length)
			.noneMatch((name) -> name.startsWith("BIT_"));
	}

	@Test
	void flagsOfALaterDriverAreShownByNumber() {
		assertThat(UblkFeature.names(1L << 63 | 1L << 40 | 1L << 21 | 1)).containsExactly("BIT_21", "BIT_40", "BIT_63",
				"SUPPORT_ZERO_COPY");
	}

	@Test
	void flagIsFoundAmongOthers() {
		assertThat(UblkFeature.USER_COPY.in(0x1fe)).isTrue();
		assertThat(UblkFeature.SUPPORT_ZERO_COPY.in(0x1fe)).isFalse();
		assertThat(UblkFeature.IO_DESC_SIZE.in(-1)).isTrue();
	}

}
