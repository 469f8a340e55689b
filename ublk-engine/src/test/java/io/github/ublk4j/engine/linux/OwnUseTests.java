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

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OwnUse}, on a process that exists in files only.
 */
@DisabledOnOs(OS.WINDOWS)
class OwnUseTests {

	private static final Path DISK = Path.of("/dev/ublkb1");

	@TempDir
	private Path root;

	@BeforeEach
	void processWithTwoFilesOnOtherDisks() throws IOException {
		write("proc/self/mountinfo", """
				27 1 8:1 / / rw - ext4 /dev/sda1 rw
				28 27 259:12 / /mnt/twelve rw - ext4 /dev/ublkb12 rw
				nonsense
				""");
		link("sys/dev/block/8:1", "../../devices/pci/block/sda/sda1");
		link("sys/dev/block/259:12", "../../devices/virtual/block/ublkb12");
		open(3, "/var/log/app.log", 27);
		open(4, "/mnt/twelve/data.img", 28);
		open(5, "/dev/ublkc1", 24);
	}

	@Test
	void otherDisksAreNoUse() {
		assertThat(new OwnUse(this.root).of(DISK)).isEmpty();
	}

	@Test
	void mountAndFilesOnItAreFound() throws IOException {
		write("proc/self/mountinfo", "40 27 259:1 / /mnt/my\\040disk rw shared:7 - ext4 /dev/ublkb1 rw\n");
		link("sys/dev/block/259:1", "../../devices/virtual/block/ublkb1");
		open(6, "/mnt/my disk/app.log", 40);
		assertThat(new OwnUse(this.root).of(DISK)).hasSize(2)
			.anyMatch((use) -> use.startsWith("it is mounted on /mnt/my disk in sight of this process"))
			.anyMatch((use) -> use.startsWith("this process has /mnt/my disk/app.log open on it"));
	}

	@Test
	void fileSystemWithNumberOfItsOwnIsFoundByItsDevice() throws IOException {
		write("proc/self/mountinfo", "40 27 0:55 / /mnt/b rw - btrfs /dev/ublkb1p2 rw\n");
		assertThat(new OwnUse(this.root).of(DISK)).singleElement().asString().contains("mounted on /mnt/b");
	}

	@Test
	void diskBelowLogicalVolumeIsFound() throws IOException {
		write("proc/self/mountinfo", "40 27 253:0 / /mnt/lv rw - xfs /dev/mapper/vg-lv rw\n");
		link("sys/dev/block/253:0", "../../devices/virtual/block/dm-0");
		write("sys/class/block/dm-0/slaves/dm-1/dev", "");
		write("sys/class/block/dm-1/slaves/ublkb1p3/dev", "");
		open(6, "/mnt/lv/disk.img", 40);
		assertThat(new OwnUse(this.root).of(DISK)).hasSize(2);
	}

	@Test
	void deviceItselfThatIsOpenIsFound() throws IOException {
		open(7, "/dev/ublkb1p1", 24);
		assertThat(new OwnUse(this.root).of(DISK)).singleElement().asString().contains("/dev/ublkb1p1 open on it");
	}

	@Test
	void manyFilesAreCounted() throws IOException {
		for (int i = 10; i < 25; i++) {
			open(i, "/dev/ublkb1", 24);
		}
		assertThat(new OwnUse(this.root).of(DISK)).hasSize(11).contains("and 5 uses more");
	}

	@Test
	void simulatedDiskIsNotTakenForOneOfTheKernel() throws IOException {
		open(7, "/dev/ublkb1", 24);
		assertThat(new OwnUse(this.root).of(Path.of("/simulated/ublkb1"))).isEmpty();
	}

	private void open(int descriptor, String target, int mount) throws IOException {
		link("proc/self/fd/" + descriptor, target);
		write("proc/self/fdinfo/" + descriptor, "pos:\t0\nflags:\t02\nmnt_id:\t" + mount + "\nino:\t5\n");
	}

	private void link(String link, String target) throws IOException {
		Path path = this.root.resolve(link);
		Files.createDirectories(path.getParent());
		Files.createSymbolicLink(path, Path.of(target));
	}

	private void write(String file, String text) throws IOException {
		Path path = this.root.resolve(file);
		Files.createDirectories(path.getParent());
		Files.writeString(path, text);
	}

}
