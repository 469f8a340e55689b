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

import java.util.EnumSet;
import java.util.Set;

import io.github.ublk4j.engine.linux.Capability;
import io.github.ublk4j.engine.driver.ControlClient;
import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.host.HostCheck.State;
import io.github.ublk4j.engine.host.HostCheck.Subject;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import io.github.ublk4j.engine.uring.IoUring;

/**
 * What must be there, or no disk can be served.
 */
final class RequiredChecks {

	private static final String SWITCH = "/proc/sys/kernel/io_uring_disabled";

	private static final String MODULE = "ublk_drv";

	private static final String LOAD = "Load it with 'modprobe " + MODULE + "'.";

	// "inside outside length" of a user namespace that is no other than the host's
	private static final String ALL_USERS = "0 0 4294967295";

	private static final String CAPABILITIES_REMEDY = "'AmbientCapabilities=CAP_SYS_ADMIN CAP_SYS_RESOURCE CAP_IPC_LOCK'"
			+ " in the systemd unit, '--cap-add' for a container, or root.";

	private final HostFiles files;

	private final KernelCalls calls;

	private final String release;

	RequiredChecks(HostFiles files, KernelCalls calls, String release) {
		this.files = files;
		this.calls = calls;
		this.release = release;
	}

	static HostCheck operatingSystem() {
		String system = System.getProperty("os.name");
		return LinuxPlatform.isLinux() ? HostCheck.ok(Subject.OPERATING_SYSTEM, system)
				: HostCheck.failure(Subject.OPERATING_SYSTEM, "ublk is a feature of Linux; this is " + system,
						"Run the application on Linux 6.12 or newer, for example in a virtual machine.");
	}

	HostCheck nativeCalls() {
		String unsupported = this.calls.unsupportedReason();
		return (unsupported == null)
				? HostCheck.ok(Subject.NATIVE_CALLS,
						"JNA calls the C library on " + System.getProperty("os.arch")
								+ "; requests call the kernel through " + this.calls.requestPath())
				: HostCheck.failure(Subject.NATIVE_CALLS, unsupported,
						"Run on amd64 or aarch64 with the GNU C library, and keep net.java.dev.jna:jna on the class"
								+ " path.");
	}

	/**
	 * Judges the switch: 1 leaves io_uring to the privileged, 2 to nobody.
	 */
	HostCheck ioUringSwitch() {
		String value = this.files.read(SWITCH);
		if (value.isEmpty() || value.equals("0")) {
			return HostCheck.ok(Subject.IO_URING_SWITCH,
					value.isEmpty() ? "This kernel has no kernel.io_uring_disabled" : "kernel.io_uring_disabled is 0");
		}
		boolean usable = value.equals("1") && this.files.holds(Capability.CAP_SYS_ADMIN);
		return new HostCheck(Subject.IO_URING_SWITCH, usable ? State.OK : State.FAILURE,
				"kernel.io_uring_disabled is " + value + (usable ? ", which CAP_SYS_ADMIN overrides" : ""),
				usable ? null : "Switch io_uring on with 'sysctl -w kernel.io_uring_disabled=0'.");
	}

	HostCheck ioUring() {
		try {
			this.calls.tryRing(0);
			return HostCheck.ok(Subject.IO_URING, "A ring can be opened");
		}
		catch (LinuxException ex) {
			return HostCheck.failure(Subject.IO_URING, "io_uring cannot be used: " + ex.getMessage(),
					(ex.errno() == Errno.ENOSYS) ? "Use a kernel with CONFIG_IO_URING."
							: "Containers block io_uring by default; allow io_uring_setup, io_uring_enter and"
									+ " io_uring_register in the seccomp profile.");
		}
	}

	HostCheck wideEntries() {
		try {
			this.calls.tryRing(IoUring.SETUP_SQE128);
			return HostCheck.ok(Subject.WIDE_ENTRIES, "A ring can have entries of 128 bytes");
		}
		catch (LinuxException ex) {
			return tooOld(Subject.WIDE_ENTRIES,
					"io_uring has no 128-byte submission queue entries: " + ex.getMessage());
		}
	}

