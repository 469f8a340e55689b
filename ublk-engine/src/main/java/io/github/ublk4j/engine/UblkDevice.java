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

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.driver.CharDevice;
import io.github.ublk4j.engine.driver.ControlClient;
import io.github.ublk4j.engine.driver.DeviceInfo;
import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.queue.BlockQueue;
import io.github.ublk4j.engine.queue.DriverTransports;
import io.github.ublk4j.engine.queue.QueueBuffers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * A block device that this process serves. All methods may be called from any thread.
 */
public final class UblkDevice {

	private static final Logger logger = LoggerFactory.getLogger(UblkDevice.class);

	private static final Duration NODE_PATIENCE = Duration.ofSeconds(5);

	private static final Duration DELETE_PATIENCE = Duration.ofSeconds(3);

	private static final Duration TERMINATION_PATIENCE = Duration.ofSeconds(5);

	private final DiskSpec spec;

	private final DiskServer server;

	private final ControlClient control;

	private final Duration drainTimeout;

	private final Duration controlTimeout;

	private final Mono<Void> stop;

	private final List<BlockQueue> queues = new ArrayList<>();

	private final List<QueueBuffers> buffers = new ArrayList<>();

	// held while the device is made or unmade, so that a stop waits for a start
	private final Lock lifecycle = new ReentrantLock();

	private volatile DeviceState state = DeviceState.STARTING;

	private volatile @Nullable String failure;

	private volatile @Nullable DeviceInfo info;

	private @Nullable CharDevice charDevice;

	UblkDevice(DiskSpec spec, DiskServer server, ControlClient control, Scheduler scheduler, Duration drainTimeout,
			Duration controlTimeout, Consumer<UblkDevice> forget) {
		this.spec = spec;
		this.server = server;
		this.control = control;
		this.drainTimeout = drainTimeout;
		this.controlTimeout = controlTimeout;
		this.stop = Mono.<Void>fromRunnable(this::stopNow)
			.doOnSuccess((done) -> forget.accept(this))
			.subscribeOn(scheduler)
			.cache();
	}

	static Path pathOf(int id) {
		return Path.of("/dev/ublkb" + id);
	}

	/**
	 * Returns the name of the disk.
	 * @return the name
	 */
	public String name() {
		return this.spec.name();
	}

	/**
	 * Returns the kernel's number of the device.
	 * @return the N of {@code /dev/ublkbN}; -1 before the driver has chosen it
	 */
	public int id() {
		DeviceInfo current = this.info;
		return (current != null) ? current.id() : -1;
	}

	/**
	 * Returns the block device.
	 * @return {@code /dev/ublkbN}
	 */
	public Path path() {
		return pathOf(id());
	}

	/**
	 * Returns what was asked for.
	 * @return the specification
	 */
	public DiskSpec spec() {
		return this.spec;
	}

	/**
	 * Returns how the device is now.
	 * @return a snapshot
	 */
	public DeviceStatus status() {
		DeviceInfo current = this.info;
		List<QueueStatus> queueStatus = new ArrayList<>();
		long bufferBytes = 0;
		boolean locked = true;
		synchronized (this.queues) {
			for (BlockQueue queue : this.queues) {
				BlockQueue.Snapshot s = queue.snapshot();
				queueStatus.add(new QueueStatus(s.queue(), s.thread(), s.alive(), s.depth(), s.inFlight(), s.requests(),
						s.errors(), s.handovers(), s.wakeUps(), s.enters()));
			}
			for (QueueBuffers queueBuffers : this.buffers) {
				bufferBytes += queueBuffers.bytes();
				locked &= queueBuffers.locked();
			}
		}
		return new DeviceStatus(name(), id(), path(), this.state, this.spec, this.server.operations(this.spec),
				UblkFeature.names((current != null) ? current.flags() : 0), bufferBytes, locked,
				List.copyOf(queueStatus), this.failure);
	}

	/**
	 * Removes the disk and releases all that belongs to it: file systems on it are
	 * synced, requests in flight are waited for as long as the engine's drain timeout,
	 * then failed with EIO. Idempotent; every call returns the same result.
	 * @return completes when nothing is left; an error says what is left and why
	 */
	public Mono<Void> stop() {
		return this.stop;
	}

	/**
	 * Makes the device. Blocks; on failure nothing of it is left.
	 */
	void start() {
		this.lifecycle.lock();
		try {
			startLocked();
		}
		finally {
			this.lifecycle.unlock();
		}
	}

	private void startLocked() {
		if (this.state != DeviceState.STARTING) {
			throw new UblkException("disk '" + name() + "' was stopped before it had started", null);
		}
		try {
			DeviceInfo granted = this.control.add(DeviceInfo.request(this.spec.queues(), this.spec.queueDepth(),
					this.spec.maxIoSize(), UblkFeature.CMD_IOCTL_ENCODE.mask()));
			this.info = granted;
			verify(granted);
			CharDevice opened = CharDevice.open(granted);
			this.charDevice = opened;
			startQueues(granted, opened);
			this.control.setParameters(granted.id(), this.spec, this.server.operations(this.spec), granted.maxIoSize());
			this.control.start(granted.id(), ProcessHandle.current().pid());
			awaitNode(granted.id());
			goLive();
		}
		catch (RuntimeException ex) {
			RuntimeException reported = new UblkException(
					"disk '" + name() + "' could not be started: " + ex.getMessage(), ex);
			try {
				tearDown();
			}
			catch (RuntimeException cleanUp) {
				reported.addSuppressed(cleanUp);
			}
			this.state = DeviceState.STOPPED;
			throw reported;
		}
	}

