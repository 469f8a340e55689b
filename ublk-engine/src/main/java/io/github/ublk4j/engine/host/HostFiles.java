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

package io.github.ublk4j.engine.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import io.github.ublk4j.engine.linux.Capability;
import org.jspecify.annotations.Nullable;

/**
 * The files in which a Linux host describes itself. What cannot be read is empty.
 */
final class HostFiles {

	private final Path root;

	/**
	 * Creates the files.
	 * @param root where the host's root directory is; a test has one of its own
	 */
	HostFiles(Path root) {
		this.root = root;
	}

	Path path(String absolute) {
		return this.root.resolve(absolute.substring(1));
	}

	boolean exists(String file) {
		return Files.exists(path(file));
	}

	String read(String file) {
		return String.join("\n", lines(file)).strip();
	}

	// not size and then content: files in /proc and /sys have no size
	List<String> lines(String file) {
		try {
			return Files.readAllLines(path(file), StandardCharsets.ISO_8859_1);
		}
		catch (IOException | SecurityException ex) {
			return List.of();
		}
	}

	List<String> list(String directory) {
		List<String> names = new ArrayList<>();
		try (DirectoryStream<Path> entries = Files.newDirectoryStream(path(directory))) {
			entries.forEach((entry) -> names.add(String.valueOf(entry.getFileName())));
		}
		catch (IOException | DirectoryIteratorException | SecurityException ex) {
			return names;
		}
		return names;
	}

	/**
	 * Returns which capabilities this process has.
	 * @return those that are effective, {@code null} if the system does not tell
	 */
	@Nullable Set<Capability> capabilities() {
		return Capability.effective(lines("/proc/self/status"));
	}

	/**
	 * Returns whether this process has a capability for sure.
	 */
	boolean holds(Capability capability) {
		Set<Capability> held = capabilities();
		return held != null && held.contains(capability);
	}

}
