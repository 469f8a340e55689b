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

package io.github.ublk4j.spring.autoconfigure;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;

import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkDriver;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkException;
import io.github.ublk4j.spring.BlockDeviceFailedEvent;
import io.github.ublk4j.spring.BlockDeviceQuiescedEvent;
import io.github.ublk4j.spring.BlockDeviceReadyEvent;
import io.github.ublk4j.spring.BlockDeviceStoppedEvent;
import io.github.ublk4j.spring.OnShutdown;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * A disk, and the device that serves it while it is started. What changes it is a task;
 * the tasks of a disk run one after the other.
 */
final class ServedDisk {

	private static final Logger logger = LoggerFactory.getLogger(ServedDisk.class);

	private final Disk disk;

	private final boolean declared;

	private final DeviceLinks links;

	private final DiskEvents events;

	private final Consumer<ServedDisk> forget;

	private final SerialTasks tasks;

	private volatile @Nullable UblkDevice device;

	private volatile boolean wanted = true;

	// the following are for tasks alone

	private boolean open;

	private boolean serving;

	private boolean forgotten;

	/**
	 * Creates a disk that is not started.
	 * @param disk what serves it
	 * @param declared whether it is there for good
	 * @param links where its link goes
	 * @param events what its changes are told to
	 * @param forget called when the disk is no more, by a task
	 */
	ServedDisk(Disk disk, boolean declared, DeviceLinks links, DiskEvents events, Consumer<ServedDisk> forget) {
		this.disk = disk;
		this.declared = declared;
		this.links = links;
		this.events = events;
		this.forget = forget;
		this.tasks = new SerialTasks("ublk-disk-" + disk.name(), events::publish);
	}

	Disk disk() {
		return this.disk;
	}

	boolean declared() {
		return this.declared;
	}

	/**
	 * Returns the device that serves the disk, or the last one that did.
	 */
	@Nullable UblkDevice device() {
		return this.device;
	}

	/**
	 * Returns whether nobody has stopped the disk but the context.
	 */
	boolean wanted() {
		return this.wanted;
	}

	/**
	 * Takes what the disk needs, before it is started.
	 */
	CompletableFuture<@Nullable Void> open() {
		return this.tasks.run(() -> {
			openNow();
			return null;
		});
	}

	CompletableFuture<UblkDevice> start(UblkEngine engine) {
		this.wanted = true;
		return this.tasks.run(() -> startNow(engine));
	}

	/**
	 * Starts the disk for the first time. If that fails, it is forgotten.
	 */
	CompletableFuture<UblkDevice> create(UblkEngine engine) {
		return this.tasks.run(() -> {
			try {
				return startNow(engine);
			}
			catch (Throwable ex) {
				forgetNow();
				throw ex;
			}
		});
	}

	CompletableFuture<@Nullable Void> stop() {
		this.wanted = false;
		return this.tasks.run(() -> {
			stopNow();
			return null;
		});
	}

	/**
	 * Stops the disk unless somebody uses it.
	 */
	CompletableFuture<@Nullable Void> stopUnused() {
		return this.tasks.run(() -> {
			stopNow(UblkDevice::stopUnused);
			this.wanted = false;
			return null;
		});
	}

	/**
	 * Leaves the disk to the next server.
	 */
	CompletableFuture<@Nullable Void> quiesce() {
		return this.tasks.run(() -> {
			requireRecovery();
			quiesceNow();
			this.wanted = false;
			return null;
		});
	}

	private void requireRecovery() {
		if (this.serving && this.disk.spec().recovery() == Recovery.NONE) {
			throw new UblkException(
					"The " + this.disk + " cannot be left to the next server, because it has no recovery. "
							+ (this.declared ? "Set " + PropertyNames.of(this.disk.name(), "recovery") + "=reissue"
									: "Give its DiskSpec one, such as REISSUE"),
					null);
		}
	}

	CompletableFuture<UblkDevice> resize(long bytes) {
		return this.tasks.run(() -> {
			UblkDevice current = this.device;
			if (!this.serving || current == null) {
				throw new IllegalStateException("The " + this.disk + " is not started");
			}
			current.resize(bytes).block();
			return current;
		});
	}

	CompletableFuture<@Nullable Void> delete() {
		return this.tasks.run(() -> {
			stopNow();
			forgetNow();
			return null;
		});
	}

	/**
	 * Ends the disk with the context, as it is declared. What it was given is closed even
	 * if the device cannot be stopped.
	 */
	CompletableFuture<@Nullable Void> close() {
		return close(this::endNow);
	}

	/**
	 * Ends the disk of a context that did not start. One that was there before is left to
	 * the next attempt, whatever is declared: somebody may have mounted it.
	 */
	CompletableFuture<@Nullable Void> undo() {
		return close(() -> {
			UblkDevice current = this.device;
			if (this.serving && current != null && current.takenOver()) {
				leaveNow(current);
			}
			else {
				endNow();
			}
		});
	}

	private CompletableFuture<@Nullable Void> close(Runnable end) {
		return this.tasks.run(() -> {
			try {
				end.run();
			}
			finally {
				closeNow();
			}
			return null;
		});
	}

