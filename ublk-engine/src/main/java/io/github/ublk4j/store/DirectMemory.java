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

package io.github.ublk4j.store;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;

import com.sun.management.HotSpotDiagnosticMXBean;

/**
 * The JVM's budget for direct buffers.
 */
final class DirectMemory {

	private DirectMemory() {
	}

	/**
	 * Returns {@code -XX:MaxDirectMemorySize}; the JVM takes the maximum heap size when
	 * it is not set.
	 * @return bytes
	 */
	static long limit() {
		HotSpotDiagnosticMXBean hotSpot = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
		long option = Long.parseLong(hotSpot.getVMOption("MaxDirectMemorySize").getValue());
		return (option > 0) ? option : Runtime.getRuntime().maxMemory();
	}

	/**
	 * Returns what the direct buffers of the whole JVM occupy, with those that wait for
	 * the garbage collector.
	 * @return bytes
	 */
	static long used() {
		for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
			if (pool.getName().equals("direct")) {
				return pool.getMemoryUsed();
			}
		}
		return 0;
	}

}
