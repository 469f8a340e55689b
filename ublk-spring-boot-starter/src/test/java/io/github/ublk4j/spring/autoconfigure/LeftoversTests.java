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

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

import io.github.ublk4j.engine.DriverDevice;
import io.github.ublk4j.engine.OrphanedDevice;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Orphans;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Leftovers}.
 */
@ExtendWith(OutputCaptureExtension.class)
class LeftoversTests {

	private final TestUblk ublk = new TestUblk();

	private static OrphanedDevice orphan(int id, DriverDevice.State state, @Nullable String disk, String... users) {
		return new OrphanedDevice(
				new DriverDevice(id, Path.of("/dev/ublkb" + id), state, -1, 1, 128, 1 << 18, 0, 0, Set.of()), disk,
				disk != null, List.of(users));
	}

	private void clear(Orphans policy, String... declared) {
		new Leftovers(policy).clear(this.ublk.engine(), Set.of(declared));
	}

	@Test
	void othersAreReportedAndOwnAreLeftToTheirDisk(CapturedOutput output) {
		this.ublk.orphan(orphan(3, DriverDevice.State.QUIESCED, "data"))
			.orphan(orphan(4, DriverDevice.State.QUIESCED, "other", "process 7 has it open"))
			.orphan(orphan(5, DriverDevice.State.DEAD, null));
		clear(Orphans.RECOVER, "data");
		assertThat(output).doesNotContain("ublk device 3")
			.contains("ublk device 4 of the disk 'other' has no server; its requests wait.")
			.contains("In use: process 7 has it open.")
			.contains("ublk device 5, made by another program, has no server and no disk any more.");
		assertThat(this.ublk.journal()).isEmpty();
	}

	@Test
	void deviceOfThisLibraryThatNoRecordKnowsIsReportedAsSuch(CapturedOutput output) {
		DriverDevice device = orphan(6, DriverDevice.State.QUIESCED, null).device();
		this.ublk.orphan(new OrphanedDevice(device, null, true, List.of()));
		clear(Orphans.DELETE);
		assertThat(output).contains("ublk device 6, made by this library, for a disk that the state directory does not"
				+ " know, has no server; its requests wait.");
		assertThat(this.ublk.journal()).isEmpty();
	}

	@Test
	void reportedDeviceKeepsItsDiskFromStarting() {
		this.ublk.orphan(orphan(3, DriverDevice.State.FAIL_IO, "data"));
		assertThatExceptionOfType(DiskStartupException.class).isThrownBy(() -> clear(Orphans.REPORT, "data"))
			.withMessageContaining("The disk 'data' is not started: ublk device 3 of the disk 'data' has no server")
			.satisfies((ex) -> assertThat(ex.remedy()).contains("ublk.orphans=recover"));
	}

	@Test
	void deviceWithoutADiskKeepsNoDiskFromStarting() {
		this.ublk.orphan(orphan(3, DriverDevice.State.DEAD, "data"));
		clear(Orphans.REPORT, "data");
		assertThat(this.ublk.journal()).isEmpty();
	}

	@Test
	void onlyUnusedDevicesOfThisLibraryAreDeleted() {
		this.ublk.orphan(orphan(3, DriverDevice.State.QUIESCED, "data"))
			.orphan(orphan(4, DriverDevice.State.QUIESCED, "other", "/dev/ublkb4 is mounted on /mnt"))
			.orphan(orphan(5, DriverDevice.State.DEAD, null))
			.orphan(orphan(6, DriverDevice.State.DEAD, "gone"));
		clear(Orphans.DELETE, "data");
		assertThat(this.ublk.journal()).containsExactly("delete device 3", "delete device 6");
	}

}
