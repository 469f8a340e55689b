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

package io.github.ublk4j.engine.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.driver.CharDevice;
import io.github.ublk4j.engine.driver.ControlClient;
import io.github.ublk4j.engine.driver.DeviceInfo;
import io.github.ublk4j.engine.driver.DriverState;
import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.linux.DiskUsers;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import io.github.ublk4j.engine.queue.DataPath;
import io.github.ublk4j.engine.queue.DriverTransports;
import io.github.ublk4j.engine.queue.PageRegistration;
import io.github.ublk4j.engine.queue.QueueTransport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The driver of this host's kernel, {@code ublk_drv}.
 */
public final class KernelDriver implements Driver {

	private static final Logger logger = LoggerFactory.getLogger(KernelDriver.class);

	private static final Duration RECOVERY_PATIENCE = Duration.ofSeconds(10);

	private static final Path DEVICE_CLASS = Path.of("/sys/class/ublk-char");

	private static final String CHAR_PREFIX = "ublkc";

	private final ControlClient control;

	/**
	 * Opens the control device of the driver.
	 * @param timeout how long a command may take
	 * @throws LinuxException if it cannot be opened
	 */
	public KernelDriver(Duration timeout) {
		this.control = new ControlClient(timeout);
	}

	@Override
	public String kernel() {
		return System.getProperty("os.version", "");
	}

	@Override
	public long features() {
		return this.control.features();
	}

	@Override
	public boolean isPrivileged() {
		return LinuxPlatform.isAdministrator();
	}

	@Override
	public long availableMemory() {
		return LinuxPlatform.availableMemory();
	}

	@Override
	public DeviceInfo add(DeviceInfo request) {
		return this.control.add(request);
	}

	@Override
	public DeviceChannel open(DeviceInfo device) {
		return new OpenDevice(CharDevice.open(device), device);
	}

	@Override
	public void setParameters(DiskSpec spec, Set<BlockOperation> operations, DeviceInfo granted) {
		this.control.setParameters(spec, operations, granted);
	}

	@Override
	public void start(int id, long pid) {
		this.control.start(id, pid);
	}

	// devtmpfs shows the node at once; in a container udev may have to make it
	@Override
	public boolean awaitPath(int id, Duration patience) {
		Path node = path(id);
		long deadline = System.nanoTime() + patience.toNanos();
		while (!Files.exists(node)) {
			if (System.nanoTime() - deadline > 0) {
				return false;
			}
			pause("wait for " + node);
		}
		return true;
	}

	private static void pause(String what) {
		try {
			Thread.sleep(10);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new LinuxException(what, Errno.EINTR, "The thread was interrupted");
		}
	}

	@Override
	public Path path(int id) {
		return Path.of("/dev/ublkb" + id);
	}

	@Override
	public void sync(int id) {
		LinuxFile.syncDisk(path(id));
	}

	@Override
	public void stop(int id, Duration patience) {
		this.control.stop(id, patience);
	}

	@Override
	public List<String> stopUnused(int id, Duration patience) {
		if (!UblkFeature.SAFE_STOP_DEV.in(features())) {
			// to open a disk that nobody serves could wait for ever
			if (info(id).state() == DriverState.LIVE && isTaken(id)) {
				return List.of("a mount or device that this process cannot see");
			}
			stop(id, patience);
			return List.of();
		}
		return this.control.tryStop(id, patience) ? List.of() : List.of("a process or mount has " + path(id) + " open");
	}

	@Override
	public boolean isTaken(int id) {
		try (LinuxFile probe = LinuxFile.open(path(id).toString(), LinuxFile.O_RDONLY | LinuxFile.O_EXCL)) {
			return probe.fd() < 0;
		}
		catch (LinuxException ex) {
			if (ex.errno() == Errno.EBUSY) {
				return true;
			}
			throw ex;
		}
	}

	@Override
	public List<String> differences(DiskSpec spec, Set<BlockOperation> operations, DeviceInfo device) {
		return this.control.differences(spec, operations, device);
	}

	// The driver learns of the death of the last server a little later
	@Override
	public void beginRecovery(int id) {
		long deadline = System.nanoTime() + RECOVERY_PATIENCE.toNanos();
		while (true) {
			try {
				this.control.beginRecovery(id);
				return;
			}
			catch (LinuxException ex) {
				if (ex.errno() != Errno.EBUSY || System.nanoTime() - deadline > 0) {
					throw ex;
				}
			}
			pause("take over ublk device " + id);
		}
	}

	@Override
	public void endRecovery(int id, long pid) {
		this.control.endRecovery(id, pid);
	}

	@Override
	public void quiesce(int id, Duration patience) {
		if (!this.control.quiesce(id, patience)) {
			logger.debug("ublk device {}: a queue had no idle tag", id);
		}
	}

	@Override
	public long size(int id) {
		return this.control.size(id);
	}

	@Override
	public void resize(int id, long bytes) {
		this.control.resize(id, bytes);
	}

	@Override
	public boolean isOpen(int id) {
		return !DiskUsers.of(Path.of("/dev", CHAR_PREFIX + id)).isEmpty();
	}

	@Override
	public List<String> users(int id) {
		return DiskUsers.of(path(id));
	}

	@Override
	public boolean delete(int id, Duration patience) {
		return this.control.delete(id, patience);
	}

	@Override
	public DeviceInfo info(int id) {
		return this.control.info(id);
	}

	@Override
	public List<Integer> deviceIds() {
		List<Integer> ids = new ArrayList<>();
		if (Files.isDirectory(DEVICE_CLASS)) {
			try (DirectoryStream<Path> entries = Files.newDirectoryStream(DEVICE_CLASS, CHAR_PREFIX + "[0-9]*")) {
				for (Path entry : entries) {
					ids.add(Integer.valueOf(entry.getFileName().toString().substring(CHAR_PREFIX.length())));
				}
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}
		ids.sort(Comparator.naturalOrder());
		return ids;
	}

	@Override
	public void close() {
		this.control.close();
	}

	private record OpenDevice(CharDevice device, DeviceInfo info) implements DeviceChannel {

		@Override
		public DataPath dataPath(int queue, DataMode mode, PageRegistration registration, boolean clearReadBuffers) {
			return DataPath.of(mode, this.device, queue, this.info.queueDepth(), this.info.maxIoSize(),
					clearReadBuffers, registration);
		}

		@Override
		public QueueTransport.Factory transports(PageRegistration registration) {
			return new DriverTransports(this.device, this.info.queueDepth(), registration);
		}

		@Override
		public void close() {
			this.device.close();
		}

	}

}
