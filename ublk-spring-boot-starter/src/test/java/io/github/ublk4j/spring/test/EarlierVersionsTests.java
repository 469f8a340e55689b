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

package io.github.ublk4j.spring.test;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class EarlierVersionsTests {

	private final EarlierVersions versions = new EarlierVersions(2, 2);

	@Test
	void ageIsTheNumberOfChangesSince() {
		this.versions.keep(new byte[] { 0, 0, 1, 1 }, 0, 4);
		this.versions.keep(new byte[] { 0, 0, 2, 2 }, 2, 2);
		assertThat(this.versions.age(2, new byte[] { 2, 2 })).isEqualTo(1);
		assertThat(this.versions.age(2, new byte[] { 1, 1 })).isEqualTo(2);
		assertThat(this.versions.age(0, new byte[] { 0, 0 })).isEqualTo(1);
	}

	@Test
	void whatAnotherBlockHeldIsNoEarlierVersion() {
		this.versions.keep(new byte[] { 0, 0, 1, 1 }, 0, 4);
		assertThat(this.versions.age(0, new byte[] { 1, 1 })).isZero();
	}

}
