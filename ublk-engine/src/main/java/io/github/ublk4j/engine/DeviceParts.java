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

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.device.DeviceChannel;
import io.github.ublk4j.engine.device.Driver;
import io.github.ublk4j.engine.driver.DeviceInfo;
import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.queue.BlockQueue;
import io.github.ublk4j.engine.queue.DataPath;
import io.github.ublk4j.engine.queue.QueueTransport;
import io.github.ublk4j.metrics.InFlightRequest;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;

/**
 * What a device consists of in the kernel and in this process, put together and taken
 * apart in the order that the driver needs. The methods that change it block, and are
 * called by one thread at a time.
 */
final class DeviceParts {

	private static final Logger logger = LoggerFactory.getLogger(DeviceParts.class);

	private static final Duration NODE_PATIENCE = Duration.ofSeconds(5);

	private static final Duration DELETE_PATIENCE = Duration.ofSeconds(3);

	private static final Duration END_PATIENCE = Duration.ofSeconds(5);

	private final DiskSpec spec;

	private final DiskServer server;

	private final Driver driver;

	private final EngineSettings settings;

	private final List<BlockQueue> queues = new CopyOnWriteArrayList<>();

	private final List<ObservedQueue> observed = new CopyOnWriteArrayList<>();

	private final List<DataPath> dataPaths = new CopyOnWriteArrayList<>();

	private volatile @Nullable DeviceInfo info;

	private volatile @Nullable DataModeChoice dataMode;

	private @Nullable DeviceChannel channel;

	private boolean started;

	DeviceParts(DiskSpec spec, DiskServer server, Driver driver, EngineSettings settings) {
		this.spec = spec;
		this.server = server;
		this.driver = driver;
		this.settings = settings;
	}

	int id() {
		DeviceInfo current = this.info;
		return (current != null) ? current.id() : -1;
	}

	Path path() {
		return this.driver.path(id());
	}

	Set<String> flags() {
		DeviceInfo current = this.info;
		return UblkFeature.names((current != null) ? current.flags() : 0);
	}

	/**
	 * Returns how data is moved; what was asked for until the driver has answered.
	 */
	DataMode dataMode() {
		DataModeChoice current = this.dataMode;
		return (current != null) ? current.mode() : this.spec.dataMode();
	}

	long bufferBytes() {
		return this.dataPaths.stream().mapToLong(DataPath::bytes).sum();
	}

	long maxBufferBytes() {
		DeviceInfo current = this.info;
		return (current != null) ? MemoryBudget.plan(current) : 0;
	}

	boolean buffersLocked() {
		return this.dataPaths.stream().allMatch(DataPath::locked);
	}

	void trimBuffers() {
		this.dataPaths.forEach(DataPath::trim);
	}

	List<QueueStatus> queueStatus() {
		return this.queues.stream().map(QueueStatus::of).toList();
	}

	/**
	 * Returns the requests as they are answered, until the last queue ends.
	 */
	Flux<DiskActivity> activity() {
		return Flux.merge(Flux.fromIterable(this.observed).map(ObservedQueue::activity), Integer.MAX_VALUE);
	}

	List<InFlightRequest> inFlight(int queue) {
		return this.queues.get(queue).inFlight();
	}

	void pause() {
		this.queues.forEach(BlockQueue::pause);
	}

	void resume() {
		this.queues.forEach(BlockQueue::resume);
	}

	/**
	 * Makes the device and shows its disk. After a failure, {@link #dismantle()} removes
	 * what has been made.
	 */
	void assemble(BlockQueue.Listener listener) {
		DeviceInfo granted = add();
		this.channel = this.driver.open(granted);
		startQueues(granted, this.channel, Objects.requireNonNull(this.dataMode), listener);
		this.driver.setParameters(this.spec, this.server.operations(this.spec), granted);
		this.driver.start(granted.id(), ProcessHandle.current().pid());
		this.started = true;
		awaitPath(granted.id());
	}

