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
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds out who uses a block device, from what the kernel shows without touching the
 * device: opening one whose server is gone could wait for ever. Mounts in other mount
 * namespaces, and open files of other users' processes, are not seen.
 */
public final class DiskUsers {

	private static final Path SYS_BLOCK = Path.of("/sys/class/block");

	private static final Path PROC = Path.of("/proc");

	// device number, mount point (with octal escapes) and source
	private static final Pattern MOUNT = Pattern.compile("\\S+ \\S+ (\\S+) \\S+ (\\S+) .*- \\S+ (\\S+) .*");

	private DiskUsers() {
	}

	/**
	 * Returns who uses a block device or a partition of it.
	 * @param device the path of the device in {@code /dev}
	 * @return mounts, swap areas, devices on top and processes, for people; empty if
	 * there are none to be seen
	 */
	public static List<String> of(Path device) {
		List<String> users = new ArrayList<>();
		Pattern name = Pattern.compile(Pattern.quote(device.toString()) + "(p\\d+)?");
		Path whole = SYS_BLOCK.resolve(device.getFileName());
		List<Path> parts = new ArrayList<>(List.of(whole));
		// a partition of ublkb1 is ublkb1p1
		entries(whole, device.getFileName() + "p*").forEach((part) -> parts.add(whole.resolve(part)));
		Set<String> numbers = parts.stream()
			.flatMap((part) -> lines(part.resolve("dev")).stream())
			.collect(Collectors.toSet());
		for (String line : lines(PROC.resolve("self/mountinfo"))) {
			Matcher mount = MOUNT.matcher(line);
			if (mount.matches() && (numbers.contains(mount.group(1)) || name.matcher(mount.group(3)).matches())) {
				users.add(mount.group(3) + " is mounted on " + mount.group(2));
			}
		}
		for (String line : lines(PROC.resolve("swaps"))) {
			if (name.matcher(line.split("\\s", 2)[0]).matches()) {
				users.add(line.split("\\s", 2)[0] + " is used for swap");
			}
		}
		for (Path part : parts) {
			entries(part.resolve("holders"), "*")
				.forEach((holder) -> users.add(holder + " is built on " + part.getFileName()));
		}
		for (String process : entries(PROC, "[0-9]*")) {
			if (hasOpen(Path.of("/proc", process, "fd"), name)) {
				users.add("process " + process + " has it open");
			}
		}
		return users;
	}

	private static List<String> lines(Path file) {
		try {
			return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
		}
		catch (IOException ex) {
			return List.of();
		}
	}

	private static List<String> entries(Path directory, String glob) {
		List<String> names = new ArrayList<>();
		try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, glob)) {
			found.forEach((entry) -> names.add(String.valueOf(entry.getFileName())));
		}
		// it may be gone, or belong to somebody else
		catch (IOException | DirectoryIteratorException ex) {
			return names;
		}
		return names;
	}

	private static boolean hasOpen(Path descriptors, Pattern name) {
		for (String descriptor : entries(descriptors, "*")) {
			try {
				if (name.matcher(Files.readSymbolicLink(descriptors.resolve(descriptor)).toString()).matches()) {
					return true;
				}
			}
			catch (IOException ex) {
				// closed meanwhile
			}
		}
		return false;
	}

}
