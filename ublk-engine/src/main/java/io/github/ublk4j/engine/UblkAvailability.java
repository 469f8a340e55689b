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

import java.util.List;

import io.github.ublk4j.engine.UblkUnavailableException.Reason;
import io.github.ublk4j.engine.host.HostCheck;
import io.github.ublk4j.engine.host.HostChecks;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether this process can use ublk, by the checks of its host. The first thing
 * missing, from the bottom up, is the one reported.
 */
final class UblkAvailability {

	private UblkAvailability() {
	}

	static @Nullable UblkUnavailableException check() {
		return judge(HostChecks.required());
	}

	static @Nullable UblkUnavailableException judge(List<HostCheck> checks) {
		return checks.stream()
			.filter((check) -> check.state() == HostCheck.State.FAILURE)
			.findFirst()
			.map((check) -> new UblkUnavailableException(reason(check.subject()), check.finding(),
					(check.remedy() != null) ? check.remedy() : "", null))
			.orElse(null);
	}

	private static Reason reason(HostCheck.Subject subject) {
		return switch (subject) {
			case OPERATING_SYSTEM -> Reason.NOT_LINUX;
			case IO_URING_SWITCH, IO_URING -> Reason.IO_URING_DISABLED;
			case MODULE -> Reason.MODULE_MISSING;
			case CONTROL_DEVICE, CAPABILITIES -> Reason.PERMISSION_DENIED;
			case WIDE_ENTRIES, DRIVER -> Reason.KERNEL_TOO_OLD;
			default -> Reason.PLATFORM_UNSUPPORTED;
		};
	}

}
