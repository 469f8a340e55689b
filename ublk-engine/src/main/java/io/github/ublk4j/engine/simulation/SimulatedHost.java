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

package io.github.ublk4j.engine.simulation;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.github.ublk4j.engine.driver.DeviceInfo;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;

/**
 * The devices of a simulated kernel, by number. Any thread.
 */
public final class SimulatedHost {

	private final Map<Integer, SimulatedDevice> devices = new TreeMap<>();

	/**
	 * Creates a host without devices.
	 */
	public SimulatedHost() {
	}

	synchronized SimulatedDevice add(DeviceInfo request, long features) {
		int id = 0;
		while (this.devices.containsKey(id)) {
			id++;
		}
		DeviceInfo granted = new DeviceInfo(id, request.queues(), request.queueDepth(), request.maxIoSize(),
				request.flags() & features, request.state(), request.serverPid(), request.ownerUid(),
				request.ownerGid(), request.token());
		SimulatedDevice device = new SimulatedDevice(granted);
		this.devices.put(id, device);
		return device;
	}

	synchronized SimulatedDevice device(int id) {
		SimulatedDevice device = this.devices.get(id);
		if (device == null) {
			throw new LinuxException("command for simulated ublk device " + id, Errno.ENODEV,
					"It was deleted, or never added");
		}
		return device;
	}

	synchronized void remove(int id) {
		this.devices.remove(id);
	}

	synchronized List<Integer> ids() {
		return List.copyOf(this.devices.keySet());
	}

	/**
	 * Returns the disks that are there now, served or waiting for a server.
	 * @return the disks by the number of their device
	 */
	public synchronized List<SimulatedDisk> disks() {
		return this.devices.values().stream().filter(SimulatedDevice::isShown).map(SimulatedDevice::disk).toList();
	}

}