	/**
	 * Looks for the module without loading it.
	 */
	HostCheck module() {
		boolean loaded = this.files.exists("/sys/module/" + MODULE)
				|| (!this.files.exists("/sys/module") && this.files.exists(ControlClient.PATH));
		if (loaded) {
			return HostCheck.ok(Subject.MODULE, "loaded");
		}
		String directory = "/lib/modules/" + this.release;
		boolean installed = this.files.lines(directory + "/modules.dep")
			.stream()
			.anyMatch((line) -> line.split(":", 2)[0].contains("/" + MODULE + ".ko"));
		return HostCheck.failure(Subject.MODULE,
				"The kernel module " + MODULE + " is not loaded"
						+ (installed ? "" : ", and there is none in " + directory),
				installed ? LOAD : LOAD + " If there is no such module, use a kernel with CONFIG_BLK_DEV_UBLK. In a"
						+ " container, load it on the host and pass in the host's /dev.");
	}

	HostCheck controlDevice() {
		try {
			this.calls.tryControlDevice();
			return HostCheck.ok(Subject.CONTROL_DEVICE, ControlClient.PATH + " can be opened");
		}
		catch (LinuxException ex) {
			String finding = "This process may not use " + ControlClient.PATH + ": " + ex.getMessage();
			return switch (ex.errno()) {
				case Errno.ENOENT, Errno.ENXIO, Errno.ENODEV -> HostCheck.failure(Subject.CONTROL_DEVICE,
						ControlClient.PATH + " is not there, although the kernel has the driver: " + ex.getMessage(),
						"In a container, pass the host's /dev in, for example with '-v /dev:/dev'. Elsewhere let udev"
								+ " make it: 'udevadm trigger --name-match=ublk-control'.");
				case Errno.EACCES -> HostCheck.failure(Subject.CONTROL_DEVICE, finding,
						"Run as root, or give the user access by a udev rule: KERNEL==\"ublk-control|ublkc*\","
								+ " GROUP=\"<group>\", MODE=\"0660\".");
				default -> HostCheck.failure(Subject.CONTROL_DEVICE, finding,
						"In a container, allow the ublk devices in its cgroup, for example with '--privileged'.");
			};
		}
	}

	HostCheck capabilities() {
		Set<Capability> held = this.files.capabilities();
		if (held == null) {
			return HostCheck.warning(Subject.CAPABILITIES, "The system does not tell the capabilities of this process",
					"Mount /proc, or compare with 'capsh --print'.");
		}
		Set<Capability> missing = EnumSet.complementOf(EnumSet.copyOf(held));
		String has = "has " + (held.isEmpty() ? "none" : Capability.names(held))
				+ (missing.isEmpty() ? "" : "; lacks " + Capability.names(missing));
		if (missing.contains(Capability.CAP_SYS_ADMIN)) {
			return HostCheck.warning(Subject.CAPABILITIES,
					has + ", so disks are made as those of an ordinary user: in copy mode, without recovery",
					CAPABILITIES_REMEDY);
		}
		String users = this.files.read("/proc/self/uid_map").replaceAll("\\s+", " ").strip();
		if (!users.isEmpty() && !users.equals(ALL_USERS)) {
			return HostCheck.failure(Subject.CAPABILITIES,
					"This process is in a user namespace, whose capabilities the driver does not accept",
					"Run it outside: with Docker by '--userns=host', with Podman as root.");
		}
		return missing.isEmpty() ? HostCheck.ok(Subject.CAPABILITIES, has) : HostCheck.warning(Subject.CAPABILITIES,
				has + ", so disks are less safe when memory is short", CAPABILITIES_REMEDY);
	}

	HostCheck driver() {
		try {
			long features = this.calls.features();
			return UblkFeature.CMD_IOCTL_ENCODE.in(features)
					? HostCheck.ok(Subject.DRIVER, String.join(", ", UblkFeature.names(features)))
					: tooOld(Subject.DRIVER, "ublk_drv lacks CMD_IOCTL_ENCODE; it has " + UblkFeature.names(features));
		}
		catch (LinuxException ex) {
			return switch (ex.errno()) {
				case Errno.EOPNOTSUPP, Errno.EINVAL -> tooOld(Subject.DRIVER, "ublk_drv does not answer GET_FEATURES");
				default -> HostCheck.failure(Subject.DRIVER, "The driver cannot be asked: " + ex.getMessage(),
						"See 'dmesg' for messages of ublk_drv.");
			};
		}
	}

	private HostCheck tooOld(Subject subject, String what) {
		return HostCheck.failure(subject, "Linux " + this.release + " is too old: " + what, "Use Linux 6.12 or newer.");
	}

}
