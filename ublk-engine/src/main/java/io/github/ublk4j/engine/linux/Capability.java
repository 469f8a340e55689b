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
public enum Capability {

	/** Lock memory beyond the limit. */
	CAP_IPC_LOCK(14),

	/** Administer the system. */
	CAP_SYS_ADMIN(21),

	/** Go beyond limits of resources. */
	CAP_SYS_RESOURCE(24);

	private static final String EFFECTIVE = "CapEff:";

	private final int bit;

	Capability(int bit) {
		this.bit = bit;
	}

	/**
	 * Returns which of them a process has.
	 * @param status the lines of its {@code /proc/<pid>/status}
	 * @return those that are effective, {@code null} if the lines do not tell
	 */
	public static @Nullable Set<Capability> effective(List<String> status) {
		for (String line : status) {
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
	 * Names capabilities.
	 * @param capabilities those to name
	 * @return their names, with commas between
	 */
	public static String names(Iterable<Capability> capabilities) {
		List<String> names = new ArrayList<>();
		capabilities.forEach((capability) -> names.add(capability.name()));
		return String.join(", ", names);
	}

}
