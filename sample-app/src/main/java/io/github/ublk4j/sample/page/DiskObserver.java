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

package io.github.ublk4j.sample.page;

import java.util.ArrayList;
import java.util.List;

import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.spring.BlockDevices;
import io.micrometer.core.instrument.MeterRegistry;

/**
 * Collects what the page shows, while somebody looks at it. Not for several threads at a
 * time.
 */
final class DiskObserver {

	private final BlockDevices devices;

	private final MeterRegistry registry;

	private final boolean simulated;

	private List<ObservedDisk> disks = List.of();

	DiskObserver(BlockDevices devices, MeterRegistry registry, boolean simulated) {
		this.devices = devices;
		this.registry = registry;
		this.simulated = simulated;
		follow();
	}

	// a disk that was started again is another device
	private void follow() {
		List<ObservedDisk> gone = new ArrayList<>(this.disks);
		List<ObservedDisk> followed = new ArrayList<>();
		for (UblkDevice device : this.devices.all()) {
			ObservedDisk known = gone.stream().filter((disk) -> disk.isOf(device)).findFirst().orElse(null);
			gone.remove(known);
			followed.add((known != null) ? known : new ObservedDisk(device, this.registry));
		}
		gone.forEach(ObservedDisk::close);
		this.disks = followed;
	}

	void sample() {
		this.disks.forEach(ObservedDisk::sample);
	}

	/**
	 * Returns what happened since the last frame.
	 */
	Frame frame() {
		follow();
		return new Frame(this.simulated, this.disks.stream().map(ObservedDisk::frame).toList(),
				this.devices.unserved());
	}

	void close() {
		this.disks.forEach(ObservedDisk::close);
	}

}
