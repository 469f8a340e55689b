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

package io.github.ublk4j.spring.autoconfigure;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Secrets in the value of {@code store}.
 */
class StoreTextTests {

	@ParameterizedTest
	@CsvSource({ "https://user:pass@host/x, https://host/x", "https://user:pa/ss@host/x, https://host/x",
			"HTTPS://user:pw@host/x, HTTPS://host/x", "https://user:p#ss@host/x, https://host/x",
			"https://user:p?ss@host/x, https://host/x", "https://user:p@ss@host/x?key=secret, https://host/x?...",
			"https://host/x?key=secret, https://host/x?..." })
	void userPasswordAndQueryAreLeftOut(String store, String shown) {
		assertThat(StoreText.shown(store)).isEqualTo(shown);
	}

	@ParameterizedTest
	@CsvSource({ "memory", "file:/disks/a@b.img", "redis:tenant-7", "https://host/x" })
	void restIsShown(String store) {
		assertThat(StoreText.shown(store)).isEqualTo(store);
	}

}
