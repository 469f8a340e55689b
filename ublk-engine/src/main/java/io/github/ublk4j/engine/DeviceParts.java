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

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.device.DeviceChannel;
import io.github.ublk4j.engine.device.DeviceClaim;
import io.github.ublk4j.engine.device.DeviceRecord;
import io.github.ublk4j.engine.device.DeviceRecords;
import io.github.ublk4j.engine.device.Driver;
import io.github.ublk4j.engine.driver.DeviceInfo;
import io.github.ublk4j.engine.driver.DriverState;
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

	static final Duration DELETE_PATIENCE = Duration.ofSeconds(3);

	private static final Duration END_PATIENCE = Duration.ofSeconds(5);

	private static final Duration PING_PATIENCE = Duration.ofSeconds(1);

	private static final Duration QUIESCE_PATIENCE = Duration.ofSeconds(5);

	private static final Duration UNPRIVILEGED_TIMEOUT = Duration.ofSeconds(20);

	private static final Duration SHORTEST_WATCH = Duration.ofMillis(10);

	private static final Duration LONGEST_WATCH = Duration.ofSeconds(1);

	private final DiskSpec declared;

	private final DiskServer server;

	private final Driver driver;

	private final ControlTasks tasks;

	private final EngineSettings settings;

	private final List<BlockQueue> queues = new CopyOnWriteArrayList<>();

	private final List<ObservedQueue> observed = new CopyOnWriteArrayList<>();

	private final List<DataPath> dataPaths = new CopyOnWriteArrayList<>();

	// the disk with the size that it has now
	private volatile DiskSpec spec;

	private volatile @Nullable DeviceGrant grant;

	private @Nullable DeviceClaim claim;

	private @Nullable DeviceChannel channel;

	private @Nullable Future<?> watch;

	private boolean started;

	private boolean live;

	DeviceParts(DiskSpec declared, DiskServer server, Driver driver, ControlTasks tasks, EngineSettings settings) {
		this.declared = declared;
		this.spec = declared;
		this.server = server;
		this.driver = driver;
		this.tasks = tasks;
		this.settings = settings;
	}

	DiskSpec spec() {
		return this.spec;
	}

	int id() {
		DeviceGrant current = this.grant;
		return (current != null) ? current.info().id() : -1;
	}

	Path path() {
		return this.driver.path(id());
	}

	private long flagMask() {
		DeviceGrant current = this.grant;
		return (current != null) ? current.info().flags() : 0;
	}

	Set<String> flags() {
		return UblkFeature.names(flagMask());
	}

	/**
	 * Returns whether the device was taken over from an earlier server.
	 */
	boolean takenOver() {
		DeviceGrant current = this.grant;
		return current != null && current.takenOver();
	}

	/**
	 * Returns how data is moved; what was asked for until the driver has answered.
	 */
	DataMode dataMode() {
		DeviceGrant current = this.grant;
		return (current != null) ? current.mode().mode() : this.spec.dataMode();
	}

	long bufferBytes() {
		return this.dataPaths.stream().mapToLong(DataPath::bytes).sum();
	}

	long maxBufferBytes() {
		DeviceGrant current = this.grant;
		return (current != null) ? MemoryBudget.plan(current.info()) : 0;
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
	 * Takes over the device that the last server of the disk left, or makes one, and
	 * shows its disk. After a failure, {@link #dismantle} removes what has been made.
	 * @param listener told when a queue fails by itself
	 * @param queueEnded called by the thread of each queue when it ends
	 * @param requireServing called before requests arrive; throws if a queue has failed
	 */
	void assemble(BlockQueue.Listener listener, Runnable queueEnded, Runnable requireServing) {
		this.claim = claim();
		DeviceGrant granted = acquire(this.claim);
		DeviceInfo device = granted.info();
		this.channel = this.driver.open(device);
		startQueues(granted, this.channel, listener, queueEnded);
		// it would answer the users of a disk that was taken over with EIO
		requireServing.run();
		if (granted.takenOver()) {
			this.driver.endRecovery(device.id(), ProcessHandle.current().pid());
		}
		else {
			this.driver.setParameters(this.spec, this.server.operations(this.spec), device);
			this.driver.start(device.id(), ProcessHandle.current().pid());
		}
		this.started = true;
		awaitPath(device.id());
	}

	/**
	 * Notes that the disk is served: from now on, to dismantle it removes it, whoever
	 * made it.
	 */
	void live() {
		this.live = true;
	}

	private @Nullable DeviceClaim claim() {
		DeviceRecords records = this.settings.records();
		boolean needed = this.declared.recovery() != Recovery.NONE;
		if (records == null) {
			if (needed) {
				throw new DiskRefusedException(name(), DiskRefusedException.Reason.STATE_DIRECTORY,
						"recovery " + this.declared.recovery() + " needs a state directory, and the engine has none.",
						"Give it one, or set the recovery to NONE.");
			}
			return null;
		}
		try {
			DeviceClaim claimed = records.claim(name());
			if (claimed == null) {
				DeviceRecord other = records.find(name());
				throw new DiskRefusedException(name(), DiskRefusedException.Reason.SERVED_ELSEWHERE,
						"it is served by " + ((other != null) ? "process " + other.pid() : "another process") + ".",
						"Stop it there, or choose another name or state directory (now " + records + ").");
			}
			return claimed;
		}
		catch (IOException ex) {
			if (needed) {
				throw new DiskRefusedException(name(), DiskRefusedException.Reason.STATE_DIRECTORY,
						"recovery needs the state directory " + records + ", which cannot be used: " + ex + ".",
						"Make it writable, or set the recovery to NONE.");
			}
			logger.warn(
					"disk '{}': {} cannot be used, so a device that this process leaves behind will not be found: {}",
					name(), records, ex.toString());
			return null;
		}
	}

	private DeviceGrant acquire(@Nullable DeviceClaim claimed) {
		DeviceGrant found = (claimed != null) ? new Predecessor(this.declared, this.server, this.driver, claimed).find()
				: null;
		if (found == null) {
			long token = DeviceInfo.newToken();
			if (claimed != null) {
				claimed.write(DeviceRecord.pending(token, this.declared));
			}
			found = new DeviceRequest(this.declared, this.server, this.driver, this.settings).submit(token);
		}
		else {
			this.driver.beginRecovery(found.info().id());
		}
		this.grant = found;
		this.spec = found.spec();
		if (claimed != null) {
			claimed.write(DeviceRecord.of(found.info(), this.declared));
		}
		return found;
	}

	private String name() {
		return this.declared.name();
	}

	private void startQueues(DeviceGrant granted, DeviceChannel opened, BlockQueue.Listener listener,
			Runnable queueEnded) {
		DeviceInfo device = granted.info();
		DataModeChoice choice = granted.mode();
		for (int i = 0; i < device.queues(); i++) {
			this.dataPaths
				.add(opened.dataPath(i, choice.mode(), choice.registration(), !this.server.fillsReadBuffers()));
		}
		if (!buffersLocked()) {
			logger.warn("disk '{}': its buffers could not be locked in memory; raise the limit on locked memory"
					+ " ('ulimit -l', LimitMEMLOCK=) so that they are never swapped", name());
		}
		QueueTransport.Factory transports = opened.transports(choice.registration());
		for (int i = 0; i < device.queues(); i++) {
			ObservedQueue observer = new ObservedQueue(i, this.settings.metrics().queue(name(), i, device.queueDepth()),
					queueEnded);
			this.observed.add(observer);
			BlockQueue queue = this.server
				.queue(name(), i, device.queueDepth(), transports, this.dataPaths.get(i), listener)
				.observedBy(observer)
				.answeringWithin(requestTimeout());
			this.queues.add(queue);
			queue.start(this.settings.controlTimeout());
		}
		watchRequests();
	}

	private void watchRequests() {
		Duration timeout = requestTimeout();
		if (!timeout.isZero()) {
			Duration interval = timeout.dividedBy(8);
			if (interval.compareTo(SHORTEST_WATCH) < 0) {
				interval = SHORTEST_WATCH;
			}
			else if (interval.compareTo(LONGEST_WATCH) > 0) {
				interval = LONGEST_WATCH;
			}
			Duration nextLook = interval;
			this.watch = this.tasks.every(interval, () -> failOverdue(nextLook));
		}
	}

	// the kernel kills the server of an unprivileged device that takes 30 s
	Duration requestTimeout() {
		Duration asked = this.declared.requestTimeout();
		boolean killed = UblkFeature.UNPRIVILEGED_DEV.in(flagMask());
		return (killed && (asked.isZero() || asked.compareTo(UNPRIVILEGED_TIMEOUT) > 0)) ? UNPRIVILEGED_TIMEOUT : asked;
	}

	private void failOverdue(Duration nextLook) {
		this.queues.forEach((queue) -> queue.failOverdue(nextLook));
		if (this.queues.stream().anyMatch(BlockQueue::isShortOfBuffers)) {
			this.tasks.collectGarbage();
		}
	}

	private void awaitPath(int id) {
		if (!this.driver.awaitPath(id, NODE_PATIENCE)) {
			logger.warn("disk '{}' is live, but {} does not exist here; in a container, mount the host's /dev", name(),
					this.driver.path(id));
		}
	}

	/**
	 * Changes the capacity.
	 */
	void resize(long bytes) {
		DiskSpec resized = this.spec.withSize(bytes);
		this.server.requireCapacity(resized);
		if (!UblkFeature.UPDATE_SIZE.in(this.driver.features())) {
			throw new UblkException("disk '" + name() + "' cannot be resized: that needs Linux 6.16 or later", null);
		}
		if (bytes < this.spec.size()) {
			requireNoUserOfTheEnd();
		}
		this.driver.resize(id(), bytes);
		this.spec = resized;
	}

	private void requireNoUserOfTheEnd() {
		List<String> users = this.driver.users(id());
		if (users.isEmpty() && isTaken()) {
			users = List.of("a mount or device that this process cannot see has taken it");
		}
		if (!users.isEmpty()) {
			throw new UblkException("disk '" + name() + "' is not made smaller, which would cut off what is stored at "
					+ "its end, because " + String.join(", ", users) + ". Close that first", null);
		}
	}

	private boolean isTaken() {
		try {
			return this.driver.isTaken(id());
		}
		catch (LinuxException ex) {
			throw new UblkException(
					"disk '" + name() + "' is not made smaller, because this process cannot tell whether "
							+ "it is mounted elsewhere: " + ex.getMessage() + ". Let it read " + this.driver.path(id()),
					ex);
		}
	}

	/**
	 * Leaves the device, with the disk, to the next server. Requests are answered as far
	 * as the disk does so in time.
	 */
	void quiesce() {
		if (hasEndedQueue()) {
			abandon();
		}
		else {
			detachQueues();
			endQueues();
			closeChannel();
		}
		int id = id();
		awaitQuiesced(id);
		releasePaths();
		giveUpClaim();
	}

	/**
	 * Checks that the device can be left to the next server.
	 */
	void requireQuiescible() {
		requireRecovery();
		if (UblkFeature.recovery(flagMask()) == Recovery.QUEUE && !UblkFeature.QUIESCE.in(flagMask())
				&& !hasEndedQueue()) {
			throw new UblkException("disk '" + name() + "' cannot be quiesced without failing requests: with recovery "
					+ "QUEUE that needs Linux 6.16 or later; use recovery REISSUE", null);
		}
	}

	/**
	 * Checks that the device outlives its server.
	 */
	void requireRecovery() {
		if (UblkFeature.recovery(flagMask()) == Recovery.NONE) {
			throw new UblkException(
					"disk '" + name() + "' cannot be quiesced, because its recovery is NONE: give it another", null);
		}
	}

	private void detachQueues() {
		if (UblkFeature.QUIESCE.in(flagMask())) {
			resume();
			this.driver.quiesce(id(), this.settings.drainTimeout());
		}
		else {
			// what arrives is not touched, and issued again to the next server
			pause();
		}
		this.queues.forEach(BlockQueue::detach);
		long deadline = System.nanoTime() + this.settings.drainTimeout().toNanos();
		for (BlockQueue queue : this.queues) {
			if (!queue.awaitEnd(Duration.ofNanos(deadline - System.nanoTime()))) {
				giveUpRequests(queue);
			}
		}
	}

	private void giveUpRequests(BlockQueue queue) {
		if (UblkFeature.recovery(flagMask()) == Recovery.REISSUE) {
			queue.leave();
		}
		else {
			queue.failEverything();
		}
	}

	private void awaitQuiesced(int id) {
		long end = System.nanoTime() + QUIESCE_PATIENCE.toNanos();
		while (this.driver.info(id).state() == DriverState.LIVE) {
			if (System.nanoTime() - end > 0) {
				throw new UblkException("the driver does not let go of ublk device " + id + "; see 'dmesg'", null);
			}
			LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
		}
	}

	/**
	 * Leaves the requests of a device with a dead queue to the driver, which does with
	 * them what the recovery of the disk says, when nobody has the character device open.
	 */
	void abandon() {
		if (UblkFeature.recovery(flagMask()) == Recovery.REISSUE) {
			this.queues.forEach(BlockQueue::leave);
		}
		else {
			this.queues.forEach(BlockQueue::terminate);
		}
		endQueues();
		closeChannel();
	}

	/**
	 * Undoes whatever part of {@link #assemble} has been done, and can be repeated. The
	 * queues serve until the disk is gone, and the character device is closed before the
	 * device is deleted. A device that was taken over and is not live yet is left to the
	 * next server: somebody may have mounted its disk.
	 * @param onlyUnused whether the disk stays if somebody uses it
	 * @return who uses it; nothing is undone then
	 */
	List<String> dismantle(boolean onlyUnused) {
		DeviceGrant current = this.grant;
		if (current == null) {
			giveUpClaim();
			return List.of();
		}
		if (current.takenOver() && !this.live) {
			leave();
			return List.of();
		}
		int id = current.info().id();
		if (hasEndedQueue()) {
			abandon();
		}
		else {
			requireResponsiveQueues();
		}
		List<String> users = isPresent(current.info()) ? stopDisk(id, onlyUnused) : List.of();
		if (!users.isEmpty()) {
			return users;
		}
		endQueues();
		closeChannel();
		releasePaths();
		// since the character device was closed, the number may be another's
		if (isPresent(current.info())) {
			delete(id);
		}
		if (this.claim != null) {
			this.claim.clear();
		}
		giveUpClaim();
		return List.of();
	}

	// the number may be that of another device by now
	private boolean isPresent(DeviceInfo device) {
		DeviceInfo found = this.driver.find(device.id());
		return found != null && found.token() == device.token();
	}

	// While the driver waits for a request of a thread that is blocked for ever, nothing
	// ends this process any more, not even SIGKILL; without the command it does
	private void requireResponsiveQueues() {
		long deadline = System.nanoTime() + Math.max(PING_PATIENCE.toNanos(), this.settings.drainTimeout().toNanos());
		List<CompletableFuture<Void>> answers = this.queues.stream().map(BlockQueue::ping).toList();
		for (int i = 0; i < answers.size(); i++) {
			try {
				answers.get(i).get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
			}
			catch (TimeoutException ex) {
				throw blockedBy(List.of(this.queues.get(i).snapshot().thread()));
			}
			catch (InterruptedException | ExecutionException ex) {
				throw new UblkException("the queues of disk '" + name() + "' could not be asked", ex);
			}
		}
	}

	private static UblkException blockedBy(List<String> threads) {
		return new UblkException("a handler blocks " + threads
				+ ", so the device cannot be released. A handler must not block; a thread dump shows where it waits",
				null);
	}

	/**
	 * Returns whether a queue serves no more, although it was not stopped.
	 */
	boolean hasEndedQueue() {
		return this.queues.stream().anyMatch(BlockQueue::hasEnded);
	}

	/**
	 * Returns who uses the disk, as far as can be seen.
	 */
	List<String> users() {
		DeviceGrant current = this.grant;
		return (current != null && isPresent(current.info())) ? this.driver.users(id()) : List.of();
	}

	/**
	 * Leaves the device as it is, for the next server, without asking the driver for
	 * anything.
	 */
	void leave() {
		abandon();
		releasePaths();
		giveUpClaim();
	}

	/**
	 * Checks that requests may wait.
	 */
	void requirePausable() {
		if (UblkFeature.UNPRIVILEGED_DEV.in(flagMask())) {
			throw new UblkException("disk '" + name() + "' cannot be paused, because it belongs to an ordinary user: "
					+ "the kernel kills the server of such a disk when a request waits for 30 s", null);
		}
	}

	private void releasePaths() {
		Future<?> current = this.watch;
		if (current != null) {
			current.cancel(false);
		}
		this.dataPaths.forEach(DataPath::release);
		this.dataPaths.clear();
	}

	private void giveUpClaim() {
		DeviceClaim current = this.claim;
		this.claim = null;
		if (current != null) {
			current.close();
		}
	}

	private List<String> stopDisk(int id, boolean onlyUnused) {
		CountDownLatch stopped = new CountDownLatch(1);
		try {
			if (onlyUnused) {
				// nobody waits for a request, and if somebody does, none may fail
				return this.driver.stopUnused(id, this.settings.drainTimeout());
			}
			startDrain(stopped);
			sync(id);
			this.driver.stop(id, this.settings.drainTimeout());
		}
		catch (LinuxException ex) {
			if (ex.errno() == Errno.ENODEV) {
				return List.of();
			}
			// Nothing has been synced yet: data that a file system still holds would be
			// lost
			if (this.started && ex.errno() != Errno.ETIMEDOUT) {
				throw ex;
			}
			logger.warn("disk '{}': stopping it failed, so its queues are ended first", name(), ex);
			this.queues.forEach(BlockQueue::terminate);
		}
		finally {
			stopped.countDown();
		}
		return List.of();
	}

	// Without recovery the driver does it itself while it stops the disk
	private void sync(int id) {
		Recovery recovery = UblkFeature.recovery(flagMask());
		if (!this.live || hasEndedQueue() || (recovery != Recovery.QUEUE && recovery != Recovery.REISSUE)) {
			return;
		}
		try {
			this.driver.sync(id);
		}
		catch (LinuxException ex) {
			logger.warn("disk '{}': what the kernel has not written to it yet is lost, unless it is unmounted", name(),
					ex);
		}
	}

	/**
	 * Fails what is in flight when the drain timeout is over and nothing has been
	 * answered meanwhile: to sync a file system may take longer. A thread of its own is
	 * gone with the stop; that of a common timer would keep the class loader of the
	 * application that used it first.
	 */
	private void startDrain(CountDownLatch stopped) {
		long patience = this.settings.drainTimeout().toNanos();
		long end = System.nanoTime() + patience + this.settings.controlTimeout().toNanos();
		Thread thread = new Thread(() -> {
			try {
				long before = answered();
				while (!stopped.await(patience, TimeUnit.NANOSECONDS)) {
					long now = answered();
					if (now == before || patience == 0 || System.nanoTime() - end > 0) {
						this.queues.forEach(BlockQueue::failEverything);
						return;
					}
					before = now;
				}
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}, "ublk-drain-" + name());
		thread.setDaemon(true);
		thread.start();
	}

	private long answered() {
		return this.queues.stream()
			.map(BlockQueue::snapshot)
			.mapToLong((queue) -> queue.requests() - queue.inFlight())
			.sum();
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
			throw blockedBy(stuck);
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
							+ " the device goes when they let go", name(), this.driver.path(id));
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
