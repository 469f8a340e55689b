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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.device.Driver;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.OwnUse;
import io.github.ublk4j.engine.queue.BlockQueue;
import io.github.ublk4j.metrics.InFlightRequest;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * A block device that this process serves. All methods may be called from any thread.
 */
public final class UblkDevice {

	private static final Logger logger = LoggerFactory.getLogger(UblkDevice.class);

	private static final String REMOVED = "somebody else stopped or deleted its device, with 'ublk del' for example";

	private final DiskSpec declared;

	private final DiskServer server;

	private final ControlTasks tasks;

	private final DeviceParts parts;

	private final Consumer<UblkDevice> forget;

	private final DeviceNews news;

	private final OwnUseWarnings ownUse = new OwnUseWarnings(OwnUse.ofThisProcess());

	// held while the device is made or unmade, so that a stop waits for a start
	private final Lock lifecycle = new ReentrantLock();

	private volatile DeviceState state = DeviceState.STARTING;

	private volatile @Nullable String failure;

	private volatile @Nullable Throwable failureCause;

	private @Nullable CompletableFuture<Void> stop;

	private boolean meantToStay;

	// whether nobody waits for the start any more
	private volatile BooleanSupplier cancelled = () -> false;

	private volatile boolean wasLive;

	// of live devices: failures are told once, and nothing of those that never were live
	private boolean failureIsNews;

	// as its users want it, also while a stop serves what waits
	private boolean paused;

	// the driver has taken the tags of a queue back
	private boolean queueEnded;

	UblkDevice(DiskSpec spec, DiskServer server, Driver driver, ControlTasks tasks, EngineSettings settings,
			Consumer<UblkDevice> forget) {
		this.declared = spec;
		this.server = server;
		this.tasks = tasks;
		this.parts = new DeviceParts(spec, server, driver, tasks, settings);
		this.forget = forget;
		this.news = new DeviceNews(settings.listeners());
	}

	/**
	 * Returns the name of the disk.
	 * @return the name
	 */
	public String name() {
		return this.declared.name();
	}

	/**
	 * Returns the kernel's number of the device.
	 * @return the N of {@code /dev/ublkbN}
	 */
	public int id() {
		return this.parts.id();
	}

	/**
	 * Returns the block device.
	 * @return {@code /dev/ublkbN}; a path where nothing is, if the device is simulated
	 */
	public Path path() {
		return this.parts.path();
	}

	/**
	 * Returns what was asked for, with the size that the disk has now.
	 * @return the specification
	 */
	public DiskSpec spec() {
		return this.parts.spec();
	}

	/**
	 * Returns whether the disk was there already when the device was started: an earlier
	 * server had left it.
	 * @return whether it was taken over
	 */
	public boolean takenOver() {
		return this.parts.takenOver();
	}

	/**
	 * Returns how long a request may take: what was asked for, or less where the kernel
	 * would kill the server of an ordinary user before.
	 * @return from the arrival to the end; zero for ever
	 */
	public Duration requestTimeout() {
		return this.parts.requestTimeout();
	}

	/**
	 * Returns how the device is now.
	 * @return a snapshot
	 */
	public DeviceStatus status() {
		return new DeviceStatus(name(), id(), path(), this.state, spec(), this.server.operations(spec()),
				this.parts.flags(), this.parts.dataMode(), this.parts.bufferBytes(), this.parts.maxBufferBytes(),
				this.parts.buffersLocked(), this.parts.queueStatus(), this.failure);
	}

	/**
	 * Returns the requests as they are answered, for those who watch: nothing is kept for
	 * a subscriber that is slow, and nothing is measured while there is none.
	 * @return the requests on a thread of Reactor's parallel scheduler, until the device
	 * stops
	 */
	public Flux<DiskActivity> activity() {
		return Flux.defer(this.parts::activity).onBackpressureDrop().publishOn(Schedulers.parallel());
	}

