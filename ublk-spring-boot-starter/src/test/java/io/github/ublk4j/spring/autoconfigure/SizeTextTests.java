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

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

class SizeTextTests {

	@ParameterizedTest
	@CsvSource({ "0, 0B", "1000, 1000B", "536870912, 512MB", "536871424, 536871424B", "1536, 1536B", "2048, 2KB",
			"1125899906842624, 1024TB" })
	void largestUnitWithoutFraction(long bytes, String text) {
		assertThat(SizeText.of(bytes)).isEqualTo(text);
		assertThat(DataSize.parse(text).toBytes()).isEqualTo(bytes);
	}

}
