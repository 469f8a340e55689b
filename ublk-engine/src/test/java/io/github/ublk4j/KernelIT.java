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

package io.github.ublk4j;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The machine that the kernel tests run on is the one asked for. When one of these fails,
 * the failures of other kernel tests mean little.
 */
class KernelIT {

	private static final String REMEDY = """
			kernel tests need Linux with ublk, and root.
			On this machine's own kernel (-Dublk.kernel=host): run as root, after "modprobe ublk_drv" (Linux 6.0 or later).
			Without it: leave the option out, and the tests run in a virtual machine (see ublk-vm/README.md).""";

	@Test
	void theKernelIsOfTheRequestedSeries() throws IOException {
		String requested = System.getProperty("ublk.kernel");
		assertThat(requested).as("system property ublk.kernel, set by the build").isNotBlank();
		String running = Files.readString(Path.of("/proc/sys/kernel/osrelease")).trim();
		if (!requested.equals("host")) {
			assertThat(running).as("release of the running kernel").startsWith(requested + ".");
		}
	}

	@Test
	void theDriverIsThere() {
		assertThat(Path.of("/dev/ublk-control")).withFailMessage("/dev/ublk-control is missing: " + REMEDY).exists();
	}

	@Test
	void theTestsRunAsRoot() throws IOException {
		String effective = Files.readAllLines(Path.of("/proc/self/status"))
			.stream()
			.filter((line) -> line.startsWith("Uid:"))
			.map((line) -> line.split("\t", -1)[2])
			.findFirst()
			.orElseThrow();
		assertThat(effective).withFailMessage("the user id is %s, not 0: %s", effective, REMEDY).isEqualTo("0");
	}

}
