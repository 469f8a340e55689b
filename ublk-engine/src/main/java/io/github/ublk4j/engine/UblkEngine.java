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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.engine.device.DeviceClaim;
import io.github.ublk4j.engine.device.DeviceRecords;
import io.github.ublk4j.engine.device.Driver;
import io.github.ublk4j.engine.device.KernelDriver;
import io.github.ublk4j.engine.driver.DeviceInfo;
import io.github.ublk4j.engine.driver.DriverState;
import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.host.HostCheck;
import io.github.ublk4j.engine.host.HostChecks;
import io.github.ublk4j.engine.host.HostPlan;
import io.github.ublk4j.engine.linux.OomScore;
import io.github.ublk4j.engine.queue.BlockQueue;
import io.github.ublk4j.engine.queue.PageRegistration;
import io.github.ublk4j.metrics.DiskMetrics;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Makes block devices out of handlers, streams and stores. All methods may be called from
 * any thread. {@link #close()} the engine when it is no longer needed. When the process
 * ends without it, the kernel removes its disks and fails what is in flight; the numbers
 * of the devices stay taken until somebody {@linkplain #delete(int) deletes} them.
 */
public final class UblkEngine implements AutoCloseable {

	/** How long a stop waits for requests in flight, unless told otherwise. */
	public static final Duration DEFAULT_DRAIN_TIMEOUT = Duration.ofSeconds(5);

	/** How long a command to the driver may take, unless told otherwise. */
	public static final Duration DEFAULT_CONTROL_TIMEOUT = Duration.ofSeconds(30);

	/** How long a stop may be told to wait for requests in flight, at most. */
	public static final Duration LONGEST_TIMEOUT = Duration.ofDays(1);

	private static final Logger logger = LoggerFactory.getLogger(UblkEngine.class);

	// memory is given back after one to two of them
	private static final Duration TRIM_INTERVAL = Duration.ofSeconds(5);

	private static final long DEFAULT_DISK_BUFFERS = 32L << 20;

	private final Driver driver;

	private final EngineSettings settings;

	private final MemoryBudget memory;

	private final Supplier<List<HostCheck>> hostChecks;

	private final ControlTasks tasks = new ControlTasks();

	private final Map<String, UblkDevice> devices = new LinkedHashMap<>();

	private boolean closed;

	// the close that goes on, or the last one
	private @Nullable CompletableFuture<Void> close;

	private @Nullable Thread closer;

	private UblkEngine(Builder builder) {
		this.settings = new EngineSettings(builder.drainTimeout, builder.controlTimeout, builder.registration,
				builder.metrics, builder.records(), listeners(builder), List.copyOf(builder.decorators));
		this.memory = new MemoryBudget(builder.memoryLimit);
		this.hostChecks = builder.hostChecks();
		this.driver = builder.openDriver();
		builder.adjustOomScore();
		this.tasks.every(TRIM_INTERVAL, () -> devices().forEach(UblkDevice::trimBuffers));
	}

	/**
	 * Adds who looks whether a new disk holds files of this process, or its own files lie
	 * on a disk that was there before.
	 */
	private List<DeviceListener> listeners(Builder builder) {
		List<DeviceListener> listeners = new ArrayList<>(builder.listeners);
		listeners.add(new DeviceListener() {

			@Override
			public void live(UblkDevice device) {
				devices().forEach(UblkDevice::ownUse);
			}

		});
		return List.copyOf(listeners);
	}

	/**
	 * Returns whether this process can use ublk. Probes anew at every call.
	 * @return whether it can
	 */
	public static boolean isAvailable() {
		return UblkAvailability.check() == null;
	}

	/**
	 * Returns why this process cannot use ublk. Probes anew at every call.
	 * @return the reason, empty if it can
	 */
	public static Optional<UblkUnavailableException> unavailabilityCause() {
		return Optional.ofNullable(UblkAvailability.check());
	}

	/**
	 * Checks the host again, as {@link Builder#preflight()} does. Blocks.
	 * @return what was found
	 */
	public List<HostCheck> preflight() {
		return this.hostChecks.get();
	}

	/**
	 * Creates an engine with default timeouts.
	 * @return an engine
	 * @throws UblkUnavailableException if this process cannot use ublk
	 */
	public static UblkEngine create() {
		return builder().build();
	}

	/**
	 * Begins to configure an engine.
	 * @return a builder
	 */
	public static Builder builder() {
		return new Builder();
	}

	/**
	 * Makes a device. To cancel that stops the device, or leaves it to the next server if
	 * it was taken over.
	 * @param spec name, size and geometry
	 * @param handler what serves its requests
	 * @return the live device. An error leaves nothing behind, unless a handler blocks:
	 * what cannot be removed then goes with the next start of that name, or with
	 * {@link #close()}
	 */
	public Mono<UblkDevice> start(DiskSpec spec, BlockDeviceHandler handler) {
		return start(spec, () -> DiskServer.of(handler, (inner) -> this.settings.decorated(spec.name(), inner)));
	}

	/**
	 * Makes a device of a store, which the caller closes after the device stopped. To
	 * cancel that stops the device, or leaves it to the next server if it was taken over.
	 * @param spec name, size and geometry; the size is at most that of the store
	 * @param store where the data goes
	 * @return the live device. An error leaves nothing behind, unless a handler blocks:
	 * what cannot be removed then goes with the next start of that name, or with
	 * {@link #close()}
	 */
	public Mono<UblkDevice> start(DiskSpec spec, BlockStore store) {
		return start(spec, () -> DiskServer.of(store, (inner) -> this.settings.decorated(spec.name(), inner)));
	}

	/**
	 * Makes a device of a pipeline. To cancel that stops the device, or leaves it to the
	 * next server if it was taken over.
	 * @param spec name, size and geometry
	 * @param stream what serves its requests
	 * @return the live device. An error leaves nothing behind, unless a handler blocks:
	 * what cannot be removed then goes with the next start of that name, or with
	 * {@link #close()}
	 */
	public Mono<UblkDevice> startStream(DiskSpec spec, BlockRequestStream stream) {
		return start(spec, () -> DiskServer.ofStream(stream));
	}

	/**
	 * A start cannot be broken off half way: one that is cancelled is finished, and its
	 * device stopped, or left to the next server if it was taken over.
	 */
	private Mono<UblkDevice> start(DiskSpec spec, Supplier<DiskServer> server) {
		return Mono.create((sink) -> {
			AtomicBoolean decided = new AtomicBoolean();
			AtomicBoolean cancelled = new AtomicBoolean();
			CompletableFuture<UblkDevice> start = this.tasks.run(() -> startNow(spec, server.get(), cancelled::get));
			sink.onCancel(() -> {
				if (decided.compareAndSet(false, true)) {
					cancelled.set(true);
					start.thenAccept(UblkDevice::giveUp);
				}
			});
			start.whenComplete((device, failure) -> {
				if (decided.compareAndSet(false, true)) {
					if (failure != null) {
						sink.error(failure);
					}
					else {
						sink.success(device);
					}
				}
			});
		});
	}

	private UblkDevice startNow(DiskSpec spec, DiskServer server, BooleanSupplier cancelled) {
		server.requireOperations(spec);
		server.requireCapacity(spec);
		removeLeftover(spec.name());
		UblkDevice device = new UblkDevice(spec, server, this.driver, this.tasks, this.settings, this::forget);
		register(device);
		try {
			device.start(cancelled);
			return device;
		}
		catch (Throwable ex) {
			if (!device.isLeftover()) {
				forget(device);
			}
			throw ex;
		}
	}

	private void removeLeftover(String name) {
		UblkDevice known;
		synchronized (this.devices) {
			known = this.devices.get(name);
		}
		if (known != null && known.isLeftover()) {
			known.removeLeftover();
		}
	}

	private void register(UblkDevice device) {
		synchronized (this.devices) {
			if (this.closed) {
				throw new IllegalStateException("The engine is closed");
			}
			if (this.devices.containsKey(device.name())) {
				throw new InvalidDiskException(device.name(), "name", "'" + device.name() + "'",
						"This engine already serves a disk of that name; choose another.");
			}
			this.memory.reserve(device.spec());
			this.devices.put(device.name(), device);
		}
	}

	private void forget(UblkDevice device) {
		synchronized (this.devices) {
			if (this.devices.remove(device.name(), device)) {
				this.memory.release(device.spec());
			}
		}
	}

	/**
	 * Returns the devices that this engine serves.
	 * @return the devices in the order of their start
	 */
	public List<UblkDevice> devices() {
		synchronized (this.devices) {
			return this.devices.values().stream().filter((device) -> device.id() >= 0).toList();
		}
	}

	/**
	 * Returns a device that this engine serves.
	 * @param name the name of the disk
	 * @return the device, empty if there is none
	 */
	public Optional<UblkDevice> device(String name) {
		synchronized (this.devices) {
			return Optional.ofNullable(this.devices.get(name)).filter((device) -> device.id() >= 0);
		}
	}

	/**
	 * Asks the driver what it can do.
	 * @return the driver
	 */
	public Mono<UblkDriver> driver() {
		return onControlThread(() -> new UblkDriver(this.driver.kernel(), UblkFeature.names(this.driver.features())));
	}

	/**
	 * Asks the driver for the ublk devices of this host.
	 * @return all devices by number, whoever serves them; for an ordinary user, his own
	 */
	public Mono<List<DriverDevice>> listDriverDevices() {
		return onControlThread(() -> infos().map(this::describe).toList());
	}

	/**
	 * Finds the devices of this host that no process serves, whoever made them. A device
	 * that another program is just making may be among them.
	 * @return the devices by number
	 */
	public Mono<List<OrphanedDevice>> orphanedDevices() {
		return onControlThread(() -> {
			DeviceRecords records = this.settings.records();
			Map<Long, String> names = (records != null) ? records.names() : Map.of();
			Set<Integer> served = servedIds();
			return infos()
				.filter((info) -> info.state() != DriverState.LIVE && !served.contains(info.id())
						&& !this.driver.isOpen(info.id()))
				.map((info) -> new OrphanedDevice(describe(info), names.get(info.token()), info.isMarked(),
						this.driver.users(info.id())))
				.toList();
		});
	}

	private Set<Integer> servedIds() {
		synchronized (this.devices) {
			return this.devices.values().stream().map(UblkDevice::id).collect(Collectors.toSet());
		}
	}

	private Stream<DeviceInfo> infos() {
		return this.driver.deviceIds().stream().map(this.driver::find).filter(Objects::nonNull);
	}

	private DriverDevice describe(DeviceInfo info) {
		return new DriverDevice(info.id(), this.driver.path(info.id()), DriverDevice.State.valueOf(info.state().name()),
				info.serverPid(), info.queues(), info.queueDepth(), info.maxIoSize(), info.ownerUid(), info.ownerGid(),
				UblkFeature.names(info.flags()));
	}

	private <T> Mono<T> onControlThread(Callable<T> task) {
		return Mono.defer(() -> Mono.fromFuture(this.tasks.run(task), true));
	}

	/**
	 * Deletes a device whose server is gone, unless somebody uses its disk.
	 * @param id the number of the device
	 * @return completes when it is deleted; an error if it is live or in use
	 */
	public Mono<Void> delete(int id) {
		return delete(id, false);
	}

	/**
	 * Deletes a device whose server is gone.
	 * @param id the number of the device
	 * @param evenIfUsed whether to do so although somebody uses its disk, whose requests
	 * then fail
	 * @return completes when it is deleted; an error if it is live, or in use and that
	 * matters
	 */
	public Mono<Void> delete(int id, boolean evenIfUsed) {
		return onControlThread(() -> {
			try (DeviceClaim claim = claim(this.driver.info(id))) {
				deleteNow(id, evenIfUsed);
				if (claim != null) {
					claim.clear();
				}
			}
			return null;
		});
	}

	/**
	 * Keeps away who would take the device over meanwhile.
	 */
	private @Nullable DeviceClaim claim(DeviceInfo device) {
		DeviceRecords records = this.settings.records();
		String disk = (records != null) ? records.names().get(device.token()) : null;
		if (records == null || disk == null) {
			return null;
		}
		try {
			DeviceClaim claim = records.claim(disk);
			if (claim == null && device.state() != DriverState.LIVE) {
				throw new UblkException(
						"ublk device " + device.id() + " is not deleted, because a process has the disk '" + disk
								+ "'; stop it there, or end that process first",
						null);
			}
			return claim;
		}
		catch (IOException ex) {
			// as it is for who would take it over
			return null;
		}
	}

	private void deleteNow(int id, boolean evenIfUsed) {
		DeviceInfo found = this.driver.info(id);
		if (found.state() == DriverState.LIVE) {
			throw new UblkException("ublk device " + id + " is served by process " + found.serverPid()
					+ "; stop it there, or end that process first", null);
		}
		if (this.driver.isOpen(id)) {
			throw new UblkException("ublk device " + id + " is not deleted, because a process has it open to serve it;"
					+ " stop it there, or end that process first", null);
		}
		List<String> users = evenIfUsed ? List.of() : this.driver.users(id);
		if (users.isEmpty()) {
			users = stopOrphan(found, evenIfUsed);
		}
		if (!users.isEmpty()) {
			throw new UblkException("ublk device " + id + " is not deleted, because its disk is in use: "
					+ String.join(", ", users) + ". Close that first", null);
		}
		if (!this.driver.delete(id, this.settings.controlTimeout())) {
			throw new UblkException("ublk device " + id + " is deleted, but somebody still holds it; it goes when"
					+ " they let go. See 'fuser -v " + this.driver.path(id) + "'", null);
		}
	}

	private List<String> stopOrphan(DeviceInfo orphan, boolean evenIfUsed) {
		// a dead one has no disk that could be used
		if (!evenIfUsed && orphan.state() != DriverState.DEAD) {
			return this.driver.stopUnused(orphan.id(), Duration.ZERO);
		}
		this.driver.stop(orphan.id(), Duration.ZERO);
		return List.of();
	}

	/**
	 * Stops every device, waiting until nothing is left. Nothing can be started any more.
	 * Idempotent: a call during another one waits for that and has its result, unless it
	 * comes from a listener that is told of that close. After a failure it can be called
	 * again, and stops what is left; until then a disk that is left can be stopped by
	 * {@link UblkDevice#stop()} too.
	 * @throws UblkException if a device could not be stopped
	 * @throws IllegalStateException if called by a handler on its queue's thread, which
	 * the stop would wait for
	 */
	@Override
	public void close() {
		if (BlockQueue.isQueueThread()) {
			throw new IllegalStateException(
					"An engine cannot be closed on the thread of a queue, since it waits for it");
		}
		CompletableFuture<Void> own = new CompletableFuture<>();
		CompletableFuture<Void> current;
		synchronized (this.devices) {
			this.closed = true;
			current = this.close;
			if (current == null || current.isCompletedExceptionally()) {
				current = own;
				this.close = own;
				this.closer = Thread.currentThread();
			}
			else if (!current.isDone() && (this.tasks.isTaskThread() || this.closer == Thread.currentThread())) {
				// what goes on waits for the listener that has called
				return;
			}
		}
		if (current == own) {
			closeNow(own);
		}
		try {
			current.join();
		}
		catch (CompletionException ex) {
			throw (ex.getCause() instanceof UblkException failed) ? failed : ex;
		}
	}

	private void closeNow(CompletableFuture<Void> result) {
		try {
			List<UblkDevice> left;
			synchronized (this.devices) {
				left = List.copyOf(this.devices.values());
			}
			stopAll(left);
			// what is left would need them
			this.tasks.shutdown();
			this.driver.close();
			result.complete(null);
		}
		catch (Throwable ex) {
			result.completeExceptionally(ex);
		}
	}

	private static void stopAll(List<UblkDevice> left) {
		List<Throwable> failures = new ArrayList<>();
		for (CompletableFuture<Void> stop : left.stream().map(UblkEngine::end).toList()) {
			try {
				stop.join();
			}
			catch (CompletionException ex) {
				failures.add((ex.getCause() != null) ? ex.getCause() : ex);
			}
		}
		if (!failures.isEmpty()) {
			UblkException failed = new UblkException("Some disks could not be stopped: "
					+ failures.stream().map(Throwable::getMessage).collect(Collectors.joining("; "))
					+ ". They are still there: end what holds them up, then close the engine again", null);
			failures.forEach(failed::addSuppressed);
			throw failed;
		}
	}

	private static CompletableFuture<Void> end(UblkDevice device) {
		try {
			return device.leaveIfMeantTo() ? CompletableFuture.completedFuture(null) : device.stopOnce();
		}
		catch (UblkException ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	/**
	 * Configures a {@link UblkEngine}.
	 */
	public static final class Builder {

		private Duration drainTimeout = DEFAULT_DRAIN_TIMEOUT;

		private Duration controlTimeout = DEFAULT_CONTROL_TIMEOUT;

		private long memoryLimit = Long.MAX_VALUE;

		private DiskMetrics metrics = DiskMetrics.NONE;

		private final List<DeviceListener> listeners = new ArrayList<>();

		private final List<HandlerDecorator> decorators = new ArrayList<>();

		private @Nullable Path stateDirectory;

		private @Nullable Integer oomScoreAdj;

		private @Nullable PageRegistration registration;

		private @Nullable SimulatedUblk simulated;

		private Builder() {
		}

		/**
		 * Sets how long a stop waits for requests in flight. When none was answered
		 * meanwhile, it fails them with EIO; otherwise it waits once more, since it may
		 * be a file system that is synced.
		 * @param drainTimeout zero to one day; default 5 s
		 * @return this builder
		 */
		public Builder drainTimeout(Duration drainTimeout) {
			if (drainTimeout.isNegative() || drainTimeout.compareTo(LONGEST_TIMEOUT) > 0) {
				throw new IllegalArgumentException("The drain timeout is " + drainTimeout + "; use zero to one day.");
			}
			this.drainTimeout = drainTimeout;
			return this;
		}

		/**
		 * Sets how long a command to the driver may take.
		 * @param controlTimeout more than zero, up to one day; default 30 s
		 * @return this builder
		 */
		public Builder controlTimeout(Duration controlTimeout) {
			if (controlTimeout.isNegative() || controlTimeout.isZero()) {
				throw new IllegalArgumentException(
						"The control timeout is " + controlTimeout + "; use more than zero.");
			}
			this.controlTimeout = controlTimeout;
			return this;
		}

		/**
		 * Limits the memory of request buffers. A device whose queues x depth x largest
		 * request does not fit in what the others leave is refused at its start
		 * ({@link DiskRefusedException}), in every data mode: a burst may need all of it.
		 * @param bytes more than zero; no limit by default
		 * @return this builder
		 */
		public Builder memoryLimit(long bytes) {
			if (bytes <= 0) {
				throw new IllegalArgumentException("The memory limit is " + bytes + " bytes; use more than zero.");
			}
			this.memoryLimit = bytes;
			return this;
		}

		/**
		 * Sets who measures the requests of all devices.
		 * @param metrics the observer; {@link DiskMetrics#NONE} by default
		 * @return this builder
		 */
		public Builder metrics(DiskMetrics metrics) {
			this.metrics = metrics;
			return this;
		}

		/**
		 * Runs the engine on a simulated driver, in memory, instead of the kernel's. It
		 * then needs no privileges, no native code and no Linux.
		 * @param simulated what its devices appear in
		 * @return this builder
		 */
		public Builder simulated(SimulatedUblk simulated) {
			this.simulated = simulated;
			return this;
		}

		/**
		 * Sets where the engine keeps which device serves a disk. A disk whose process
		 * died finds its device there, and takes it over or removes it; and no two
		 * processes serve disks of the same name. Disks with a recovery need it.
		 * @param directory a directory that is made if needed, and that does not outlive
		 * a restart of the host, such as {@code /run/ublk/.state}
		 * @return this builder
		 */
		public Builder stateDirectory(Path directory) {
			this.stateDirectory = directory;
			return this;
		}

		/**
		 * Sets how readily the kernel kills this process when memory is short, when the
		 * engine is made. Lowering it needs CAP_SYS_RESOURCE; without, the log warns and
		 * nothing changes. Has no effect on a simulated engine.
		 * @param oomScoreAdj -1000, never, to 1000, first; unchanged by default
		 * @return this builder
		 */
		public Builder oomScoreAdj(int oomScoreAdj) {
			if (oomScoreAdj < OomScore.NEVER || oomScoreAdj > OomScore.FIRST) {
				throw new IllegalArgumentException(
						"The oom_score_adj is " + oomScoreAdj + "; use -1000 (killed never) to 1000 (killed first).");
			}
			this.oomScoreAdj = oomScoreAdj;
			return this;
		}

		private void adjustOomScore() {
			if (this.oomScoreAdj == null || this.simulated != null) {
				return;
			}
			try {
				OomScore.ofThisProcess().adjust(this.oomScoreAdj);
			}
			catch (IOException ex) {
				logger.warn(
						"oom_score_adj of this process could not be set to {} ({}). Give it CAP_SYS_RESOURCE,"
								+ " or set OOMScoreAdjust={} in the systemd unit.",
						this.oomScoreAdj, ex.getMessage(), this.oomScoreAdj);
			}
		}

		/**
		 * Adds a listener that is told which devices become live, fail and stop.
		 * @param listener the listener, called after those that were added before
		 * @return this builder
		 */
		public Builder listener(DeviceListener listener) {
			this.listeners.add(listener);
			return this;
		}

		/**
		 * Adds what is put around the handlers and stores of the engine.
		 * @param decorator the decorator, put around those that were added before
		 * @return this builder
		 */
		public Builder decorator(HandlerDecorator decorator) {
			this.decorators.add(decorator);
			return this;
		}

		/**
		 * Lets zero-copy devices register pages in a way that a test wants.
		 */
		Builder registration(PageRegistration registration) {
			this.registration = registration;
			return this;
		}

		/**
		 * Creates the engine.
		 * @return an engine
		 * @throws UblkUnavailableException if this process cannot use ublk
		 */
		public UblkEngine build() {
			return new UblkEngine(this);
		}

		/**
		 * Checks whether this host can serve disks with these settings, and what is
		 * missing for doing so safely. Makes no device and changes nothing. Blocks, for
		 * milliseconds on a kernel that answers, and never for ever: what does not answer
		 * is a failure.
		 * @return what was found, from the bottom up; a check that needs what is missing
		 * is left out
		 */
		public List<HostCheck> preflight() {
			return hostChecks().get();
		}

		private @Nullable DeviceRecords records() {
			return (this.stateDirectory != null) ? new DeviceRecords(this.stateDirectory) : null;
		}

		private Supplier<List<HostCheck>> hostChecks() {
			if (this.simulated != null) {
				List<HostCheck> simulation = List.of(new HostCheck(HostCheck.Subject.SIMULATION, HostCheck.State.OK,
						"The driver is simulated, so the host does not matter", null));
				return () -> simulation;
			}
			HostPlan plan = new HostPlan(this.stateDirectory,
					(this.memoryLimit != Long.MAX_VALUE) ? this.memoryLimit : DEFAULT_DISK_BUFFERS, this.oomScoreAdj);
			return () -> HostChecks.all(plan);
		}

		private Driver openDriver() {
			if (this.simulated != null) {
				return this.simulated.driver(this.controlTimeout);
			}
			UblkUnavailableException unavailable = UblkAvailability.check();
			if (unavailable != null) {
				throw unavailable;
			}
			return new KernelDriver(this.controlTimeout);
		}

	}

}