	/**
	 * Returns the requests that one queue is serving. A request that begins or ends
	 * meanwhile may be missing.
	 * @param queue the index of the queue
	 * @return the requests by tag
	 * @throws IndexOutOfBoundsException if there is no such queue
	 */
	public List<InFlightRequest> inFlight(int queue) {
		return this.parts.inFlight(queue);
	}

	/**
	 * Looks how this process itself uses the disk, which it should not: a process that
	 * waits for a disk that it serves can hang, above all when memory is short. Found are
	 * mounts in its mount namespace and open files, also through partitions, device
	 * mapper and md. Each is logged as a warning once. Never touches the disk.
	 * @return the uses, for people; empty if there are none
	 */
	public List<String> ownUse() {
		return this.ownUse.check(name(), path());
	}

	/**
	 * Lets requests that arrive from now on wait until {@link #resume()}: whoever sent
	 * them waits. Those that the disk has been given already go on. Has no effect on a
	 * device that is not live; a stop resumes first.
	 * @throws UblkException if the device belongs to an ordinary user, whose server the
	 * kernel would kill
	 */
	public synchronized void pause() {
		// what a stop syncs must be served
		if (this.state == DeviceState.LIVE) {
			this.parts.requirePausable();
			this.paused = true;
			this.parts.pause();
		}
	}

	/**
	 * Serves the requests that wait, and those to come.
	 */
	public synchronized void resume() {
		this.paused = false;
		this.parts.resume();
	}

	/**
	 * Removes the disk and releases all that belongs to it: file systems on it are
	 * synced, requests in flight are waited for as long as the engine's drain timeout,
	 * then failed with EIO. Idempotent: calls at the same time share one stop, and one
	 * that failed can be tried again. Cancelling the result does not cancel the stop.
	 * @return completes when nothing is left; an error says what is left and why
	 */
	public Mono<Void> stop() {
		return Mono.defer(() -> Mono.fromFuture(stopOnce(), true));
	}

	/**
	 * Removes the disk as {@link #stop()} does, unless somebody uses it. A disk that was
	 * paused and goes on is paused again.
	 * @return completes when nothing is left; a {@link DiskInUseException} says who uses
	 * the disk, which then goes on
	 */
	public Mono<Void> stopUnused() {
		return onControlThread(() -> stopNow(true));
	}

	/**
	 * Leaves the disk to the next server, in this process or another: requests in flight
	 * are waited for as long as the engine's drain timeout, those to come wait as the
	 * {@link DiskSpec#recovery() recovery} of the disk says. A device that has failed can
	 * be left too. To take it over, start a disk of the same name and geometry.
	 * @return completes when the device can be taken over; an error if its recovery is
	 * {@code NONE}, or a handler blocks its queue
	 */
	public Mono<Void> quiesce() {
		return onControlThread(() -> quiesceNow(this.parts::requireQuiescible));
	}

	/**
	 * Leaves the disk to the next server as {@link #quiesce()} does, and also where
	 * requests fail by that: those that arrive meanwhile do with the recovery
	 * {@code QUEUE} before Linux 6.16, as they would if this process died. For a disk
	 * that must outlive this server whatever it costs.
	 * @return completes when the device can be taken over; an error if its recovery is
	 * {@code NONE}, or a handler blocks its queue
	 */
	public Mono<Void> leave() {
		return onControlThread(() -> quiesceNow(this.parts::requireRecovery));
	}

	/**
	 * Changes the capacity of a live disk. What serves it must have room for that; users
	 * of the disk see the new size at once, a file system has to be grown by its own
	 * tool.
	 * @param bytes a positive multiple of the logical block size
	 * @return completes when the disk has the size; an error says why it cannot have it:
	 * the kernel is too old, the store too small, or somebody uses a disk that would
	 * become smaller
	 */
	public Mono<Void> resize(long bytes) {
		return onControlThread(() -> resizeNow(bytes));
	}

	private Mono<Void> onControlThread(Runnable change) {
		return Mono.defer(() -> Mono.fromFuture(this.tasks.run(() -> {
			change.run();
			return null;
		}), true));
	}

