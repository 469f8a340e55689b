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

import io.github.ublk4j.engine.driver.Differences;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.device.DeviceClaim;
import io.github.ublk4j.engine.device.DeviceRecord;
import io.github.ublk4j.engine.device.Driver;
import io.github.ublk4j.engine.driver.DeviceInfo;
import io.github.ublk4j.engine.driver.DriverState;
import io.github.ublk4j.engine.driver.UblkFeature;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The device that the last server of a disk has left, if it has left one. It is taken
 * over if it waits for a server and is what the disk declares, and removed if its server
 * died without leaving a disk. One that does not fit is left alone: somebody may wait for
 * its data.
 */
final class Predecessor {

	private static final Logger logger = LoggerFactory.getLogger(Predecessor.class);

	private static final Duration DEATH_PATIENCE = Duration.ofSeconds(10);

	private final DiskSpec spec;

	private final DiskServer server;

	private final Driver driver;

	private final DeviceClaim claim;

	Predecessor(DiskSpec spec, DiskServer server, Driver driver, DeviceClaim claim) {
		this.spec = spec;
		this.server = server;
		this.driver = driver;
		this.claim = claim;
	}

	/**
	 * Returns the device to take over.
	 * @return the device, {@code null} if there is none
	 * @throws DiskRefusedException if there is one that does not fit
	 */
	@Nullable DeviceGrant find() {
		DeviceRecord last = this.claim.last();
		DeviceInfo left = (last != null) ? awaitDeath(last) : null;
		if (last == null || left == null) {
			return null;
		}
		if (left.state() == DriverState.DEAD) {
			logger.info("disk '{}': ublk device {}, which process {} left dead, is deleted", this.spec.name(),
					left.id(), last.pid());
			this.driver.delete(left.id(), DeviceParts.DELETE_PATIENCE);
			this.claim.clear();
			return null;
		}
		// its size may have been changed after it was declared
		DiskSpec resized = (last.size() == this.spec.size()) ? this.spec.withSize(this.driver.size(left.id()))
				: this.spec;
		return new DeviceGrant(left, resized, requireFit(last, left, resized), true);
	}

	// The process has no claim any more, so it is about to die
	private @Nullable DeviceInfo awaitDeath(DeviceRecord last) {
		long end = System.nanoTime() + DEATH_PATIENCE.toNanos();
		while (true) {
			DeviceInfo found = info(last);
			if (found == null || found.state() != DriverState.LIVE) {
				return found;
			}
			if (System.nanoTime() - end > 0) {
				throw new DiskRefusedException(this.spec.name(), DiskRefusedException.Reason.PREDECESSOR,
						this.driver.path(found.id()) + " is still served by process " + found.serverPid() + ".",
						"End that process; if it cannot be ended, see what it waits for with 'dmesg'.");
			}
			LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
		}
	}

	private @Nullable DeviceInfo info(DeviceRecord last) {
		if (!last.isPending()) {
			return info(last, last.id());
		}
		return this.driver.deviceIds()
			.stream()
			.map((id) -> info(last, id))
			.filter(Objects::nonNull)
			.findFirst()
			.orElse(null);
	}

	private @Nullable DeviceInfo info(DeviceRecord last, int id) {
		DeviceInfo found = this.driver.find(id);
		return (found != null && last.matches(found)) ? found : null;
	}

	private DataModeChoice requireFit(DeviceRecord last, DeviceInfo left, DiskSpec resized) {
		Differences found = new Differences();
		found.compare("recovery", UblkFeature.recovery(left.flags()), this.spec.recovery());
		found.compare("queues", last.queues(), this.spec.queues());
		found.compare("queue depth", left.queueDepth(), this.spec.queueDepth());
		found.compare("largest request in bytes", last.maxIoSize(), this.spec.maxIoSize());
		DataModeChoice mode = DataModeChoice.ofDevice(left.flags());
		if (this.spec.dataMode() != DataMode.AUTO) {
			found.compare("data mode", mode.mode(), this.spec.dataMode());
		}
		found.addAll(this.driver.differences(resized, this.server.operations(resized), left));
		this.server.requireCapacity(resized);
		List<String> differences = found.asList();
		if (!differences.isEmpty()) {
			throw new DiskRefusedException(this.spec.name(), DiskRefusedException.Reason.PREDECESSOR,
					this.driver.path(left.id()) + ", which process " + last.pid()
							+ " left, waits for a server, but is not what is declared: "
							+ String.join("; ", differences) + ".",
					((this.spec.recovery() == Recovery.NONE) ? "Declare the recovery of the device"
							: "Declare the disk as the device is") + ", or unmount it and delete ublk device "
							+ left.id() + ".");
		}
		return mode;
	}

}
