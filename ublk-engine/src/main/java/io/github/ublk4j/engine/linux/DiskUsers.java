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

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds out who uses a block device, from what the kernel shows without touching the
 * device: opening one whose server is gone could wait for ever. Mounts are found in the
 * mount namespaces of all processes in sight, and those of ext4, xfs, f2fs and btrfs
 * wherever they are. Open files of other users' processes are not seen.
 */
public final class DiskUsers {

	private final Path sysBlock;

	private final Path sysFs;

	private final Path proc;

	DiskUsers(Path root) {
		this.sysBlock = root.resolve("sys/class/block");
		this.sysFs = root.resolve("sys/fs");
		this.proc = root.resolve("proc");
	}

	/**
	 * Returns who uses a block device or a partition of it.
	 * @param device the path of the device in {@code /dev}
	 * @return mounts, swap areas, devices on top and processes, for people; empty if
	 * there are none to be seen
	 */
	public static List<String> of(Path device) {
		return new DiskUsers(Path.of("/")).find(device);
	}

	List<String> find(Path device) {
		Pattern name = Pattern.compile(Pattern.quote(device.toString()) + "(p\\d+)?");
		List<Path> parts = KernelFiles.diskAndPartitions(this.sysBlock, device.getFileName());
		List<String> users = new ArrayList<>(mounts(parts, name));
		if (users.isEmpty()) {
			users.addAll(fileSystems(parts));
		}
		for (String line : KernelFiles.lines(this.proc.resolve("swaps"))) {
			String area = line.split("\\s", 2)[0];
			if (name.matcher(area).matches()) {
				users.add(area + " is used for swap");
			}
		}
		for (Path part : parts) {
			KernelFiles.entries(part.resolve("holders"), "*")
				.forEach((holder) -> users.add(holder.getFileName() + " is built on " + part.getFileName()));
		}
		for (Path process : KernelFiles.entries(this.proc, "[0-9]*")) {
			if (hasOpen(process.resolve("fd"), name)) {
				users.add("process " + process.getFileName() + " has it open");
			}
		}
		return users;
	}

	/**
	 * Finds mounts in all mount namespaces, in each once where the kernel tells them
	 * apart.
	 */
	private Collection<String> mounts(List<Path> parts, Pattern name) {
		Set<String> numbers = parts.stream()
			.flatMap((part) -> KernelFiles.lines(part.resolve("dev")).stream())
			.collect(Collectors.toSet());
		Map<String, String> found = new LinkedHashMap<>();
		Set<String> namespaces = new HashSet<>();
		List<Path> processes = new ArrayList<>(List.of(this.proc.resolve("self")));
		processes.addAll(KernelFiles.entries(this.proc, "[0-9]*"));
		for (Path process : processes) {
			String namespace = KernelFiles.target(process.resolve("ns/mnt"));
			if (!namespace.isEmpty() && !namespaces.add(namespace)) {
				continue;
			}
			String where = process.endsWith("self") ? ""
					: " in the mount namespace of process " + process.getFileName();
			for (String line : KernelFiles.lines(process.resolve("mountinfo"))) {
				Mount mount = Mount.parse(line);
				if (mount != null && (numbers.contains(mount.number()) || name.matcher(mount.source()).matches())) {
					String mounted = mount.source() + " is mounted on " + mount.point();
					found.putIfAbsent(mounted, mounted + where);
				}
			}
		}
		return found.values();
	}

	/**
	 * Finds file systems that show themselves by the name of their device: also those
	 * that are mounted where no process in sight is.
	 */
	private List<String> fileSystems(List<Path> parts) {
		List<String> found = new ArrayList<>();
		for (Path type : KernelFiles.entries(this.sysFs, "*")) {
			List<Path> places = new ArrayList<>(List.of(type));
			// a btrfs has a directory of its own, since it may have several devices
			KernelFiles.entries(type, "*-*").forEach((each) -> places.add(each.resolve("devices")));
			for (Path place : places) {
				for (Path part : parts) {
					if (Files.exists(place.resolve(part.getFileName()), LinkOption.NOFOLLOW_LINKS)) {
						found.add(part.getFileName() + " holds a file system that is mounted somewhere ("
								+ type.getFileName() + ")");
					}
				}
			}
		}
		return found;
	}

	private static boolean hasOpen(Path descriptors, Pattern name) {
		return KernelFiles.entries(descriptors, "*")
			.stream()
			.anyMatch((descriptor) -> name.matcher(KernelFiles.target(descriptor)).matches());
	}

}
