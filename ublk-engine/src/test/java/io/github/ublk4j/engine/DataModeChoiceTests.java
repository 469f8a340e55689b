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

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class DataModeChoiceTests {

	private static final long OLD = 0;

	private static final long WITH_USER_COPY = UblkFeature.USER_COPY.mask();

	private static final long WITH_ZERO_COPY = WITH_USER_COPY | UblkFeature.SUPPORT_ZERO_COPY.mask();

	@Test
	void automaticModeTakesTheBestThatDiskAndKernelHave() {
		assertThat(modes(DataMode.AUTO, false, OLD)).containsExactly(DataMode.COPY);
		assertThat(modes(DataMode.AUTO, true, OLD)).containsExactly(DataMode.COPY);
		assertThat(modes(DataMode.AUTO, false, WITH_ZERO_COPY)).containsExactly(DataMode.USER_COPY, DataMode.COPY);
		assertThat(modes(DataMode.AUTO, true, WITH_USER_COPY)).containsExactly(DataMode.USER_COPY, DataMode.COPY);
		assertThat(modes(DataMode.AUTO, true, WITH_ZERO_COPY)).containsExactly(DataMode.ZERO_COPY, DataMode.USER_COPY,
				DataMode.COPY);
	}

	@Test
	void modeAskedForHasNoSubstitute() {
		assertThat(modes(DataMode.COPY, true, WITH_ZERO_COPY)).containsExactly(DataMode.COPY);
		assertThat(modes(DataMode.USER_COPY, true, WITH_ZERO_COPY)).containsExactly(DataMode.USER_COPY);
		assertThat(modes(DataMode.ZERO_COPY, false, WITH_ZERO_COPY)).containsExactly(DataMode.ZERO_COPY);
	}

	@Test
	void modeThatTheKernelLacksIsRefusedWithTheVersionThatHasIt() {
		assertThatExceptionOfType(DiskRefusedException.class)
			.isThrownBy(() -> modes(DataMode.ZERO_COPY, true, WITH_USER_COPY))
			.withMessageContaining("ZERO_COPY needs Linux 6.15")
			.satisfies((ex) -> assertThat(ex.reason()).isEqualTo(DiskRefusedException.Reason.DATA_MODE));
		assertThatExceptionOfType(DiskRefusedException.class).isThrownBy(() -> modes(DataMode.USER_COPY, false, OLD))
			.withMessageContaining("USER_COPY needs Linux 6.5");
	}

	@Test
	void zeroCopyDiskCanAskForABufferToo() {
		assertThat(DataModeChoice.of("disk", DataMode.ZERO_COPY, true, WITH_ZERO_COPY)).singleElement()
			.matches((choice) -> UblkFeature.USER_COPY.in(choice.flags()));
	}

	@Test
	void zeroCopyRegistersPagesByCommandWhereTheDriverDoesNot() {
		assertThat(DataModeChoice.of("disk", DataMode.ZERO_COPY, false, WITH_ZERO_COPY))
			.containsExactly(new DataModeChoice(DataMode.ZERO_COPY, WITH_ZERO_COPY, PageRegistration.BY_COMMAND));
	}

	@Test
	void choiceIsGrantedOnlyAsAWhole() {
		long automatic = WITH_ZERO_COPY | UblkFeature.AUTO_BUF_REG.mask();
		DataModeChoice choice = DataModeChoice.of("disk", DataMode.ZERO_COPY, true, automatic).get(0);
		assertThat(choice.registration()).isEqualTo(PageRegistration.AUTOMATIC);
		assertThat(choice.grantedBy(automatic)).isTrue();
		assertThat(choice.grantedBy(automatic | UblkFeature.UPDATE_SIZE.mask())).isTrue();
		assertThat(choice.grantedBy(WITH_ZERO_COPY)).isFalse();
		assertThat(choice.grantedBy(OLD)).isFalse();
	}

	private static List<DataMode> modes(DataMode asked, boolean transfersOnly, long features) {
		return DataModeChoice.of("disk", asked, transfersOnly, features).stream().map(DataModeChoice::mode).toList();
	}

}
