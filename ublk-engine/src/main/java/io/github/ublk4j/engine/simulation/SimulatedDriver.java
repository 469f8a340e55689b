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

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.device.DeviceChannel;
import io.github.ublk4j.engine.device.Driver;
import io.github.ublk4j.engine.driver.DeviceInfo;
import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;

/**
 * The driver of a {@link SimulatedHost}. It answers as {@code ublk_drv} does, and has its
 * data modes.
 */
public final class SimulatedDriver implements Driver {

	private static final long FEATURES = UblkFeature.CMD_IOCTL_ENCODE.mask() | UblkFeature.USER_COPY.mask()
			| UblkFeature.SUPPORT_ZERO_COPY.mask() | UblkFeature.AUTO_BUF_REG.mask() | UblkFeature.USER_RECOVERY.mask()
			| UblkFeature.USER_RECOVERY_REISSUE.mask() | UblkFeature.USER_RECOVERY_FAIL_IO.mask()
			| UblkFeature.QUIESCE.mask() | UblkFeature.UPDATE_SIZE.mask() | UblkFeature.NO_AUTO_PART_SCAN.mask();

	private final SimulatedHost host;

	private final Duration timeout;

	/**
	 * Opens the driver.
	 * @param host where its devices are
	 * @param timeout how long a command may take
	 */
	public SimulatedDriver(SimulatedHost host, Duration timeout) {
		this.host = host;
		this.timeout = timeout;
	}

	@Override
	public String kernel() {
		return "simulated";
	}

	@Override
	public long features() {
		return FEATURES;
	}

	@Override
	public boolean isPrivileged() {
		return true;
	}

	@Override
	public long availableMemory() {
		return Long.MAX_VALUE;
	}

	@Override
	public DeviceInfo add(DeviceInfo request) {
		return this.host.add(request, FEATURES).info();
	}

	@Override
	public DeviceChannel open(DeviceInfo device) {
		return this.host.device(device.id()).open();
	}

	@Override
	public void setParameters(DiskSpec spec, Set<BlockOperation> operations, DeviceInfo granted) {
		this.host.device(granted.id()).describe(spec, operations);
	}

	@Override
	public void start(int id, long pid) {
		this.host.device(id).start((int) pid);
	}

	@Override
	public boolean awaitPath(int id, Duration patience) {
		return true;
	}

	/**
	 * Not in {@code /dev}, where a disk of this number may be one of the kernel's.
	 */
	@Override
	public Path path(int id) {
		return Path.of("/simulated/ublkb" + id);
	}

	@Override
	public void stop(int id, Duration patience) {
		if (!this.host.device(id).stop(System.nanoTime() + this.timeout.plus(patience).toNanos())) {
			throw new LinuxException("stop of simulated ublk device " + id, Errno.ETIMEDOUT,
					"Requests in flight are not answered");
		}
	}

	@Override
	public void sync(int id) {
		// there is no cache
	}

	@Override
	public List<String> stopUnused(int id, Duration patience) {
		if (isTaken(id)) {
			return List.of("a mount or device that this process cannot see");
		}
		stop(id, patience);
		return List.of();
	}

	@Override
	public List<String> differences(DiskSpec spec, Set<BlockOperation> operations, DeviceInfo device) {
		return this.host.device(device.id()).disk().differences(spec, operations);
	}

	@Override
	public void beginRecovery(int id) {
		this.host.device(id).beginRecovery();
	}

	@Override
	public void endRecovery(int id, long pid) {
		this.host.device(id).endRecovery((int) pid);
	}

	@Override
	public void quiesce(int id, Duration patience) {
		this.host.device(id).quiesce();
	}

	@Override
	public long size(int id) {
		return this.host.device(id).disk().spec().size();
	}

	@Override
	public void resize(int id, long bytes) {
		this.host.device(id).disk().resize(bytes);
	}

	@Override
	public boolean isOpen(int id) {
		return this.host.device(id).isOpen();
	}

	@Override
	public boolean isTaken(int id) {
		return this.host.device(id).isTaken();
	}

	@Override
	public List<String> users(int id) {
		return this.host.device(id).users();
	}

	@Override
	public boolean delete(int id, Duration patience) {
		if (!this.host.device(id).awaitClosed(System.nanoTime() + patience.toNanos())) {
			return false;
		}
		this.host.remove(id);
		return true;
	}

	@Override
	public DeviceInfo info(int id) {
		return this.host.device(id).info();
	}

	@Override
	public List<Integer> deviceIds() {
		return this.host.ids();
	}

	@Override
	public void close() {
		// the devices belong to the host
	}

}