	/**
	 * Takes the failure of a device. One that is being started is announced first.
	 */
	void failed(UblkDevice failed, String reason, @Nullable Throwable cause) {
		this.tasks.run(() -> {
			if (this.serving && this.device == failed) {
				this.events.add(new BlockDeviceFailedEvent(failed, reason, cause));
			}
			return null;
		});
	}

	/**
	 * Cleans up after a device that somebody else may have stopped.
	 */
	void stopped(UblkDevice stopped) {
		this.tasks.run(() -> {
			if (this.serving && this.device == stopped) {
				this.wanted = false;
				stopNow();
			}
			return null;
		});
	}

	/**
	 * Cleans up after a device that somebody else may have quiesced.
	 */
	void quiesced(UblkDevice quiesced) {
		this.tasks.run(() -> {
			if (this.serving && this.device == quiesced) {
				this.wanted = false;
				quiesceNow();
			}
			return null;
		});
	}

	private void openNow() {
		if (!this.open) {
			this.disk.open();
			this.open = true;
		}
	}

	private UblkDevice startNow(UblkEngine engine) {
		if (this.forgotten) {
			throw new IllegalStateException("The " + this.disk + " has been deleted; create it again");
		}
		UblkDevice current = this.device;
		if (this.serving && current != null && current.status().state() == DeviceState.LIVE) {
			return current;
		}
		if (this.serving) {
			endFailed();
		}
		requireQuiescible(engine);
		try {
			openNow();
			UblkDevice started = this.disk.start(engine);
			this.device = started;
			this.serving = true;
			this.links.create(this.disk.name(), started.path());
			logger.info("disk '{}' {} at {} ({})", this.disk.name(), started.takenOver() ? "taken over" : "ready",
					started.path(), DiskDescription.of(started.status()));
			this.events.add(new BlockDeviceReadyEvent(started));
			return started;
		}
		finally {
			if (!this.serving) {
				closeNow();
			}
		}
	}

	/**
	 * Refuses a disk that could not be left to the next version later: it would be
	 * removed with what is mounted on it.
	 */
	private void requireQuiescible(UblkEngine engine) {
		if (this.disk.onShutdown() == OnShutdown.QUIESCE && this.disk.spec().recovery() == Recovery.QUEUE) {
			Set<String> features = engine.driver().map(UblkDriver::features).blockOptional().orElse(Set.of());
			if (!features.contains("QUIESCE")) {
				throw new DiskStartupException(
						"The " + this.disk + " cannot be left to the next server as it is declared: "
								+ "with recovery queue that needs Linux 6.16 or later.",
						"Set " + PropertyNames.of(this.disk.name(), "recovery") + "=reissue, or "
								+ PropertyNames.of(this.disk.name(), "onShutdown") + "=delete.");
			}
		}
	}

	/**
	 * Ends a device that has failed, so that the next one can be started. One that can be
	 * taken over keeps its disk.
	 */
	private void endFailed() {
		if (this.disk.spec().recovery() == Recovery.NONE) {
			stopNow();
		}
		else {
			quiesceNow();
		}
	}

	private void quiesceNow() {
		UblkDevice current = this.device;
		if (this.serving && current != null) {
			current.quiesce().block();
			left(current);
			logger.info("disk '{}' at {} left to the next server", this.disk.name(), current.path());
		}
		closeNow();
	}

	private void leaveNow(UblkDevice current) {
		current.leave().block();
		left(current);
		logger.warn("disk '{}' at {} is left to the next server, because it was there before the application, "
				+ "which did not start, and may be in use: {}. Mend what kept the application from starting, "
				+ "and start it again; to be rid of the disk, unmount it and start once with ublk.orphans=delete",
				this.disk.name(), current.path(), meanwhile());
	}

	private void endNow() {
		if (this.disk.onShutdown() == OnShutdown.QUIESCE) {
			quiesceNow();
		}
		else {
			stopNow();
		}
	}

	private void left(UblkDevice current) {
		this.serving = false;
		this.events.add(new BlockDeviceQuiescedEvent(current));
	}

	/**
	 * Returns what becomes of requests until the next server is there.
	 */
	private String meanwhile() {
		return switch (this.disk.spec().recovery()) {
			case REISSUE, NONE -> "its requests wait for the next server";
			case QUEUE -> "its requests wait for the next server; before Linux 6.16 those that it sent during "
					+ "the attempt may have failed";
			case FAIL_IO -> "its requests fail until the next server is there";
		};
	}

	private void stopNow() {
		stopNow(UblkDevice::stop);
	}

	private void stopNow(Function<UblkDevice, Mono<Void>> how) {
		UblkDevice current = this.device;
		if (this.serving && current != null) {
			how.apply(current).block();
			this.links.remove(this.disk.name());
			this.serving = false;
			logger.info("disk '{}' at {} stopped", this.disk.name(), current.path());
			this.events.add(new BlockDeviceStoppedEvent(current));
		}
		closeNow();
	}

	private void closeNow() {
		this.open = false;
		try {
			this.disk.close();
		}
		catch (RuntimeException | Error ex) {
			logger.error("the {} could not be closed", this.disk, ex);
		}
	}

	private void forgetNow() {
		this.forgotten = true;
		this.forget.accept(this);
	}

}
