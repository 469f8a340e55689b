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

import java.util.Collection;
import java.util.TreeSet;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DeviceStatus;

/**
 * A started disk in one line of a log.
 */
final class DiskDescription {

	private static final String[] UNITS = { "KiB", "MiB", "GiB", "TiB", "PiB" };

	private DiskDescription() {
	}

	/**
	 * Describes a disk, for example
	 * {@code 4 GiB, 1 queue x 128, up to 256 KiB per request, user-copy, READ WRITE FLUSH}.
	 */
	static String of(DeviceStatus status) {
		DiskSpec spec = status.spec();
		int queues = status.queues().size();
		StringBuilder text = new StringBuilder(bytes(spec.size()));
		text.append(", ").append(queues).append((queues == 1) ? " queue x " : " queues x ").append(spec.queueDepth());
		text.append(", up to ").append(bytes(spec.maxIoSize())).append(" per request");
		text.append(", ").append(PropertyNames.of(status.dataMode()));
		text.append(", ").append(names(status.operations()));
		if (spec.readOnly()) {
			text.append(", read-only");
		}
		return text.toString();
	}

	private static String names(Collection<? extends Enum<?>> operations) {
		return String.join(" ", new TreeSet<>(operations).stream().map(Enum::name).toList());
	}

	/**
	 * Writes bytes in the largest unit that divides them.
	 */
	static String bytes(long bytes) {
		long count = bytes;
		int unit = -1;
		while (count >= 1024 && count % 1024 == 0 && unit + 1 < UNITS.length) {
			count /= 1024;
			unit++;
		}
		return count + " " + ((unit < 0) ? "bytes" : UNITS[unit]);
	}

}
