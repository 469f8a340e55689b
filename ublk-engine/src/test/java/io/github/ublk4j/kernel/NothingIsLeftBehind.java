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

package io.github.ublk4j.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.ublk4j.engine.UblkEngine;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * After each test no device, thread, descriptor or mapping of ublk is left, and the
 * kernel has not complained.
 */
class NothingIsLeftBehind implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback {

	private static final String COMPLAINTS = "dmesg | grep -cE 'WARNING:|BUG:|Oops|Call Trace|blocked for more than'"
			+ " || true";

	private String complaints = "";

	@Override
	public void beforeAll(ExtensionContext context) {
		assertThat(UblkEngine.unavailabilityCause())
			.as("this machine offers ublk; choose a kernel with -Dublk.kernel=7.3 to run in a virtual machine")
			.isEmpty();
	}

	@Override
	public void beforeEach(ExtensionContext context) {
		this.complaints = Shell.run(COMPLAINTS);
	}

	@Override
	public void afterEach(ExtensionContext context) {
		Awaitility.await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
			assertThat(devices()).as("ublk devices").isEmpty();
			assertThat(threads()).as("threads of queues").isEmpty();
			assertThat(descriptors()).as("descriptors of ublk").isEmpty();
			assertThat(mappings()).as("mappings of ublk").isEmpty();
		});
		assertThat(Shell.run(COMPLAINTS)).as("complaints of the kernel: " + Shell.run("dmesg | tail -40"))
			.isEqualTo(this.complaints);
	}

	static Set<String> devices() {
		Set<String> found = new TreeSet<>();
		for (String directory : List.of("/sys/class/ublk-char", "/dev", "/sys/block")) {
			try (Stream<Path> entries = Files.list(Path.of(directory))) {
				entries.map((entry) -> entry.getFileName().toString())
					.filter((name) -> name.startsWith("ublkb") || name.startsWith("ublkc"))
					.forEach(found::add);
			}
			catch (IOException ex) {
				// the class appears with the first device
			}
		}
		return found;
	}

	static Set<String> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.map(Thread::getName)
			.filter((name) -> name.startsWith("ublk-"))
			.collect(Collectors.toCollection(TreeSet::new));
	}

	static List<String> descriptors() throws IOException {
		try (Stream<Path> entries = Files.list(Path.of("/proc/self/fd"))) {
			return entries.map(NothingIsLeftBehind::target)
				.filter((target) -> target.startsWith("/dev/ublk") || target.contains("io_uring")
						|| target.contains("eventfd"))
				.toList();
		}
	}

	private static String target(Path link) {
		try {
			return Files.readSymbolicLink(link).toString();
		}
		catch (IOException ex) {
			return "";
		}
	}

	static List<String> mappings() throws IOException {
		return Files.readAllLines(Path.of("/proc/self/maps"))
			.stream()
			.filter((line) -> line.contains("/dev/ublk") || line.contains("io_uring"))
			.toList();
	}

}
