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

package io.github.ublk4j.spring.autoconfigure;

import io.github.ublk4j.engine.UblkUnavailableException;
import io.github.ublk4j.engine.UblkUnavailableException.Reason;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Explains an {@link UblkUnavailableException}: the engine's own remedy, then what people
 * usually need to know to apply it.
 */
final class UblkUnavailableFailureAnalyzer extends AbstractFailureAnalyzer<UblkUnavailableException> {

	private static final String WITHOUT_DISKS = """
			- To start the application here without its disks, set ublk.devices.<name>.enabled=false for each of them.""";

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, UblkUnavailableException cause) {
		return new FailureAnalysis("This application declares disks, but ublk cannot be used: " + cause.getMessage(),
				cause.remedy() + "\n\n" + hints(cause.reason()) + WITHOUT_DISKS, cause);
	}

	private static String hints(Reason reason) {
		return switch (reason) {
			case NOT_LINUX -> """
					- ublk is a part of the Linux kernel. Elsewhere, run the application in a Linux virtual machine.
					""";
			case PLATFORM_UNSUPPORTED -> "";
			case MODULE_MISSING ->
				"""
						- Load the driver: modprobe ublk_drv
						- Load it at every boot: echo ublk_drv > /etc/modules-load.d/ublk.conf
						- If modprobe does not find it, the kernel was built without CONFIG_BLK_DEV_UBLK, or the module is in
						  a package of its own. Debian 12: install a kernel from backports, its own 6.1 lacks the driver;
						  Debian 13 has it. Ubuntu: install linux-modules-extra-$(uname -r).
						- In a container: load it on the host, and give the container the host's /dev.
						""";
			case PERMISSION_DENIED ->
				"""
						- Run as root, or give the process CAP_SYS_ADMIN and read and write access to /dev/ublk-control.
						- systemd: AmbientCapabilities=CAP_SYS_ADMIN, and a udev rule for the access:
						  KERNEL=="ublk-control", GROUP="<group>", MODE="0660"
						- In a container: --cap-add SYS_ADMIN, the host's /dev, and its devices allowed (--privileged has all).
						""";
			case IO_URING_DISABLED -> """
					- sysctl kernel.io_uring_disabled must be 0, or 1 for a process with CAP_SYS_ADMIN:
					  sysctl -w kernel.io_uring_disabled=0
					- In a container: the default seccomp profile of most runtimes blocks io_uring. Use one that allows
					  io_uring_setup, io_uring_enter and io_uring_register.
					""";
			case KERNEL_TOO_OLD -> """
					- Check the running kernel with 'uname -r'. ublk4j is tested from Linux 6.12 on.
					""";
		};
	}

}
