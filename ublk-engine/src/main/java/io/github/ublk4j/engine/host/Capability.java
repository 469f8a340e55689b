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

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/**
 * The capabilities that serving disks can need ({@code capabilities(7)}).
 */
enum Capability {

	CAP_IPC_LOCK(14), CAP_SYS_ADMIN(21), CAP_SYS_RESOURCE(24);

	private static final String EFFECTIVE = "CapEff:";

	private final int bit;

	Capability(int bit) {
		this.bit = bit;
	}

	/**
	 * Returns which of them this process has.
	 * @return those that are effective, {@code null} if the system does not tell
	 */
	static @Nullable Set<Capability> ofThisProcess(HostFiles files) {
		for (String line : files.lines("/proc/self/status")) {
			if (line.startsWith(EFFECTIVE)) {
				long mask = Long.parseUnsignedLong(line.substring(EFFECTIVE.length()).strip(), 16);
				return Arrays.stream(values())
					.filter((capability) -> (mask & 1L << capability.bit) != 0)
					.collect(Collectors.toCollection(() -> EnumSet.noneOf(Capability.class)));
			}
		}
		return null;
	}

	/**
	 * Returns whether this process has a capability for sure.
	 */
	boolean isHeld(HostFiles files) {
		Set<Capability> held = ofThisProcess(files);
		return held != null && held.contains(this);
	}

	static String names(Iterable<Capability> capabilities) {
		List<String> names = new ArrayList<>();
		capabilities.forEach((capability) -> names.add(capability.name()));
		return String.join(", ", names);
	}

}
