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

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Judges a kernel by its release ({@code uname -r}).
 */
final class KernelRelease {

	private static final Pattern NUMBERS = Pattern.compile("(\\d+)\\.(\\d+)(?:\\.(\\d+))?.*");

	private static final String OTHER_KERNEL = "Boot another kernel: 6.12, 7.3, or the latest 6.18 of your distribution.";

	private final String release;

	KernelRelease(String release) {
		this.release = release;
	}

	HostCheck check() {
		Matcher numbers = NUMBERS.matcher(this.release);
		if (!numbers.matches()) {
			return HostCheck.warning(HostCheck.Subject.KERNEL, "The release '" + this.release + "' is not known",
					"Compare 'uname -r' with the kernels that are tested: 6.12, 6.18 and 7.3.");
		}
		int line = Integer.parseInt(numbers.group(1)) * 1000 + Integer.parseInt(numbers.group(2));
		int patch = (numbers.group(3) != null) ? Integer.parseInt(numbers.group(3)) : 0;
		if ((line == 6018 && (patch == 4 || patch == 5)) || (line == 6017 && this.release.contains("azure"))) {
			return HostCheck.warning(HostCheck.Subject.KERNEL,
					this.release + " can hang or crash when a device is created", OTHER_KERNEL);
		}
		if (line == 7000 || (line == 6018 && patch == 40)) {
			return HostCheck.warning(HostCheck.Subject.KERNEL,
					this.release + " can lose commands to the driver when many disks come and go; the engine gives"
							+ " each up after its control timeout",
					OTHER_KERNEL);
		}
		if (line < 6012) {
			return HostCheck.warning(HostCheck.Subject.KERNEL, this.release + " is older than what is tested",
					"Use Linux 6.12 or newer.");
		}
		return HostCheck.ok(HostCheck.Subject.KERNEL, this.release);
	}

}