	void trimBuffers() {
		this.parts.trimBuffers();
	}

	synchronized CompletableFuture<Void> stopOnce() {
		if (this.stop == null || this.stop.isCompletedExceptionally()) {
			this.stop = this.tasks.run(() -> {
				stopNow(false);
				return null;
			});
		}
		return this.stop;
	}

	/**
	 * Makes the device. Blocks; on failure nothing of it is left, or the device has
	 * failed and can be stopped.
	 * @param cancelled whether nobody waits for it any more
	 */
	void start(BooleanSupplier cancelled) {
		this.cancelled = cancelled;
		this.lifecycle.lock();
		try {
			if (this.state != DeviceState.STARTING) {
				throw new UblkException("disk '" + name() + "' was stopped before it had started", null);
			}
			Failures failures = new Failures();
			this.parts.assemble(failures, failures::queueEnded, this::requireServing);
			goLive();
		}
		// an Error too must not leave half a device
		catch (Throwable ex) {
			throw undoStart(ex);
		}
		finally {
			this.lifecycle.unlock();
		}
		this.news.tell();
	}

	private UblkException undoStart(Throwable cause) {
		String reason = "disk '" + name() + "' could not be started: " + cause.getMessage();
		try {
			this.parts.dismantle(false);
			this.state = DeviceState.STOPPED;
			return new UblkException(takenOver() ? reason + ". " + path() + " is left to the next server" : reason,
					cause);
		}
		catch (Throwable left) {
			synchronized (this) {
				this.failure = reason;
				this.failureCause = cause;
				this.state = DeviceState.FAILED;
			}
			UblkException reported = new UblkException(reason + ". Nor could what there is of it be removed: "
					+ left.getMessage() + ". That is tried again when the disk is started again", cause);
			reported.addSuppressed(left);
			return reported;
		}
	}

	/**
	 * Returns whether this is what is left of a start that has failed.
	 */
	boolean isLeftover() {
		return this.state == DeviceState.FAILED && !this.wasLive;
	}

	/**
	 * Removes what is left of a start that has failed. Blocks.
	 */
	void removeLeftover() {
		stopNow(false);
	}

	private void requireServing() {
		requireNoFailure();
		if (isUnwanted()) {
			logger.info("disk '{}': its start was cancelled, so {} is left to the next server", name(), path());
			throw new UblkException("its start was cancelled", null);
		}
	}

	/**
	 * Returns whether a start that was cancelled has taken the disk over. Its users know
	 * nothing of the start, and keep the disk.
	 */
	private boolean isUnwanted() {
		return takenOver() && this.cancelled.getAsBoolean();
	}

	/**
	 * Ends what a cancelled start has begun: a disk that it has made is stopped, one that
	 * it has taken over is left to the next server.
	 */
	void giveUp() {
		if (takenOver()) {
			this.tasks.start(this::leaveUnwanted);
		}
		else {
			stopOnce();
		}
	}

	private void leaveUnwanted() {
		if (this.state != DeviceState.LIVE && this.state != DeviceState.FAILED) {
			return;
		}
		try {
			quiesceNow(this.parts::requireQuiescible);
			logger.info(
					"disk '{}': its start was cancelled when it had been taken over, so {} is left to the next server",
					name(), path());
		}
		catch (UblkException ex) {
			logger.warn(
					"disk '{}': its start was cancelled when it had been taken over, and it cannot be left to the"
							+ " next server now, so {} is not removed but stays with this engine ({}). Go on with"
							+ " UblkEngine.device(\"{}\"), or unmount the disk and stop it there",
					name(), path(), ex.getMessage(), name());
		}
	}

	private synchronized void requireNoFailure() {
		if (this.failure != null) {
			throw new UblkException(this.failure, this.failureCause);
		}
	}

