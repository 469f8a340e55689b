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

import java.lang.reflect.Field;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Errno}. That the numbers are the kernel's is shown together with all
 * other constants of its headers.
 */
class ErrnoTests {

	@Test
	void knownErrorHasNameAndText() {
		assertThat(Errno.name(16)).isEqualTo("EBUSY");
		assertThat(Errno.describe(16)).isEqualTo("EBUSY (Device or resource busy)");
	}

	@Test
	void firstAndLastErrorAreKnown() {
		assertThat(Errno.describe(1)).isEqualTo("EPERM (Operation not permitted)");
		assertThat(Errno.describe(133)).isEqualTo("EHWPOISON (Memory page has hardware error)");
	}

	// 41 and 58 are holes in the kernel's list, 524 is an error that it keeps for itself
	@ParameterizedTest
	@ValueSource(ints = { -1, 0, 41, 58, 134, 524, Integer.MAX_VALUE, Integer.MIN_VALUE })
	void unknownErrorIsShownAsNumber(int errno) {
		assertThat(Errno.name(errno)).isEqualTo("errno " + errno);
		assertThat(Errno.describe(errno)).isEqualTo("errno " + errno);
	}

	@Test
	void everyConstantHasItsOwnName() throws IllegalAccessException {
		for (Field field : Errno.class.getFields()) {
			assertThat(Errno.name(field.getInt(null))).isEqualTo(field.getName());
		}
	}

}
