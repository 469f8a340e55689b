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
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link LinuxFile}.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "makes Linux system calls")
class LinuxFileTests {

	@TempDir
	private Path folder;

	@Test
	void openFileHasADescriptorOfThatFile() throws IOException {
		Path path = Files.createFile(this.folder.resolve("disk"));
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDWR)) {
			assertThat(descriptor(file.fd()).toRealPath()).isEqualTo(path.toRealPath());
			assertThat(file.path()).isEqualTo(path.toString());
			assertThat(file).hasToString(path + " (fd " + file.fd() + ")");
		}
	}

	@Test
	void childProcessesDoNotInheritIt() throws IOException {
		Path path = Files.createFile(this.folder.resolve("disk"));
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDWR)) {
			assertThat(Files.readString(Path.of("/proc/self/fdinfo/" + file.fd())))
				.containsPattern("flags:\\s+02\\d{6}");
		}
	}

	@Test
	void openOfMissingFileNamesPathAndError() {
		Path path = this.folder.resolve("missing");
		assertThatExceptionOfType(LinuxException.class)
			.isThrownBy(() -> LinuxFile.open(path.toString(), LinuxFile.O_RDWR))
			.withMessage("open " + path + " failed: ENOENT (No such file or directory)")
			.satisfies((ex) -> assertThat(ex.errno()).isEqualTo(Errno.ENOENT));
	}

	@Test
	void openOfFolderForWritingNamesPathAndError() {
		assertThatExceptionOfType(LinuxException.class)
			.isThrownBy(() -> LinuxFile.open(this.folder.toString(), LinuxFile.O_RDWR))
			.withMessage("open " + this.folder + " failed: EISDIR (Is a directory)");
	}

	@Test
	void secondCloseDoesNotCloseAnotherFileOfThatNumber() throws IOException {
		Path path = Files.createFile(this.folder.resolve("disk"));
		LinuxFile first = LinuxFile.open(path.toString(), LinuxFile.O_RDWR);
		int fd = first.fd();
		first.close();
		assertThat(descriptor(fd)).doesNotExist();
		try (LinuxFile second = LinuxFile.open(path.toString(), LinuxFile.O_RDWR)) {
			// the kernel gives out the lowest free number
			assertThat(second.fd()).isEqualTo(fd);
			first.close();
			assertThat(descriptor(fd)).exists();
		}
	}

	@Test
	void descriptorOfClosedFileIsNotHandedOut() {
		LinuxFile file = LinuxFile.open("/dev/null", LinuxFile.O_RDWR);
		file.close();
		assertThatIllegalStateException().isThrownBy(file::fd).withMessage("/dev/null is closed");
		assertThat(file.toString()).startsWith("/dev/null (fd ");
	}

	@Test
	void readAndWriteMoveBytesAtAPosition() throws IOException {
		Path path = Files.writeString(this.folder.resolve("disk"), "virtual disks");
		ByteBuffer memory = ByteBuffer.allocateDirect(16);
		long address = LinuxPlatform.addressOf(memory);
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDWR)) {
			assertThat(file.read(address, 5, 8)).isEqualTo(5);
			assertThat(StandardCharsets.UTF_8.decode(memory.slice(0, 5)).toString()).isEqualTo("disks");
			memory.put(0, "beans".getBytes(StandardCharsets.UTF_8));
			assertThat(file.write(address, 5, 20)).isEqualTo(5);
		}
		assertThat(Files.readString(path)).isEqualTo("virtual disks\0\0\0\0\0\0\0beans");
	}

	@Test
	void readAndWriteReachPositionsBeyondFourGibibytes() throws IOException {
		Path path = Files.createFile(this.folder.resolve("disk"));
		ByteBuffer memory = ByteBuffer.allocateDirect(4).put(0, new byte[] { 1, 2, 3, 4 });
		long address = LinuxPlatform.addressOf(memory);
		long position = 1L << 41;
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDWR)) {
			assertThat(file.write(address, 4, position)).isEqualTo(4);
			memory.put(0, new byte[4]);
			assertThat(file.read(address, 4, position)).isEqualTo(4);
			assertThat(memory.getInt(0)).isEqualTo(0x01020304);
		}
		assertThat(Files.size(path)).isEqualTo(position + 4);
	}

	@Test
	void readAtTheEndOfTheFileIsShort() throws IOException {
		Path path = Files.writeString(this.folder.resolve("disk"), "disk");
		ByteBuffer memory = ByteBuffer.allocateDirect(16);
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDONLY)) {
			assertThat(file.read(LinuxPlatform.addressOf(memory), 16, 1)).isEqualTo(3);
			assertThat(file.read(LinuxPlatform.addressOf(memory), 16, 4)).isZero();
		}
	}

	@Test
	void failedReadAndWriteReturnTheNegativeErrorNumber() throws IOException {
		Path path = Files.writeString(this.folder.resolve("disk"), "disk");
		ByteBuffer memory = ByteBuffer.allocateDirect(16);
		long address = LinuxPlatform.addressOf(memory);
		int badDescriptor = 9;
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDONLY)) {
			assertThat(file.write(address, 4, 0)).isEqualTo(-badDescriptor);
			assertThat(file.read(address, 4, -1)).isEqualTo(-Errno.EINVAL);
			assertThat(file.read(0, 4, 0)).isEqualTo(-Errno.EFAULT);
		}
		try (LinuxFile full = LinuxFile.open("/dev/full", LinuxFile.O_RDWR)) {
			assertThat(full.write(address, 4, 0)).isEqualTo(-Errno.ENOSPC);
		}
	}

	@Test
	void closedFileRefusesToReadAndWrite() {
		LinuxFile file = LinuxFile.open("/dev/null", LinuxFile.O_RDWR);
		file.close();
		assertThatIllegalStateException().isThrownBy(() -> file.read(0, 0, 0));
		assertThatIllegalStateException().isThrownBy(() -> file.write(0, 0, 0));
	}

	private static Path descriptor(int fd) {
		return Path.of("/proc/self/fd/" + fd);
	}

}