	private synchronized void goLive() {
		requireNoFailure();
		this.parts.live();
		this.state = DeviceState.LIVE;
		this.wasLive = true;
		this.failureIsNews = true;
		this.news.add((listener) -> listener.live(this));
		DeviceStatus status = status();
		logger.debug("disk '{}' is {}: data mode {}{}, {} queues x {} requests, buffers of {} bytes, at most {}",
				name(), path(), status.dataMode(), (spec().dataMode() == DataMode.AUTO) ? " (automatic)" : "",
				status.queues().size(), spec().queueDepth(), status.bufferBytes(), status.maxBufferBytes());
	}

	private void stopNow(boolean onlyUnused) {
		this.lifecycle.lock();
		try {
			if (this.state != DeviceState.STOPPED && this.state != DeviceState.QUIESCED) {
				DeviceState before = this.state;
				if (before == DeviceState.LIVE) {
					ownUse();
				}
				if (onlyUnused) {
					requireUnused(this.parts.users());
				}
				beginStop();
				List<String> users = this.parts.dismantle(onlyUnused);
				if (!users.isEmpty()) {
					goOn(before);
				}
				requireUnused(users);
				this.state = DeviceState.STOPPED;
				if (this.wasLive) {
					this.news.add((listener) -> listener.stopped(this));
				}
			}
			this.forget.accept(this);
		}
		catch (DiskInUseException ex) {
			throw ex;
		}
		catch (Throwable ex) {
			throw failedToEnd("stopped", ex);
		}
		finally {
			this.lifecycle.unlock();
			this.news.tell();
		}
	}

	private void requireUnused(List<String> users) {
		if (!users.isEmpty()) {
			throw new DiskInUseException(name(), users);
		}
	}

	/**
	 * Goes on after a stop that was refused. What failed meanwhile was not told.
	 */
	private synchronized void goOn(DeviceState before) {
		if (before == DeviceState.LIVE && this.failure == null && (this.queueEnded || this.parts.hasEndedQueue())) {
			this.failure = REMOVED;
		}
		if (before != DeviceState.LIVE || this.failure == null) {
			this.state = before;
			if (this.paused) {
				this.parts.pause();
			}
			return;
		}
		this.state = DeviceState.FAILED;
		addFailure(this.failure, this.failureCause);
		if (this.queueEnded || this.parts.hasEndedQueue()) {
			this.tasks.start(this::abandon);
		}
	}

	private UblkException failedToEnd(String how, Throwable cause) {
		this.state = DeviceState.FAILED;
		this.failure = cause.getMessage();
		addFailure("it could not be " + how + ": " + cause.getMessage(), cause);
		return new UblkException("disk '" + name() + "' could not be " + how + ": " + cause.getMessage(), cause);
	}

	private void quiesceNow(Runnable check) {
		this.lifecycle.lock();
		try {
			if (this.state == DeviceState.QUIESCED) {
				return;
			}
			if (this.state != DeviceState.LIVE && this.state != DeviceState.FAILED) {
				throw new UblkException("disk '" + name() + "' is " + this.state + " and cannot be quiesced", null);
			}
			check.run();
			quiesceParts();
			this.forget.accept(this);
		}
		finally {
			this.lifecycle.unlock();
			this.news.tell();
		}
	}

	/**
	 * Leaves a device that was to be quiesced and could not be, or that a cancelled start
	 * has taken over, to whoever comes next, rather than to remove what is mounted on it.
	 * @return whether it was one
	 * @throws UblkException if a handler blocks it
	 */
	boolean leaveIfMeantTo() {
		quiesceIfUnwanted();
		this.lifecycle.lock();
		try {
			if (this.state == DeviceState.QUIESCED) {
				return true;
			}
			if (!this.meantToStay || (this.state != DeviceState.FAILED && this.state != DeviceState.LIVE)) {
				return false;
			}
			beginStop();
			this.parts.leave();
			this.state = DeviceState.QUIESCED;
			this.forget.accept(this);
			return true;
		}
		catch (RuntimeException ex) {
			this.state = DeviceState.FAILED;
			throw new UblkException("disk '" + name() + "' goes on without a server when this process ends, since it"
					+ " could not be left before: " + ex.getMessage(), ex);
		}
		finally {
			this.lifecycle.unlock();
		}
	}

