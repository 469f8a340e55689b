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

import java.nio.ByteBuffer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LinuxPlatform}.
 */
class LinuxPlatformTests {

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "asserts that this is Linux")
	void linuxIsRecognized() {
		assertThat(LinuxPlatform.isLinux()).isTrue();
		assertThat(LinuxPlatform.unsupportedReason()).isNull();
	}

	@Test
	void anyOtherSystemIsNotLinux() {
		String before = System.getProperty("os.name");
		System.setProperty("os.name", "Windows 11");
		try {
			assertThat(LinuxPlatform.isLinux()).isFalse();
		}
		finally {
			System.setProperty("os.name", before);
		}
	}

	@Test
	void unsupportedProcessorIsNamed() {
		String before = System.getProperty("os.arch");
		System.setProperty("os.arch", "riscv64");
		try {
			assertThat(LinuxPlatform.unsupportedReason())
				.isEqualTo("The processor architecture 'riscv64' is not supported; amd64 and aarch64 are.");
		}
		finally {
			System.setProperty("os.arch", before);
		}
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, architectures = "amd64", disabledReason = "other processors have other ways")
	void requestsCallTheKernelByTheFastestWay() {
		assertThat(LinuxPlatform.requestPath())
			.isEqualTo((Runtime.version().feature() < 22) ? "a native method" : "java.lang.foreign");
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "makes Linux system calls")
	void addressIsThatOfTheFirstByteWhateverThePosition() {
		ByteBuffer buffer = ByteBuffer.allocateDirect(16);
		long address = LinuxPlatform.addressOf(buffer);
		buffer.position(8);
		assertThat(LinuxPlatform.addressOf(buffer)).isEqualTo(address);
		assertThat(LinuxPlatform.addressOf(buffer.slice())).isEqualTo(address + 8);
	}

}
