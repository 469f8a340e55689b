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

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
		parts.addAll(KernelFiles.entries(whole, device.getFileName() + "p*"));
		Set<String> numbers = parts.stream()
			.flatMap((part) -> KernelFiles.lines(part.resolve("dev")).stream())
			.collect(Collectors.toSet());
		for (String line : KernelFiles.lines(PROC.resolve("self/mountinfo"))) {
			Mount mount = Mount.parse(line);
			if (mount != null && (numbers.contains(mount.number()) || name.matcher(mount.source()).matches())) {
				users.add(mount.source() + " is mounted on " + mount.point());
			}
		}
		for (String line : KernelFiles.lines(PROC.resolve("swaps"))) {
			String area = line.split("\\s", 2)[0];
			if (name.matcher(area).matches()) {
				users.add(area + " is used for swap");
			}
		}
		for (Path part : parts) {
			KernelFiles.entries(part.resolve("holders"), "*")
				.forEach((holder) -> users.add(holder.getFileName() + " is built on " + part.getFileName()));
		}
		for (Path process : KernelFiles.entries(PROC, "[0-9]*")) {
			if (hasOpen(process.resolve("fd"), name)) {
				users.add("process " + process.getFileName() + " has it open");
			}
		}
		return users;
	}

	private static boolean hasOpen(Path descriptors, Pattern name) {
		return KernelFiles.entries(descriptors, "*")
			.stream()
			.anyMatch((descriptor) -> name.matcher(KernelFiles.target(descriptor)).matches());
	}

}
