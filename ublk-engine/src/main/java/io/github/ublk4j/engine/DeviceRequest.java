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

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.device.Driver;
import io.github.ublk4j.engine.driver.DeviceInfo;
import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the driver for a new device, in the best data mode that it grants.
 */
final class DeviceRequest {

	private static final Logger logger = LoggerFactory.getLogger(DeviceRequest.class);

	private static final long NEEDS_PRIVILEGE = UblkFeature.USER_COPY.mask() | UblkFeature.SUPPORT_ZERO_COPY.mask()
			| UblkFeature.AUTO_BUF_REG.mask();

	private final DiskSpec spec;

	private final DiskServer server;

	private final Driver driver;

	private final EngineSettings settings;

	DeviceRequest(DiskSpec spec, DiskServer server, Driver driver, EngineSettings settings) {
		this.spec = spec;
		this.server = server;
		this.driver = driver;
		this.settings = settings;
	}

	/**
	 * Makes the device.
	 * @param token what to recognise it by
	 * @return the device as granted
	 * @throws DiskRefusedException if the kernel or the host lacks what the disk needs
	 */
	DeviceGrant submit(long token) {
		boolean privileged = this.driver.isPrivileged();
		long features = this.driver.features() & (privileged ? -1 : ~NEEDS_PRIVILEGE);
		if (!privileged) {
			requireUnprivilegedModes();
		}
		List<DataModeChoice> choices = DataModeChoice.of(this.spec.name(), this.spec.dataMode(),
				this.server.transfersOnly(), features);
		long flags = UblkFeature.CMD_IOCTL_ENCODE.mask() | recoveryFlags(features)
				| (privileged ? scanFlags(this.spec, features) : UblkFeature.UNPRIVILEGED_DEV.mask());
		for (DataModeChoice possible : choices) {
			DataModeChoice choice = possible.registering(this.settings.registration());
			if (choice.mode() == DataMode.COPY) {
				requireMemory();
			}
			DeviceInfo granted = this.driver.add(DeviceInfo.request(this.spec.queues(), this.spec.queueDepth(),
					this.spec.maxIoSize(), flags | choice.flags(), token));
			try {
				if (choice.grantedBy(granted.flags())) {
					verify(granted, flags);
					return new DeviceGrant(granted, this.spec, choice, false);
				}
			}
			catch (UblkException ex) {
				delete(granted, ex);
				throw ex;
			}
			logger.info("disk '{}': the driver does not grant {}, only {}", this.spec.name(), choice, granted);
			this.driver.delete(granted.id(), DeviceParts.DELETE_PATIENCE);
		}
		throw new UblkException("the driver grants none of " + choices, null);
	}

	private void requireUnprivilegedModes() {
		if (this.spec.dataMode() == DataMode.USER_COPY || this.spec.dataMode() == DataMode.ZERO_COPY) {
			throw needsPrivilege(DiskRefusedException.Reason.DATA_MODE, "data mode " + this.spec.dataMode(),
					"use AUTO or COPY");
		}
		if (this.spec.recovery() != Recovery.NONE) {
			throw needsPrivilege(DiskRefusedException.Reason.RECOVERY, "recovery " + this.spec.recovery(),
					"set the recovery to NONE");
		}
	}

	private DiskRefusedException needsPrivilege(DiskRefusedException.Reason reason, String what, String otherwise) {
		return new DiskRefusedException(this.spec.name(), reason,
				what + " is not for devices of an ordinary user, and this process has no CAP_SYS_ADMIN.",
				"Run it with that capability, or " + otherwise + ".");
	}

	// its number may be wrong too
	private void delete(DeviceInfo granted, UblkException reason) {
		try {
			this.driver.delete(granted.id(), DeviceParts.DELETE_PATIENCE);
		}
		catch (LinuxException ex) {
			reason.addSuppressed(ex);
		}
	}

	private long recoveryFlags(long features) {
		Recovery recovery = this.spec.recovery();
		if (recovery == Recovery.NONE) {
			return 0;
		}
		long wanted = UblkFeature.maskOf(recovery);
		if ((features & wanted) != wanted) {
			throw new DiskRefusedException(this.spec.name(), DiskRefusedException.Reason.RECOVERY,
					"recovery " + recovery + " needs Linux " + ((recovery == Recovery.FAIL_IO) ? "6.14" : "6.1")
							+ " or later, and this kernel does not have it.",
					"Use another kind of recovery, or NONE.");
		}
		return wanted | (features & UblkFeature.QUIESCE.mask());
	}

	/**
	 * Returns the flags for a device of a privileged server. The partitions of others are
	 * never scanned.
	 */
	static long scanFlags(DiskSpec spec, long features) {
		if (spec.partitionScan()) {
			return 0;
		}
		if (!UblkFeature.NO_AUTO_PART_SCAN.in(features)) {
			throw new DiskRefusedException(spec.name(), DiskRefusedException.Reason.PARTITION_SCAN,
					"to leave out the scan for partitions needs Linux 7.0 or later, and this kernel does not have it.",
					"Let it scan.");
		}
		return UblkFeature.NO_AUTO_PART_SCAN.mask();
	}

	// The memory is locked: too much of it ends with a process being killed
	private void requireMemory() {
		long plan = MemoryBudget.plan(this.spec.queues(), this.spec.queueDepth(), this.spec.maxIoSize());
		long available = this.driver.availableMemory();
		if (plan > available) {
			throw new DiskRefusedException(this.spec.name(), DiskRefusedException.Reason.HOST_MEMORY,
					"its buffers would take " + MemoryBudget.arithmetic(this.spec) + ", and only " + available
							+ " are available.",
					"Use fewer queues, a smaller queue depth or a smaller max-io-size, or another data mode.");
		}
	}

	private void verify(DeviceInfo granted, long flags) {
		if (granted.id() < 0 || granted.queueDepth() != this.spec.queueDepth() || !fits(granted.maxIoSize())
				|| granted.queues() < 1 || granted.queues() > this.spec.queues()
				|| (granted.flags() & flags) != flags) {
			throw new UblkException(
					"the driver granted something else than asked for: " + granted + " for " + this.spec, null);
		}
		if (granted.queues() < this.spec.queues()) {
			logger.info("disk '{}': the kernel grants {} of {} queues, one per processor", this.spec.name(),
					granted.queues(), this.spec.queues());
		}
	}

	private boolean fits(int maxIoSize) {
		return maxIoSize > 0 && maxIoSize <= this.spec.maxIoSize() && maxIoSize % LinuxPlatform.PAGE_SIZE == 0;
	}

}
