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

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

import io.github.ublk4j.engine.linux.Capability;
import io.github.ublk4j.engine.host.HostCheck.Subject;

/**
 * What should be there, so that disks which are served are safe and can be used.
 */
final class SafetyChecks {

	private static final String LIMIT = "/sys/module/ublk_drv/parameters/ublks_max";

	private static final String OOM_SCORE_ADJ = "/proc/self/oom_score_adj";

	private static final String LOCKED_MEMORY = "Max locked memory";

	private static final int NATIVE_ACCESS_WARNS = 24;

	private final HostFiles files;

	private final HostPlan plan;

	SafetyChecks(HostFiles files, HostPlan plan) {
		this.files = files;
		this.plan = plan;
	}

	HostCheck devices() {
		String max = this.files.read(LIMIT);
		int taken = this.files.list("/sys/class/ublk-char").size();
		if (max.isEmpty()) {
			return HostCheck.ok(Subject.DEVICES, taken + " on this host; this driver has no ublks_max");
		}
		String finding = taken + " on this host; ublks_max is " + max;
		return (taken < Long.parseLong(max)) ? HostCheck.ok(Subject.DEVICES, finding)
				: HostCheck.warning(Subject.DEVICES,
						finding + ", so drivers that count all devices refuse more of them",
						"echo " + 2L * Math.max(taken, 32) + " > " + LIMIT);
	}

	/**
	 * Judges who makes nodes: in a devtmpfs the kernel does, in another {@code /dev} only
	 * udev, if it runs there.
	 */
	HostCheck deviceNodes() {
		boolean udev = this.files.exists("/run/udev/control");
		String type = typeOfDev();
		boolean container = this.files.exists("/.dockerenv") || this.files.exists("/run/.containerenv");
		String finding = (type.isEmpty() ? "/dev is no mount of its own" : "/dev is a " + type)
				+ (udev ? ", udev runs" : ", udev does not run here") + (container ? ", this is a container" : "");
		if (type.equals("devtmpfs") || udev) {
			return HostCheck.ok(Subject.DEVICE_NODES, finding);
		}
		return HostCheck.warning(Subject.DEVICE_NODES, finding + ": nodes of new disks will not appear",
				"Give the container the host's /dev, for example with '-v /dev:/dev', or mount a devtmpfs there.");
	}

	// the last mount on a mount point is the one that is seen
	private String typeOfDev() {
		String type = "";
		for (String line : this.files.lines("/proc/self/mountinfo")) {
			String[] sides = line.split(" - ", 2);
			if (sides.length == 2 && sides[0].split(" ", -1).length > 4 && sides[0].split(" ", -1)[4].equals("/dev")) {
				type = sides[1].split(" ", 2)[0];
			}
		}
		return type;
	}

	HostCheck lockedMemory() {
		if (this.files.holds(Capability.CAP_IPC_LOCK)) {
			return HostCheck.ok(Subject.LOCKED_MEMORY, "not limited, because of CAP_IPC_LOCK");
		}
		for (String line : this.files.lines("/proc/self/limits")) {
			if (line.startsWith(LOCKED_MEMORY)) {
				return lockedMemory(line.substring(LOCKED_MEMORY.length()).strip().split("\\s+", 2)[0]);
			}
		}
		return HostCheck.warning(Subject.LOCKED_MEMORY, "The system does not tell the limit", "Mount /proc.");
	}

	private HostCheck lockedMemory(String limit) {
		if (limit.equals("unlimited") || Long.parseLong(limit) >= this.plan.bufferBytes()) {
			return HostCheck.ok(Subject.LOCKED_MEMORY,
					limit + " (of " + this.plan.bufferBytes() + " bytes that request buffers can take)");
		}
		return HostCheck.warning(Subject.LOCKED_MEMORY,
				"limited to " + limit + " bytes; request buffers can take " + this.plan.bufferBytes()
						+ ", and those beyond the limit can be swapped",
				"LimitMEMLOCK=infinity in the systemd unit, or 'ulimit -l unlimited'.");
	}

	HostCheck stateDirectory() {
		Path directory = this.plan.stateDirectory();
		if (directory == null) {
			return HostCheck.ok(Subject.STATE_DIRECTORY, "none, so disks cannot outlive this process");
		}
		Path existing = directory.toAbsolutePath();
		while (existing.getParent() != null && !Files.exists(existing)) {
			existing = existing.getParent();
		}
		if (Files.isDirectory(existing) && Files.isWritable(existing)) {
			return HostCheck.ok(Subject.STATE_DIRECTORY,
					directory + (Files.exists(directory) ? " can be written" : " can be made"));
		}
		return HostCheck.warning(Subject.STATE_DIRECTORY,
				directory + " cannot be used: " + existing
						+ " cannot be written, so disks with a recovery do not start",
				"RuntimeDirectory=ublk in the systemd unit, or another directory (ublk.run-directory).");
	}

	HostCheck outOfMemory() {
		String now = this.files.read(OOM_SCORE_ADJ);
		Integer wanted = this.plan.oomScoreAdj();
		if (now.isEmpty()) {
			return HostCheck.warning(Subject.OUT_OF_MEMORY, "The system does not tell oom_score_adj", "Mount /proc.");
		}
		int score = Integer.parseInt(now);
		if (wanted != null && wanted < score && !this.files.holds(Capability.CAP_SYS_RESOURCE)) {
			return HostCheck.warning(Subject.OUT_OF_MEMORY,
					"oom_score_adj is " + score + ", and cannot be lowered to " + wanted,
					"CAP_SYS_RESOURCE, or OOMScoreAdjust=" + wanted + " in the systemd unit.");
		}
		int effective = (wanted != null) ? wanted : score;
		String finding = "oom_score_adj is " + score
				+ ((wanted != null && wanted != score) ? ", and becomes " + wanted : "");
		return (effective < 0) ? HostCheck.ok(Subject.OUT_OF_MEMORY, finding)
				: HostCheck.warning(Subject.OUT_OF_MEMORY,
						finding + ": the server of a disk is killed as readily as those who wait for it",
						"OOMScoreAdjust=-900 in the systemd unit, or ublk.oom-score-adj=-900.");
	}

	static HostCheck jvm() {
		List<String> arguments = ManagementFactory.getRuntimeMXBean().getInputArguments();
		String finding = System.getProperty("java.vm.name") + " " + Runtime.version() + ", "
				+ ManagementFactory.getGarbageCollectorMXBeans()
					.stream()
					.map(GarbageCollectorMXBean::getName)
					.collect(Collectors.joining(" and "))
				+ ", heap up to " + (Runtime.getRuntime().maxMemory() >> 20) + " MB"
				+ (arguments.contains("-XX:+AlwaysPreTouch") ? ", touched at the start" : "");
		if (Runtime.version().feature() < NATIVE_ACCESS_WARNS || isNativeAccessEnabled()) {
			return HostCheck.ok(Subject.JVM, finding);
		}
		return HostCheck.warning(Subject.JVM, finding + "; native access is not enabled, which a later JDK will refuse",
				"--enable-native-access=ALL-UNNAMED, or 'Enable-Native-Access: ALL-UNNAMED' in the manifest of the"
						+ " application's jar.");
	}

	// Module.isNativeAccessEnabled() came with JDK 22
	private static boolean isNativeAccessEnabled() {
		try {
			return Boolean.TRUE
				.equals(Module.class.getMethod("isNativeAccessEnabled").invoke(SafetyChecks.class.getModule()));
		}
		catch (ReflectiveOperationException ex) {
			return true;
		}
	}

}
