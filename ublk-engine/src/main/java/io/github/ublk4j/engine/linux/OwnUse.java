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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Finds out how this process itself uses a disk, which it must not if it serves it: it
 * could wait for itself. All is read from {@code /proc} and {@code /sys}, never from the
 * disk. A disk below a file system is found through partitions, device mapper and md.
 * Files that are only mapped are not seen.
 */
public final class OwnUse {

	private static final Path DEV = Path.of("/dev");

	private static final int MOST = 10;

	// dm on dm on md and so on
	private static final int MOST_LAYERS = 8;

	private static final Pattern MOUNT_ID = Pattern.compile("mnt_id:\\s*(\\d+)");

	private final Path root;

	OwnUse(Path root) {
		this.root = root;
	}

	/**
	 * Returns what this process does.
	 * @return its use of disks
	 */
	public static OwnUse ofThisProcess() {
		return new OwnUse(Path.of("/"));
	}

	/**
	 * Returns how this process uses a disk.
	 * @param device the path of the disk; one outside of {@code /dev} is not the kernel's
	 * @return mounts in sight and open files, each a clause for people; empty if there
	 * are none
	 */
	public List<String> of(Path device) {
		List<String> uses = new ArrayList<>();
		if (!DEV.equals(device.getParent())) {
			return uses;
		}
		Pattern names = Pattern.compile(Pattern.quote(String.valueOf(device.getFileName())) + "(p\\d+)?");
		Set<String> mounts = new HashSet<>();
		for (String line : KernelFiles.lines(this.root.resolve("proc/self/mountinfo"))) {
			Mount mount = Mount.parse(line);
			if (mount != null && isOn(nameOf(mount), names, MOST_LAYERS)) {
				mounts.add(mount.id());
				uses.add("it is mounted on " + mount.point()
						+ " in sight of this process, which could wait for itself there");
			}
		}
		addOpenFiles(uses, mounts, names);
		return (uses.size() <= MOST) ? uses : withoutMost(uses);
	}

	private static List<String> withoutMost(List<String> uses) {
		List<String> some = new ArrayList<>(uses.subList(0, MOST));
		some.add("and " + (uses.size() - MOST) + " uses more");
		return some;
	}

	private void addOpenFiles(List<String> uses, Set<String> mounts, Pattern names) {
		Path self = this.root.resolve("proc/self");
		for (Path descriptor : KernelFiles.entries(self.resolve("fd"), "*")) {
			String target = KernelFiles.target(descriptor);
			boolean open = target.startsWith(DEV + "/")
					? isOn(target.substring(target.lastIndexOf('/') + 1), names, MOST_LAYERS)
					: !mounts.isEmpty() && isOnMount(self.resolve("fdinfo").resolve(descriptor.getFileName()), mounts);
			if (open) {
				uses.add("this process has " + target + " open on it, and could wait for itself;"
						+ " move that to another disk");
			}
		}
	}

	private static boolean isOnMount(Path info, Set<String> mounts) {
		return KernelFiles.lines(info)
			.stream()
			.map(MOUNT_ID::matcher)
			.anyMatch((line) -> line.matches() && mounts.contains(line.group(1)));
	}

	/**
	 * Returns the name of the block device of a mount. File systems that span devices,
	 * such as btrfs, have a number of their own and tell the device by its path alone.
	 */
	private String nameOf(Mount mount) {
		String byNumber = KernelFiles.target(this.root.resolve("sys/dev/block").resolve(mount.number()));
		if (!byNumber.isEmpty()) {
			return byNumber.substring(byNumber.lastIndexOf('/') + 1);
		}
		String source = mount.source();
		if (!source.startsWith(DEV + "/")) {
			return "";
		}
		String linked = KernelFiles.target(this.root.resolve(source.substring(1)));
		String path = linked.isEmpty() ? source : linked;
		return path.substring(path.lastIndexOf('/') + 1);
	}

	private boolean isOn(String name, Pattern names, int layers) {
		if (name.isEmpty() || layers == 0) {
			return false;
		}
		if (names.matcher(name).matches()) {
			return true;
		}
		return KernelFiles.entries(this.root.resolve("sys/class/block").resolve(name).resolve("slaves"), "*")
			.stream()
			.anyMatch((below) -> isOn(String.valueOf(below.getFileName()), names, layers - 1));
	}

}
