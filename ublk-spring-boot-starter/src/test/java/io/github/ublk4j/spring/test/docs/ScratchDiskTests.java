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

package io.github.ublk4j.spring.test.docs;

import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import io.github.ublk4j.spring.test.UblkTest;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;

import static org.assertj.core.api.Assertions.assertThat;

@UblkTest
@SpringBootTest
class ScratchDiskTests {

	@Autowired
	private BlockDeviceTestClient disk;

	@Test
	void whatIsWrittenIsRead() {
		byte[] data = new byte[4096];
		data[17] = 1;
		StepVerifier.create(this.disk.write(8192, data).then(this.disk.read(8192, 4096)))
			.assertNext((read) -> assertThat(read).isEqualTo(data))
			.verifyComplete();
	}

}
