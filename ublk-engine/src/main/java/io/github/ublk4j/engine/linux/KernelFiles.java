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
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads what the kernel shows in {@code /proc} and {@code /sys}. What is gone meanwhile,
 * or belongs to somebody else, is empty.
 */
final class KernelFiles {

	private KernelFiles() {
	}

	static List<String> lines(Path file) {
		try {
			return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
		}
		catch (IOException ex) {
			return List.of();
		}
	}

	static List<Path> entries(Path directory, String glob) {
		List<Path> found = new ArrayList<>();
		try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, glob)) {
			entries.forEach(found::add);
		}
		catch (IOException | DirectoryIteratorException ex) {
			return found;
		}
		return found;
	}

	/**
	 * Returns a disk and its partitions: one of ublkb1 is ublkb1p1.
	 * @param blockClass {@code /sys/class/block}
	 * @param name the name of the disk
	 */
	static List<Path> diskAndPartitions(Path blockClass, Path name) {
		List<Path> parts = new ArrayList<>(List.of(blockClass.resolve(name)));
		parts.addAll(entries(parts.get(0), name + "p*"));
		return parts;
	}

	/**
	 * Returns where a symbolic link leads, empty if it is none.
	 */
	static String target(Path link) {
		try {
			return Files.readSymbolicLink(link).toString();
		}
		catch (IOException | RuntimeException ex) {
			return "";
		}
	}

}
