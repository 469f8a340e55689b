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

package io.github.ublk4j.spring;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Lets systemd read the units of the documentation.
 */
class SystemdUnitsTests {

	private static final Pattern UNIT = Pattern.compile("```ini\n# /etc/systemd/system/(\\S+)\n(.*?)```",
			Pattern.DOTALL);

	private final Path directory;

	private final Map<String, String> units = new LinkedHashMap<>();

	SystemdUnitsTests(@TempDir Path directory) throws IOException {
		this.directory = directory;
		Matcher unit = UNIT.matcher(Files.readString(Path.of("../docs/operations.md")));
		while (unit.find()) {
			// the application is not installed here
			this.units.put(unit.group(1), unit.group(2).replace("/usr/bin/java", "/bin/true"));
		}
	}

	@BeforeEach
	void systemdIsInstalled() {
		assumeThat(Arrays.stream(System.getenv("PATH").split(File.pathSeparator))).as("systemd-analyze is installed")
			.anyMatch((path) -> Files.isExecutable(Path.of(path, "systemd-analyze")));
	}

	@Test
	void unitsAreUnderstoodAndHaveNoCycle() throws Exception {
		assertThat(this.units).containsOnlyKeys("inventory.service", "inventory.service.d/disk.conf", "srv-data.mount");
		assertThat(verify("inventory.service", "srv-data.mount")).isEmpty();
	}

	@Test
	void mountWithDefaultDependenciesHasCycle() throws Exception {
		this.units.computeIfPresent("srv-data.mount", (name, text) -> text.replace("DefaultDependencies=no\n", ""));
		assertThat(verify("srv-data.mount")).contains("Found ordering cycle");
	}

	/** Returns what systemd has to say about units. */
	private String verify(String... names) throws Exception {
		for (Map.Entry<String, String> unit : this.units.entrySet()) {
			Path file = this.directory.resolve(unit.getKey());
			Files.createDirectories(file.resolveSibling("."));
			Files.writeString(file, unit.getValue());
		}
		ProcessBuilder verify = new ProcessBuilder("systemd-analyze", "verify").redirectErrorStream(true);
		Arrays.stream(names).forEach((name) -> verify.command().add(this.directory.resolve(name).toString()));
		verify.environment().put("SYSTEMD_UNIT_PATH", this.directory + ":");
		verify.environment().put("LC_ALL", "C");
		Process process = verify.start();
		String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		process.waitFor();
		return said;
	}

}