	private void quiesceIfUnwanted() {
		this.lifecycle.lock();
		try {
			if (this.state != DeviceState.LIVE || !isUnwanted()) {
				return;
			}
			this.meantToStay = true;
		}
		finally {
			this.lifecycle.unlock();
		}
		try {
			quiesceNow(this.parts::requireQuiescible);
		}
		catch (UblkException ex) {
			logger.debug("disk '{}' is left as it is", name(), ex);
		}
	}

	private void quiesceParts() {
		try {
			this.meantToStay = true;
			beginStop();
			this.parts.quiesce();
			this.state = DeviceState.QUIESCED;
			this.news.add((listener) -> listener.quiesced(this));
		}
		catch (Throwable ex) {
			throw failedToEnd("quiesced", ex);
		}
	}

	private void resizeNow(long bytes) {
		this.lifecycle.lock();
		try {
			if (this.state != DeviceState.LIVE) {
				throw new UblkException("disk '" + name() + "' is " + this.state + " and cannot be resized", null);
			}
			this.parts.resize(bytes);
		}
		catch (LinuxException ex) {
			throw new UblkException("disk '" + name() + "' could not be resized: " + ex.getMessage(), ex);
		}
		finally {
			this.lifecycle.unlock();
		}
	}

	private synchronized void addFailure(String reason, @Nullable Throwable cause) {
		if (this.failureIsNews) {
			this.failureIsNews = false;
			this.news.add((listener) -> listener.failed(this, reason, cause));
		}
	}

	private synchronized void beginStop() {
		this.state = DeviceState.STOPPING;
		this.parts.resume();
	}

	private void abandon() {
		this.lifecycle.lock();
		try {
			if (this.state == DeviceState.FAILED) {
				this.parts.abandon();
			}
		}
		finally {
			this.lifecycle.unlock();
		}
	}

	@Override
	public String toString() {
		return "ublk device " + id() + " (" + spec() + ", " + this.state + ")";
	}

	/**
	 * Takes the failures of queues. The first one is kept; others often follow from it.
	 */
	private final class Failures implements BlockQueue.Listener {

		private static final String REFUSED = "its requests end with EIO until it is stopped";

		@Override
		public void failed(int queue, String reason, @Nullable Throwable cause) {
			report(reason, cause, REFUSED);
		}

		private void report(String reason, @Nullable Throwable cause, String consequence) {
			synchronized (UblkDevice.this) {
				if (UblkDevice.this.failure == null) {
					UblkDevice.this.failure = reason;
					UblkDevice.this.failureCause = cause;
				}
				if (UblkDevice.this.state != DeviceState.LIVE) {
					return;
				}
				UblkDevice.this.state = DeviceState.FAILED;
				addFailure(reason, cause);
			}
			logger.error("disk '{}' failed: {}; {}", name(), reason, consequence, cause);
			// a listener may block, which the thread of a queue must not
			UblkDevice.this.tasks.start(UblkDevice.this.news::tell);
		}

		@Override
		public void died(int queue, String reason, Throwable cause) {
			report(reason, cause, switch (spec().recovery()) {
				case QUEUE, REISSUE -> "its requests wait until it is stopped, or the next server takes it over";
				case NONE, FAIL_IO -> REFUSED;
			});
			// only the driver can answer what the dead thread owned
			UblkDevice.this.tasks.start(UblkDevice.this::abandon);
		}

		/**
		 * The driver takes all tags back when the disk is removed, which is as it should
		 * be unless nobody here has asked for it. Whoever has waits for the character
		 * device to be closed.
		 */
		void queueEnded() {
			synchronized (UblkDevice.this) {
				UblkDevice.this.queueEnded = true;
				if (UblkDevice.this.state != DeviceState.STARTING && UblkDevice.this.state != DeviceState.LIVE) {
					return;
				}
			}
			failed(-1, REMOVED, null);
			UblkDevice.this.tasks.start(UblkDevice.this::abandon);
		}

	}

}
