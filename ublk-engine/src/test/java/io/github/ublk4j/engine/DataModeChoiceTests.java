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

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.queue.PageRegistration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link DataModeChoice}.
 */
class DataModeChoiceTests {

	private static final long LINUX_6_1 = 0;

	private static final long LINUX_6_12 = UblkFeature.USER_COPY.mask();

	private static final long LINUX_6_15 = LINUX_6_12 | UblkFeature.SUPPORT_ZERO_COPY.mask();

	private static final long LINUX_6_16 = LINUX_6_15 | UblkFeature.AUTO_BUF_REG.mask();

	@Test
	void copyWorksWithEveryKernelAndAsksForNothing() {
		for (long features : new long[] { LINUX_6_1, LINUX_6_16 }) {
			assertThat(choices(DataMode.COPY, true, features))
				.containsExactly(new DataModeChoice(DataMode.COPY, 0, PageRegistration.NONE));
		}
	}

	@Test
	void modeAskedForIsTheOnlyChoice() {
		assertThat(choices(DataMode.USER_COPY, true, LINUX_6_16)).containsExactly(
				new DataModeChoice(DataMode.USER_COPY, UblkFeature.USER_COPY.mask(), PageRegistration.NONE));
		assertThat(choices(DataMode.ZERO_COPY, false, LINUX_6_16))
			.containsExactly(new DataModeChoice(DataMode.ZERO_COPY, LINUX_6_16, PageRegistration.AUTOMATIC));
	}

	@Test
	void zeroCopyRegistersByCommandWhereTheDriverDoesNot() {
		assertThat(choices(DataMode.ZERO_COPY, false, LINUX_6_15))
			.containsExactly(new DataModeChoice(DataMode.ZERO_COPY, LINUX_6_15, PageRegistration.BY_COMMAND));
	}

	@Test
	void automaticChoiceForADiskThatWantsBuffersIsUserCopyThenCopy() {
		assertThat(choices(DataMode.AUTO, false, LINUX_6_16)).extracting(DataModeChoice::mode)
			.containsExactly(DataMode.USER_COPY, DataMode.COPY);
		assertThat(choices(DataMode.AUTO, false, LINUX_6_1)).extracting(DataModeChoice::mode)
			.containsExactly(DataMode.COPY);
	}

	@Test
	void automaticChoiceForADiskOfTransfersAloneBeginsWithZeroCopy() {
		assertThat(choices(DataMode.AUTO, true, LINUX_6_16)).extracting(DataModeChoice::mode)
			.containsExactly(DataMode.ZERO_COPY, DataMode.USER_COPY, DataMode.COPY);
		assertThat(choices(DataMode.AUTO, true, LINUX_6_12)).extracting(DataModeChoice::mode)
			.containsExactly(DataMode.USER_COPY, DataMode.COPY);
		assertThat(choices(DataMode.AUTO, true, LINUX_6_1)).extracting(DataModeChoice::mode)
			.containsExactly(DataMode.COPY);
	}

	@ParameterizedTest
	@CsvSource({ "USER_COPY, 6.5", "ZERO_COPY, 6.15" })
	void modeThatTheKernelDoesNotHaveIsRefusedWithTheVersionThatHasIt(DataMode mode, String version) {
		assertThatExceptionOfType(UblkException.class).isThrownBy(() -> choices(mode, true, LINUX_6_1))
			.withMessage("disk 'ledger' asks for data mode " + mode + ", which this kernel does not have;"
					+ " it needs Linux " + version + " or later. Use AUTO or COPY");
	}

	@Test
	void choiceIsGrantedOnlyAsAWhole() {
		DataModeChoice choice = choices(DataMode.ZERO_COPY, true, LINUX_6_16).get(0);
		assertThat(choice.grantedBy(LINUX_6_16)).isTrue();
		assertThat(choice.grantedBy(LINUX_6_16 | UblkFeature.UPDATE_SIZE.mask())).isTrue();
		assertThat(choice.grantedBy(LINUX_6_15)).isFalse();
		assertThat(choice.grantedBy(0)).isFalse();
		assertThat(choices(DataMode.COPY, true, 0).get(0).grantedBy(0)).isTrue();
	}

	private static List<DataModeChoice> choices(DataMode asked, boolean transfersOnly, long features) {
		return DataModeChoice.of("ledger", asked, transfersOnly, features);
	}

}
