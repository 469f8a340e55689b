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

import java.util.LinkedHashMap;
import java.util.Map;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.driver.DeviceInfo;

/**
 * What the request buffers of all devices of an engine may take together. Any thread.
 */
final class MemoryBudget {

	private final long limit;

	private final Map<String, Long> plans = new LinkedHashMap<>();

	MemoryBudget(long limit) {
		this.limit = limit;
	}

	/**
	 * Returns the most that the buffers of a device can take.
	 * @return bytes
	 */
	static long plan(int queues, int queueDepth, int maxIoSize) {
		return (long) queues * queueDepth * maxIoSize;
	}

	static long plan(DeviceInfo device) {
		return plan(device.queues(), device.queueDepth(), device.maxIoSize());
	}

	/**
	 * Writes out how the plan of a disk comes about.
	 */
	static String arithmetic(DiskSpec spec) {
		return plan(spec.queues(), spec.queueDepth(), spec.maxIoSize()) + " bytes (" + spec.queues() + " queues x "
				+ spec.queueDepth() + " requests x " + spec.maxIoSize() + " bytes)";
	}

	/**
	 * Sets memory aside for a disk.
	 * @throws DiskRefusedException if there is not enough left
	 */
	synchronized void reserve(DiskSpec spec) {
		long plan = plan(spec.queues(), spec.queueDepth(), spec.maxIoSize());
		long reserved = this.plans.values().stream().mapToLong(Long::longValue).sum();
		if (plan > this.limit - reserved) {
			throw new DiskRefusedException(spec.name(), DiskRefusedException.Reason.MEMORY_LIMIT,
					"its buffers can take " + arithmetic(spec) + ", but of the memory limit of " + this.limit
							+ " bytes only " + (this.limit - reserved) + " are left"
							+ (this.plans.isEmpty() ? "." : " by the disks " + this.plans.keySet() + "."),
					"Raise the limit, or use fewer queues, a smaller queue depth or a smaller max-io-size.");
		}
		this.plans.put(spec.name(), plan);
	}

	synchronized void release(DiskSpec spec) {
		this.plans.remove(spec.name());
	}

}
