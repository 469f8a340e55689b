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

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ZeroMemory}.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "makes Linux system calls")
class ZeroMemoryTests {

	@Test
	void zerosReachFromTheFirstToTheLastByte(@TempDir Path folder) throws IOException {
		Path path = Files.write(folder.resolve("data"), new byte[] { 1, 2, 3, 4 });
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDWR)) {
			assertThat(file.write(ZeroMemory.address(), 1, 0)).isEqualTo(1);
			assertThat(file.write(ZeroMemory.address() + ZeroMemory.LENGTH - 2, 2, 2)).isEqualTo(2);
			assertThat(Files.readAllBytes(path)).containsExactly(0, 2, 0, 0);
			assertThat(file.write(ZeroMemory.address(), ZeroMemory.LENGTH, 0)).isEqualTo(ZeroMemory.LENGTH);
		}
		assertThat(Files.size(path)).isEqualTo(ZeroMemory.LENGTH);
		assertThat(Files.mismatch(path, zeros(folder))).isEqualTo(-1);
	}

	private static Path zeros(Path folder) throws IOException {
		return Files.write(folder.resolve("zeros"), new byte[ZeroMemory.LENGTH]);
	}

	@Test
	void zerosCannotBeOverwritten(@TempDir Path folder) throws IOException {
		Path path = Files.write(folder.resolve("data"), new byte[] { 1 });
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDONLY)) {
			assertThat(file.read(ZeroMemory.address(), 1, 0)).isEqualTo(-Errno.EFAULT);
		}
	}

	@Test
	void everyRequestIsShorterThanTheZeros() {
		assertThat(ZeroMemory.LENGTH).isGreaterThanOrEqualTo(io.github.ublk4j.block.DiskSpec.MAX_IO_SIZE);
	}

}
