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

package io.github.ublk4j.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import io.github.ublk4j.engine.UblkUnavailableException.Reason;
import io.github.ublk4j.engine.driver.ControlClient;
import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import io.github.ublk4j.engine.uring.IoUring;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether this process can use ublk, from the bottom up, so that the first
 * thing missing is the one reported.
 */
final class UblkAvailability {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private UblkAvailability() {
	}

	static @Nullable UblkUnavailableException check() {
		if (!LinuxPlatform.isLinux()) {
			return new UblkUnavailableException(Reason.NOT_LINUX,
					"ublk is a feature of Linux; this is " + System.getProperty("os.name"),
					"Run the application on Linux 6.12 or newer, for example in a virtual machine.", null);
		}
		String unsupported = LinuxPlatform.unsupportedReason();
		if (unsupported != null) {
			return new UblkUnavailableException(Reason.PLATFORM_UNSUPPORTED, unsupported,
					"Run on amd64 or aarch64 with the GNU C library, and keep net.java.dev.jna:jna on the class path.",
					null);
		}
		UblkUnavailableException noRing = checkRing();
		return (noRing != null) ? noRing : checkDriver();
	}

	private static @Nullable UblkUnavailableException checkRing() {
		try (IoUring ring = IoUring.open(1, IoUring.SETUP_SQE128)) {
			ring.enter(0);
			return null;
		}
		catch (LinuxException ex) {
			if (ex.errno() == Errno.EINVAL) {
				return kernelTooOld("io_uring has no 128-byte submission queue entries", ex);
			}
			String switched = read("/proc/sys/kernel/io_uring_disabled");
			String remedy = (!switched.isEmpty() && !switched.equals("0"))
					? "The sysctl kernel.io_uring_disabled is " + switched
							+ "; switch io_uring on with 'sysctl -w kernel.io_uring_disabled=0'."
					: "Containers block io_uring by default; allow io_uring_setup, io_uring_enter and"
							+ " io_uring_register in the seccomp profile.";
			return new UblkUnavailableException(Reason.IO_URING_DISABLED, "io_uring cannot be used: " + ex.getMessage(),
					remedy, ex);
		}
	}

	private static @Nullable UblkUnavailableException checkDriver() {
		try (ControlClient control = new ControlClient(PATIENCE)) {
			long features = control.features();
			return UblkFeature.CMD_IOCTL_ENCODE.in(features) ? null
					: kernelTooOld("ublk_drv lacks CMD_IOCTL_ENCODE; it has " + UblkFeature.names(features), null);
		}
		catch (LinuxException ex) {
			return switch (ex.errno()) {
				case Errno.ENOENT, Errno.ENXIO, Errno.ENODEV -> new UblkUnavailableException(Reason.MODULE_MISSING,
						"The kernel module ublk_drv is not loaded: " + ex.getMessage(),
						"Load it with 'modprobe ublk_drv'. If there is no such module, use a kernel with"
								+ " CONFIG_BLK_DEV_UBLK. In a container, load it on the host and pass in the host's /dev.",
						ex);
				case Errno.EACCES, Errno.EPERM -> new UblkUnavailableException(Reason.PERMISSION_DENIED,
						"This process may not use " + ControlClient.PATH + ": " + ex.getMessage(),
						"Run as root or with CAP_SYS_ADMIN. In a container, allow the ublk devices in its cgroup too.",
						ex);
				case Errno.EOPNOTSUPP, Errno.EINVAL -> kernelTooOld("ublk_drv does not answer GET_FEATURES", ex);
				default -> new UblkUnavailableException(Reason.PLATFORM_UNSUPPORTED, ex.getMessage() + "",
						"See 'dmesg' for messages of ublk_drv.", ex);
			};
		}
	}

	private static UblkUnavailableException kernelTooOld(String what, @Nullable Throwable cause) {
		return new UblkUnavailableException(Reason.KERNEL_TOO_OLD,
				"Linux " + System.getProperty("os.version") + " is too old: " + what, "Use Linux 6.12 or newer.",
				cause);
	}

	private static String read(String file) {
		try {
			return Files.readString(Path.of(file)).strip();
		}
		catch (IOException ex) {
			return "";
		}
	}

}
