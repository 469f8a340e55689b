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

package io.github.ublk4j.spring.readme;

import io.github.ublk4j.spring.test.BlockDeviceContract;
import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import io.github.ublk4j.spring.test.UblkTest;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.junit.jupiter.SpringJUnitConfig;

/**
 * The first example of the README does what every disk must.
 */
@UblkTest
@SpringJUnitConfig(ScratchDisk.class)
class ScratchDiskTests extends BlockDeviceContract {

	@Autowired
	private BlockDeviceTestClient disk;

	@Override
	protected BlockDeviceTestClient client() {
		return this.disk;
	}

}
