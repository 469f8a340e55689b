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
import java.util.Objects;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DiskUsers}, on a host that exists in files only.
 */
@DisabledOnOs(OS.WINDOWS)
class DiskUsersTests {

	private static final Path DISK = Path.of("/dev/ublkb1");

	private static final String OTHERS = """
			27 1 8:1 / / rw - ext4 /dev/sda1 rw
			28 27 259:12 / /mnt/twelve rw - ext4 /dev/ublkb12 rw
			nonsense
			""";

	@TempDir
	private Path root;

	@BeforeEach
	void hostThatDoesNotUseTheDisk() throws IOException {
		write("sys/class/block/ublkb1/dev", "259:1\n");
		write("sys/class/block/ublkb1/ublkb1p1/dev", "259:2\n");
		write("sys/fs/ext4/sda1/errors_count", "0");
		write("sys/fs/ext4/ublkb12/errors_count", "0");
		write("sys/fs/btrfs/features/extended_iref", "1");
		process("self", "mnt:[1]", OTHERS);
		process("10", "mnt:[1]", OTHERS);
		process("20", "mnt:[2]", OTHERS);
	}

	@Test
	void otherDisksAreNoUse() {
		assertThat(new DiskUsers(this.root).find(DISK)).isEmpty();
	}

	@Test
	void mountInSightIsFoundOnce() throws IOException {
		String mounts = OTHERS + "40 27 259:1 / /mnt/my\\040disk rw shared:7 - ext4 /dev/ublkb1 rw\n";
		process("self", "mnt:[1]", mounts);
		process("10", "mnt:[1]", mounts);
		process("20", "mnt:[2]", mounts);
		assertThat(new DiskUsers(this.root).find(DISK)).containsExactly("/dev/ublkb1 is mounted on /mnt/my disk");
	}

	@Test
	void mountInAContainerIsFound() throws IOException {
		process("20", "mnt:[2]", OTHERS + "40 27 259:2 / /data rw - ext4 /dev/ublkb1p1 rw\n");
		process("21", "mnt:[2]", OTHERS + "40 27 259:2 / /data rw - ext4 /dev/ublkb1p1 rw\n");
		assertThat(new DiskUsers(this.root).find(DISK)).singleElement()
			.asString()
			.matches("/dev/ublkb1p1 is mounted on /data in the mount namespace of process 2[01]");
	}

	@Test
	void mountIsFoundWhereNamespacesAreNotShown() throws IOException {
		Files.delete(this.root.resolve("proc/20/ns/mnt"));
		write("proc/20/mountinfo", "40 27 0:55 / /data rw - btrfs /dev/ublkb1 rw\n");
		assertThat(new DiskUsers(this.root).find(DISK)).singleElement().asString().contains("/data");
	}

	@Test
	void fileSystemThatIsMountedWhereNoProcessInSightIsIsFound() throws IOException {
		write("sys/fs/ext4/ublkb1p1/errors_count", "0");
		assertThat(new DiskUsers(this.root).find(DISK))
			.containsExactly("ublkb1p1 holds a file system that is mounted somewhere (ext4)");
	}

	@Test
	void fileSystemOfSeveralDevicesIsFound() throws IOException {
		write("sys/fs/btrfs/8a1f-22/devices/ublkb1/size", "0");
		assertThat(new DiskUsers(this.root).find(DISK))
			.containsExactly("ublkb1 holds a file system that is mounted somewhere (btrfs)");
	}

	@Test
	void swapHoldersAndProcessesAreFound() throws IOException {
		write("proc/swaps", "Filename Type Size Used Priority\n/dev/ublkb1p1 partition 8 0 -2\n");
		write("sys/class/block/ublkb1/holders/dm-0/dev", "");
		link("proc/20/fd/3", "/dev/ublkb1");
		link("proc/20/fd/4", "/dev/ublkb12");
		assertThat(new DiskUsers(this.root).find(DISK)).containsExactly("/dev/ublkb1p1 is used for swap",
				"dm-0 is built on ublkb1", "process 20 has it open");
	}

	private void process(String process, String namespace, String mounts) throws IOException {
		write("proc/" + process + "/mountinfo", mounts);
		link("proc/" + process + "/ns/mnt", namespace);
	}

	private void link(String link, String target) throws IOException {
		Path path = this.root.resolve(link);
		Files.createDirectories(Objects.requireNonNull(path.getParent()));
		Files.deleteIfExists(path);
		Files.createSymbolicLink(path, Path.of(target));
	}

	private void write(String file, String text) throws IOException {
		Path path = this.root.resolve(file);
		Files.createDirectories(Objects.requireNonNull(path.getParent()));
		Files.writeString(path, text);
	}

}
