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

import java.time.Duration;
import java.util.List;

import io.github.ublk4j.engine.device.Driver;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import io.github.ublk4j.engine.simulation.SimulatedDriver;
import io.github.ublk4j.engine.simulation.SimulatedHost;

/**
 * A host without a kernel, for tests: its devices exist in memory. An engine that is
 * {@linkplain UblkEngine.Builder#simulated(SimulatedUblk) built on it} is the same as any
 * other, from its queues up; only the driver below is simulated. Nothing native is
 * loaded, so it runs on any system and without privileges.
 * <p>
 * All data modes are there. AUTO chooses as on a recent kernel. Transfers to and from
 * files ({@code transferFrom}) run where files can be opened for them, which is on Linux;
 * {@code punchHole} and {@code zeroRange} write zeros.
 * <p>
 * Several engines, one after another or at a time, may use one host. Any thread.
 */
public final class SimulatedUblk {

	private final SimulatedHost host = new SimulatedHost();

	/**
	 * Creates a host without devices.
	 */
	public SimulatedUblk() {
		// nothing is shared with other hosts
	}

	Driver driver(Duration timeout) {
		return new SimulatedDriver(this.host, timeout);
	}

	/**
	 * Returns the disks that are there now.
	 * @return the live disks by the number of their device
	 */
	public List<SimulatedDisk> disks() {
		return this.host.disks();
	}

	/**
	 * Returns a disk that is there now.
	 * @param name the name of the disk
	 * @return the live disk
	 * @throws IllegalArgumentException if there is none
	 */
	public SimulatedDisk disk(String name) {
		List<SimulatedDisk> live = disks();
		return live.stream()
			.filter((disk) -> disk.spec().name().equals(name))
			.findFirst()
			.orElseThrow(() -> new IllegalArgumentException("No disk '" + name + "' is live; those that are: "
					+ live.stream().map((disk) -> disk.spec().name()).toList()));
	}

}
