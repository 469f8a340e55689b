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
import org.springframework.util.ClassUtils;

/**
 * Explains an {@link UblkUnavailableException}: the engine's own remedy, then what people
 * usually need to know besides.
 */
final class UblkUnavailableFailureAnalyzer extends AbstractFailureAnalyzer<UblkUnavailableException> {

	private static final String WITHOUT_DISKS = """
			- To start the application here without its disks, set ublk.unsupported-host=skip.""";

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, UblkUnavailableException cause) {
		return new FailureAnalysis("This application declares disks, but ublk cannot be used: " + cause.getMessage(),
				cause.remedy() + "\n\n" + hints(cause.reason()) + testHint() + WITHOUT_DISKS, cause);
	}

	private static String testHint() {
		return ClassUtils.isPresent("org.springframework.test.context.TestPropertySource", null) ? """
				- In a test: annotate it with @UblkTest, which serves the disks on a simulated driver.
				""" : "";
	}

	private static String hints(Reason reason) {
		return switch (reason) {
			case NOT_LINUX, PLATFORM_UNSUPPORTED -> "";
			case MODULE_MISSING -> """
					- At every boot: echo ublk_drv > /etc/modules-load.d/ublk.conf
					- Debian 12: apt-get install -t bookworm-backports linux-image-amd64, and reboot.
					  Ubuntu: apt-get install linux-modules-extra-$(uname -r)
					""";
			case PERMISSION_DENIED -> """
					- With systemd: AmbientCapabilities=CAP_SYS_ADMIN, and a udev rule for the driver's devices:
					  KERNEL=="ublk-control|ublkc*", GROUP="<group>", MODE="0660"
					- In a container: --cap-add SYS_ADMIN and the host's /dev. --privileged has both.
					""";
			case IO_URING_DISABLED -> """
					- At every boot: echo kernel.io_uring_disabled=0 > /etc/sysctl.d/io_uring.conf
					- In a container: --security-opt seccomp=<profile> names a profile of your own.
					""";
			case KERNEL_TOO_OLD -> """
					- 'uname -r' shows the kernel that is running; a newer one that is installed runs after a reboot.
					""";
		};
	}

}