	private DeviceInfo add() {
		List<DataModeChoice> choices = DataModeChoice.of(this.spec.name(), this.spec.dataMode(),
				this.server.transfersOnly(), this.driver.features());
		for (DataModeChoice possible : choices) {
			DataModeChoice choice = possible.registering(this.settings.registration());
			if (choice.mode() == DataMode.COPY) {
				requireMemory();
			}
			DeviceInfo granted = this.driver.add(DeviceInfo.request(this.spec.queues(), this.spec.queueDepth(),
					this.spec.maxIoSize(), UblkFeature.CMD_IOCTL_ENCODE.mask() | choice.flags()));
			this.info = granted;
			this.dataMode = choice;
			if (choice.grantedBy(granted.flags())) {
				verify(granted);
				return granted;
			}
			logger.info("disk '{}': the driver does not grant {}, only {}", this.spec.name(), choice, granted);
			this.driver.delete(granted.id(), DELETE_PATIENCE);
			this.info = null;
		}
		throw new UblkException("the driver grants none of " + choices, null);
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

	private void verify(DeviceInfo granted) {
		if (granted.queueDepth() != this.spec.queueDepth() || granted.maxIoSize() > this.spec.maxIoSize()
				|| granted.queues() > this.spec.queues() || !UblkFeature.CMD_IOCTL_ENCODE.in(granted.flags())) {
			throw new UblkException(
					"the driver granted something else than asked for: " + granted + " for " + this.spec, null);
		}
		if (granted.queues() < this.spec.queues()) {
			logger.info("disk '{}': the kernel grants {} of {} queues, one per processor", this.spec.name(),
					granted.queues(), this.spec.queues());
		}
	}

	private void startQueues(DeviceInfo granted, DeviceChannel opened, DataModeChoice choice,
			BlockQueue.Listener listener) {
		for (int i = 0; i < granted.queues(); i++) {
			this.dataPaths
				.add(opened.dataPath(i, choice.mode(), choice.registration(), !this.server.fillsReadBuffers()));
		}
		if (!buffersLocked()) {
			logger.warn("disk '{}': its buffers could not be locked in memory; raise the limit on locked memory"
					+ " ('ulimit -l', LimitMEMLOCK=) so that they are never swapped", this.spec.name());
		}
		QueueTransport.Factory transports = opened.transports(choice.registration());
		for (int i = 0; i < granted.queues(); i++) {
			ObservedQueue observer = new ObservedQueue(i,
					this.settings.metrics().queue(this.spec.name(), i, granted.queueDepth()));
			this.observed.add(observer);
			BlockQueue queue = this.server
				.queue(this.spec.name(), i, granted.queueDepth(), transports, this.dataPaths.get(i), listener)
				.observedBy(observer);
			this.queues.add(queue);
			queue.start(this.settings.controlTimeout());
		}
	}

	private void awaitPath(int id) {
		if (!this.driver.awaitPath(id, NODE_PATIENCE)) {
			logger.warn("disk '{}' is live, but {} does not exist here; in a container, mount the host's /dev",
					this.spec.name(), this.driver.path(id));
		}
	}

	/**
	 * Leaves the requests of a device with a dead queue to the driver: it fails them and
	 * removes the disk when nobody has the character device open.
	 */
	void abandon() {
		this.queues.forEach(BlockQueue::terminate);
		endQueues();
		closeChannel();
	}

	/**
	 * Undoes whatever part of {@link #assemble} has been done, and can be repeated. The
	 * queues serve until the disk is gone, and the character device is closed before the
	 * device is deleted.
	 */
	void dismantle() {
		DeviceInfo current = this.info;
		if (current == null) {
			return;
		}
		boolean dead = this.queues.stream().anyMatch(BlockQueue::isDead);
		if (dead) {
			abandon();
		}
		stopDisk(current.id());
		endQueues();
		closeChannel();
		this.dataPaths.forEach(DataPath::release);
		this.dataPaths.clear();
		delete(current.id());
	}

	private void stopDisk(int id) {
		AtomicBoolean stopped = new AtomicBoolean();
		CompletableFuture.delayedExecutor(this.settings.drainTimeout().toMillis(), TimeUnit.MILLISECONDS)
			.execute(() -> {
				if (!stopped.get()) {
					this.queues.forEach(BlockQueue::failEverything);
				}
			});
		try {
			this.driver.stop(id, this.settings.drainTimeout());
		}
		catch (LinuxException ex) {
			if (ex.errno() == Errno.ENODEV) {
				return;
			}
			// Nothing has been synced yet: data that a file system still holds would be
			// lost
			if (this.started && ex.errno() != Errno.ETIMEDOUT) {
				throw ex;
			}
			logger.warn("disk '{}': stopping it failed, so its queues are ended first", this.spec.name(), ex);
			this.queues.forEach(BlockQueue::terminate);
		}
		finally {
			stopped.set(true);
		}
	}

	private void endQueues() {
		long deadline = System.nanoTime() + END_PATIENCE.toNanos();
		for (BlockQueue queue : this.queues) {
			if (!queue.awaitEnd(Duration.ofNanos(deadline - System.nanoTime()))) {
				queue.terminate();
			}
		}
		List<String> stuck = this.queues.stream()
			.filter((queue) -> !queue.awaitEnd(Duration.ofSeconds(1)))
			.map((queue) -> queue.snapshot().thread())
			.toList();
		if (!stuck.isEmpty()) {
			throw new UblkException("a handler blocks " + stuck
					+ ", so the device cannot be released. A handler must not block; a thread dump shows where it waits",
					null);
		}
	}

	private void closeChannel() {
		DeviceChannel opened = this.channel;
		if (opened != null) {
			opened.close();
		}
	}

	private void delete(int id) {
		try {
			if (!this.driver.delete(id, DELETE_PATIENCE)) {
				logger
					.warn("disk '{}' has stopped, but somebody still holds {} (a mount, or a process: see 'fuser -v');"
							+ " the device goes when they let go", this.spec.name(), this.driver.path(id));
			}
		}
		catch (LinuxException ex) {
			// somebody else has deleted it
			if (ex.errno() != Errno.ENODEV) {
				throw ex;
			}
		}
	}

}
