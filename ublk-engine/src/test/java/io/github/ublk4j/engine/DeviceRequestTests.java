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

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.driver.UblkFeature;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class DeviceRequestTests {

	private static final long NO_SCAN = UblkFeature.NO_AUTO_PART_SCAN.mask();

	@Test
	void partitionsAreScannedUnlessToldOtherwise() {
		assertThat(DeviceRequest.scanFlags(disk().build(), NO_SCAN)).isZero();
		assertThat(DeviceRequest.scanFlags(disk().build(), 0)).isZero();
		assertThat(DeviceRequest.scanFlags(disk().partitionScan(false).build(), NO_SCAN)).isEqualTo(NO_SCAN);
	}

	@Test
	void kernelThatAlwaysScansIsRefusedWithTheVersionThatDoesNot() {
		DiskSpec spec = disk().partitionScan(false).build();
		assertThatExceptionOfType(DiskRefusedException.class).isThrownBy(() -> DeviceRequest.scanFlags(spec, ~NO_SCAN))
			.withMessageContaining("needs Linux 7.0")
			.satisfies((ex) -> assertThat(ex.reason()).isEqualTo(DiskRefusedException.Reason.PARTITION_SCAN));
	}

	@Test
	void deviceIsAskedForWithoutTheScan() {
		try (UblkEngine engine = UblkEngine.builder().simulated(new SimulatedUblk()).build()) {
			UblkDevice device = engine.start(disk().partitionScan(false).build(), (read) -> Mono.empty()).block();
			assertThat(device).isNotNull();
			assertThat(device.status().flags()).contains(UblkFeature.NO_AUTO_PART_SCAN.name());
		}
	}

	private static DiskSpec.Builder disk() {
		return DiskSpec.named("disk").size(1 << 20).readOnly(true);
	}

}
