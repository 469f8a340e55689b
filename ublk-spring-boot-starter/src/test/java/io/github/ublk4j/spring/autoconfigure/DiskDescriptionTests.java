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

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.spring.TestUblk;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class DiskDescriptionTests {

	@Test
	void bytesAreWrittenInTheLargestUnitThatDividesThem() {
		assertThat(DiskDescription.bytes(512)).isEqualTo("512 bytes");
		assertThat(DiskDescription.bytes(4096)).isEqualTo("4 KiB");
		assertThat(DiskDescription.bytes(1536L << 20)).isEqualTo("1536 MiB");
		assertThat(DiskDescription.bytes(4L << 30)).isEqualTo("4 GiB");
		assertThat(DiskDescription.bytes(2L << 40)).isEqualTo("2 TiB");
	}

	@Test
	void readOnlyDiskSaysSo() {
		DiskSpec spec = DiskSpec.named("archive").size(1 << 20).readOnly(true).build();
		assertThat(DiskDescription.of(TestUblk.status(spec, 0, DeviceState.LIVE, null)))
			.isEqualTo("1 MiB, 1 queue x 128, up to 256 KiB per request, user-copy, READ WRITE, read-only");
	}

}