	private void verify(DeviceInfo granted) {
		if (granted.queueDepth() != this.spec.queueDepth() || granted.maxIoSize() > this.spec.maxIoSize()
				|| granted.queues() > this.spec.queues() || !UblkFeature.CMD_IOCTL_ENCODE.in(granted.flags())) {
			throw new UblkException(
					"The driver granted something else than asked for: " + granted + " for " + this.spec, null);
		}
		if (granted.queues() < this.spec.queues()) {
			logger.info("disk '{}': the kernel grants {} of {} queues, one per processor", name(), granted.queues(),
					this.spec.queues());
		}
	}

	private void startQueues(DeviceInfo granted, CharDevice opened) {
		List<ByteBuffer> affinities = new ArrayList<>();
		boolean locked = true;
		for (int i = 0; i < granted.queues(); i++) {
			affinities.add(this.control.affinity(granted.id(), i));
			QueueBuffers queueBuffers = new QueueBuffers(granted.queueDepth(), granted.maxIoSize());
			synchronized (this.queues) {
				this.buffers.add(queueBuffers);
			}
			locked &= queueBuffers.locked();
		}
		if (!locked) {
			logger.warn("disk '{}': its buffers could not be locked in memory; raise the limit on locked memory"
					+ " ('ulimit -l', LimitMEMLOCK=) so that they are never swapped", name());
		}
		DriverTransports transports = new DriverTransports(opened, this.buffers, affinities);
		for (int i = 0; i < granted.queues(); i++) {
			BlockQueue queue = this.server.queue(name(), i, granted.queueDepth(), transports, this::failed);
			synchronized (this.queues) {
				this.queues.add(queue);
			}
			queue.start(this.controlTimeout);
		}
	}

	private synchronized void goLive() {
		if (this.failure != null) {
			throw new UblkException(this.failure, null);
		}
		this.state = DeviceState.LIVE;
	}

	private synchronized void failed(int queue, String reason, @Nullable Throwable cause) {
		this.failure = reason;
		if (this.state == DeviceState.LIVE) {
			this.state = DeviceState.FAILED;
			logger.error("disk '{}' failed: {}; its requests end with EIO until it is stopped", name(), reason, cause);
		}
	}

	// devtmpfs shows the node at once; in a container udev may have to make it
	private void awaitNode(int id) {
		Path node = pathOf(id);
		long deadline = System.nanoTime() + NODE_PATIENCE.toNanos();
		while (!Files.exists(node)) {
			if (System.nanoTime() > deadline) {
				logger.warn("disk '{}' is live, but {} does not exist here; in a container, mount the host's /dev",
						name(), node);
				return;
			}
			try {
				Thread.sleep(10);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw new UblkException("Interrupted while waiting for " + node, ex);
			}
		}
	}

	private void stopNow() {
		this.lifecycle.lock();
		try {
			if (this.state != DeviceState.STOPPED) {
				this.state = DeviceState.STOPPING;
				tearDown();
				this.state = DeviceState.STOPPED;
			}
		}
		catch (RuntimeException ex) {
			this.state = DeviceState.FAILED;
			this.failure = ex.getMessage();
			throw new UblkException("disk '" + name() + "' could not be stopped: " + ex.getMessage(), ex);
		}
		finally {
			this.lifecycle.unlock();
		}
	}

	/**
	 * Undoes whatever part of a start has been done, in the order that the driver needs:
	 * the queues serve until the disk is gone, and the character device is closed before
	 * the device is deleted.
	 */
	private void tearDown() {
		DeviceInfo current = this.info;
		if (current == null) {
			return;
		}
		RuntimeException stopFailure = null;
		Disposable impatience = Schedulers.parallel()
			.schedule(() -> this.queues.forEach(BlockQueue::failEverything), this.drainTimeout.toMillis(),
					TimeUnit.MILLISECONDS);
		try {
			this.control.stop(current.id(), this.drainTimeout);
		}
		catch (RuntimeException ex) {
			stopFailure = ex;
		}
		finally {
			impatience.dispose();
		}
		endQueues(stopFailure != null);
		CharDevice opened = this.charDevice;
		if (opened != null) {
			opened.close();
		}
		this.buffers.forEach(QueueBuffers::release);
		delete(current.id());
		if (stopFailure != null) {
			logger.warn("disk '{}' was deleted, but stopping it failed", name(), stopFailure);
		}
	}

	private void delete(int id) {
		try {
			if (!this.control.delete(id, DELETE_PATIENCE)) {
				logger
					.warn("disk '{}' has stopped, but somebody still holds {} (a mount, or a process: see 'fuser -v');"
							+ " the device goes when they let go", name(), path());
			}
		}
		catch (LinuxException ex) {
			// somebody else has deleted it
			if (ex.errno() != Errno.ENODEV) {
				throw ex;
			}
		}
	}

	private void endQueues(boolean terminate) {
		for (BlockQueue queue : this.queues) {
			if (terminate) {
				queue.terminate();
			}
			if (!queue.awaitEnd(this.controlTimeout)) {
				queue.terminate();
				if (!queue.awaitEnd(TERMINATION_PATIENCE)) {
					throw new UblkException("The thread of queue " + queue.snapshot().queue()
							+ " does not end: a handler blocks it. A handler must not block; see the thread dump",
							null);
				}
			}
		}
	}

	@Override
	public String toString() {
		return "ublk device " + id() + " (" + this.spec + ", " + this.state + ")";
	}

}
