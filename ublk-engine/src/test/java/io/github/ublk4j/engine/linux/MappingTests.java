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
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Mapping}.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "makes Linux system calls")
class MappingTests {

	private static final int PAGE = LinuxPlatform.PAGE_SIZE;

	@TempDir
	private Path folder;

	private Path path = Path.of("");

	@BeforeEach
	void createFileOfTwoPages() throws IOException {
		this.path = this.folder.resolve("ring");
		byte[] content = new byte[2 * PAGE];
		content[PAGE] = 42;
		Files.write(this.path, content);
	}

	@Test
	void showsTheFileFromTheOffset() {
		try (LinuxFile file = open(); Mapping mapping = map(file, PAGE, Mapping.PROT_READ)) {
			ByteBuffer buffer = mapping.buffer();
			assertThat(buffer.capacity()).isEqualTo(PAGE);
			assertThat(buffer.order()).isEqualTo(ByteOrder.nativeOrder());
			assertThat(buffer.get(0)).isEqualTo((byte) 42);
		}
	}

	@Test
	void isSharedWithTheFile() throws IOException {
		try (LinuxFile file = open(); Mapping mapping = map(file, 0, Mapping.PROT_READ_WRITE)) {
			mapping.buffer().put(7, (byte) 1);
		}
		assertThat(Files.readAllBytes(this.path)[7]).isEqualTo((byte) 1);
	}

	@Test
	void outlivesTheDescriptor() {
		LinuxFile file = open();
		try (Mapping mapping = map(file, PAGE, Mapping.PROT_READ)) {
			file.close();
			assertThat(mapping.buffer().get(0)).isEqualTo((byte) 42);
		}
	}

	@Test
	void closeUnmapsOnce() throws IOException {
		try (LinuxFile file = open()) {
			Mapping mapping = map(file, 0, Mapping.PROT_READ);
			assertThat(mappingsOfFile()).isOne();
			mapping.close();
			assertThat(mappingsOfFile()).isZero();
			try (Mapping successor = map(file, 0, Mapping.PROT_READ)) {
				mapping.close();
				assertThat(mappingsOfFile()).isOne();
				assertThat(successor.buffer().get(0)).isZero();
			}
		}
	}

	@Test
	void failureNamesMappingSizeAndOffset() {
		assertThatExceptionOfType(LinuxException.class)
			.isThrownBy(() -> Mapping.of(-1, 2L * PAGE, PAGE, Mapping.PROT_READ, "completion queue"))
			.withMessage("mmap completion queue (4096 bytes at 8192) failed: EBADF (Bad file descriptor)");
	}

	private LinuxFile open() {
		return LinuxFile.open(this.path.toString(), LinuxFile.O_RDWR);
	}

	private static Mapping map(LinuxFile file, long offset, int protection) {
		return Mapping.of(file.fd(), offset, PAGE, protection, "test file");
	}

	private long mappingsOfFile() throws IOException {
		return Files.readAllLines(Path.of("/proc/self/maps"))
			.stream()
			.filter((line) -> line.endsWith(this.path.toString()))
			.count();
	}

}
