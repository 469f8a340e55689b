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

package io.github.ublk4j.engine.queue;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.engine.driver.IoOperation;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.metrics.InFlightRequest;
import io.github.ublk4j.metrics.QueueMetrics;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.scheduler.NonBlocking;

/**
 * One queue of a device. Its thread owns the transport and all slots: it takes events,
 * starts requests, collects results and enters the driver once per batch. Everything else
 * reaches it through the mailbox.
 * <p>
 * The loop ends when the driver has given up every tag, which STOP_DEV brings about, or
 * at once after {@link #terminate()}.
 */
public final class BlockQueue {

	private static final Logger logger = LoggerFactory.getLogger(BlockQueue.class);

	private static final int SECTOR_SHIFT = 9;

	private static final long TRANSFER_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

	private final String disk;

	private final int index;

	private final QueueTransport.Factory transports;

	private final DataPath dataPath;

	private final RequestServer server;

	private final Listener listener;

	private final Thread thread;

	private final RequestPool pool = new RequestPool(this);

	private final Mailbox mailbox = new Mailbox();

	private final Consumer<LoopTask> handedOver = this::runHandedOver;

	private final FailureLog failures;

	private final AtomicBoolean sleeping = new AtomicBoolean();

	private final CompletableFuture<Void> ready = new CompletableFuture<>();

	private final CompletableFuture<Void> ended = new CompletableFuture<>();

	private final EventBatch events;

	// requests that have ended on the loop itself since the last exchange
	private final IoRequest[] endedHere;

	private int endedHereCount;

	private final QueueCounters counters = new QueueCounters();

	private final RequestTimes times;

	// tags that arrived while the queue was paused
	private final int[] held;

	private int heldCount;

	private final int depth;

	private final RequestSlots slots;

	private final TransferSlots transfers;

	private final Runnable waker = this::wakeUp;

	private volatile boolean serverEnded;

	private volatile boolean failEverything;

	private volatile boolean terminated;

	private volatile boolean detaching;

	private volatile boolean progressWanted;

	private volatile boolean overdueFound;

	private volatile boolean died;

	private volatile boolean paused;

	// set before the first request and never changed
	private volatile @Nullable QueueTransport transport;

	private boolean inFlightTakenAway;

	private boolean inFlightFailed;

	private final DriverTags tags;

	private Duration requestTimeout = Duration.ZERO;

	// System.nanoTime() of the batch that is being worked off
	private long arrivedAt;

	private BlockQueue(String disk, int index, int depth, QueueTransport.Factory transports, DataPath dataPath,
			Function<BlockQueue, RequestServer> server, Listener listener) {
		this.disk = disk;
		this.index = index;
		this.depth = depth;
		this.transports = transports;
		this.dataPath = dataPath;
		this.transfers = new TransferSlots(depth);
		this.slots = new RequestSlots(depth);
		this.tags = new DriverTags(index, depth);
		this.endedHere = new IoRequest[depth];
		this.times = new RequestTimes("disk '" + disk + "': queue " + index, depth);
		this.held = new int[depth];
		this.events = new LoopEvents(depth);
		this.failures = new FailureLog(disk);
		this.listener = listener;
		this.server = server.apply(this);
		this.thread = new QueueThread(this::run, "ublk-" + disk + "-" + index);
	}

	/**
	 * Creates the queue of a handler.
	 * @param disk the name of the disk
	 * @param index the index of the queue
	 * @param depth its tags
	 * @param transports opens its transport
	 * @param dataPath moves the data of its requests
	 * @param handler what serves its requests
	 * @param listener told when it fails
	 * @return the queue, not started
	 */
	public static BlockQueue forHandler(String disk, int index, int depth, QueueTransport.Factory transports,
			DataPath dataPath, BlockDeviceHandler handler, Listener listener) {
		return new BlockQueue(disk, index, depth, transports, dataPath, (queue) -> new HandlerServer(handler),
				listener);
	}

	/**
	 * Creates the queue of a request stream.
	 * @param disk the name of the disk
	 * @param index the index of the queue
	 * @param depth its tags
	 * @param transports opens its transport
	 * @param dataPath moves the data of its requests
	 * @param stream what serves its requests
	 * @param listener told when it fails
	 * @return the queue, not started
	 */
	public static BlockQueue forStream(String disk, int index, int depth, QueueTransport.Factory transports,
			DataPath dataPath, BlockRequestStream stream, Listener listener) {
		return new BlockQueue(disk, index, depth, transports, dataPath,
				(queue) -> new StreamServer(queue, stream, depth), listener);
	}

	/**
	 * Sets who observes the queue. Called before the start.
	 * @param metrics the observer
	 * @return this queue
	 */
	public BlockQueue observedBy(QueueMetrics metrics) {
		this.times.observer(metrics);
		return this;
	}

	/**
	 * Sets how long a request may take. Called before the start.
	 * @param timeout from the arrival to the end; zero for ever
	 * @return this queue
	 */
	public BlockQueue answeringWithin(Duration timeout) {
		this.requestTimeout = timeout;
		return this;
	}

	/**
	 * Starts the thread and waits until all tags are armed.
	 * @param timeout how long to wait
	 * @throws IllegalStateException if the queue cannot start; its cause says why
	 */
	public void start(Duration timeout) {
		this.thread.start();
		try {
			this.ready.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (ExecutionException ex) {
			Throwable cause = Objects.requireNonNullElse(ex.getCause(), ex);
			throw new IllegalStateException(
					"Queue " + this.index + " of disk '" + this.disk + "' could not start: " + cause.getMessage(),
					cause);
		}
		catch (TimeoutException ex) {
			throw new IllegalStateException("Queue " + this.index + " of disk '" + this.disk + "' did not start within "
					+ timeout.toSeconds() + " s", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(
					"Interrupted while queue " + this.index + " of disk '" + this.disk + "' started", ex);
		}
	}

	/**
	 * Fails every request in flight and every later one with EIO. Any thread.
	 */
	public void failEverything() {
		this.failEverything = true;
		wakeUp();
	}

	/**
	 * Fails the requests that take longer than they may, with ETIMEDOUT. Any thread; to
	 * be called now and then.
	 */
	public void failOverdue() {
		long timeout = this.requestTimeout.toNanos();
		if (timeout > 0 && this.slots.anyOlderThan(timeout)) {
			this.overdueFound = true;
			wakeUp();
		}
	}

	/**
	 * Returns whether requests that took too long hold so many buffers that others may
	 * soon have none. The garbage collector gives those back that nobody uses. Any
	 * thread.
	 * @return whether it should run
	 */
	public boolean isShortOfBuffers() {
		return this.dataPath.isShort();
	}

	/**
	 * Keeps requests that arrive from now on until {@link #resume()}, or until they are
	 * failed. Any thread.
	 */
	public void pause() {
		this.paused = true;
	}

	/**
	 * Serves the requests that were kept, and those to come. Any thread.
	 */
	public void resume() {
		this.paused = false;
		wakeUp();
	}

	/**
	 * Ends the loop without waiting for the driver. Any thread.
	 */
	public void terminate() {
		this.terminated = true;
		failEverything();
	}

	/**
	 * Ends the loop as soon as nothing is in flight, although the driver still has the
	 * tags. Any thread.
	 */
	public void detach() {
		this.detaching = true;
		wakeUp();
	}

	/**
	 * Ends the loop at once. What is in flight gets no answer: the driver does with it
	 * what the recovery of the device says. Any thread.
	 */
	public void leave() {
		this.terminated = true;
		wakeUp();
	}

	/**
	 * Asks the thread for a sign of life. Any thread.
	 * @return completes when the thread has seen the question, or has ended
	 */
	public CompletableFuture<@Nullable Void> ping() {
		Ping ping = new Ping();
		handOver(ping);
		return ping.answer;
	}

	/**
	 * Waits until the thread has closed its transport and ended.
	 * @param timeout how long to wait
	 * @return whether it has ended
	 */
	public boolean awaitEnd(Duration timeout) {
		if (this.thread.getState() == Thread.State.NEW) {
			return true;
		}
		try {
			this.thread.join(Math.max(1, timeout.toMillis()));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		return !this.thread.isAlive();
	}

	/**
	 * Returns whether the thread was started and serves no more, for whatever reason. Any
	 * thread.
	 * @return whether nobody answers its requests
	 */
	public boolean hasEnded() {
		return this.ended.isDone();
	}

	/**
	 * Returns whether the thread has ended by itself. Any thread.
	 * @return whether it died, so that nobody answers its requests
	 */
	public boolean isDead() {
		return this.died;
	}

	/**
	 * Returns the requests that are being served. Any thread: a request that begins or
	 * ends meanwhile may be missing.
	 * @return the requests by tag
	 */
	public List<InFlightRequest> inFlight() {
		return this.slots.describe();
	}

	/**
	 * Returns how the queue is now. Any thread.
	 * @return a snapshot
	 */
	public Snapshot snapshot() {
		return new Snapshot(this.index, this.thread.getName(), this.ready.isDone() && !this.ended.isDone(), this.depth,
				this.counters.inFlight(), this.counters.requests(), this.failures.failures(), this.counters.handovers(),
				this.counters.wakeUps(), this.counters.enters(), this.counters.timeouts(), this.paused, kernelThread());
	}

	private int kernelThread() {
		QueueTransport current = this.transport;
		return (current != null) ? current.kernelThread() : 0;
	}

	int index() {
		return this.index;
	}

	FailureLog failures() {
		return this.failures;
	}

	DataPath dataPath() {
		return this.dataPath;
	}

	TransferSlots transfers() {
		return this.transfers;
	}

	/**
	 * Returns the time if anybody wants to know it. Any thread.
	 */
	long timestamp() {
		return this.times.timestamp();
	}

	Runnable waker() {
		return this.waker;
	}

	boolean isLoopThread() {
		return Thread.currentThread() == this.thread;
	}

	private QueueTransport transport() {
		QueueTransport current = this.transport;
		if (current == null) {
			throw new IllegalStateException("The queue is not running");
		}
		return current;
	}

	/**
	 * Takes the result of an ended request. Any thread.
	 */
	void ended(IoRequest request) {
		if (isLoopThread()) {
			this.endedHere[this.endedHereCount++] = request;
		}
		else {
			handOver(request);
		}
	}

	/**
	 * Lets the loop do something, at once if it is the loop that calls. Any thread.
	 */
	void execute(LoopTask task) {
		if (isLoopThread()) {
			task.run();
		}
		else {
			handOver(task);
		}
	}

	/**
	 * Leaves something for the loop to do. Any other thread.
	 */
	void handOver(LoopTask task) {
		this.mailbox.put(task);
		if (this.ended.isDone()) {
			rejectTasks();
		}
		else {
			wakeUp();
		}
	}

	private void rejectTasks() {
		this.mailbox.drain(LoopTask::reject);
	}

	/**
	 * Asks the kernel to break a transfer off. Called by the loop.
	 */
	void cancel(int slot) {
		this.transfers.submit(transport());
		transport().cancelTransfer(slot);
	}

	/**
	 * Lets the server go on, on the queue's thread. Any thread.
	 */
	void progressPossible() {
		if (isLoopThread()) {
			this.server.progress();
		}
		else {
			this.progressWanted = true;
			wakeUp();
		}
	}

	/**
	 * Notes that the server gave up: its requests fail as soon as the kernel has let go
	 * of their data, and every later one at once. Any thread.
	 */
	void serverEnded(String reason, @Nullable Throwable failure) {
		if (!this.serverEnded && !this.failEverything && !this.ended.isDone()) {
			this.serverEnded = true;
			wakeUp();
			this.listener.failed(this.index, reason, failure);
		}
	}

	private void wakeUp() {
		// costs a system call only when the loop sleeps, and then only the first caller
		if (this.sleeping.get() && this.sleeping.compareAndSet(true, false)) {
			this.counters.wokenUp();
			transport().wakeUp();
		}
	}

	private void run() {
		try (QueueTransport opened = this.transports.open(this.index)) {
			this.transport = opened;
			this.server.start();
			for (int tag = 0; tag < this.depth; tag++) {
				this.tags.give(tag);
				opened.fetch(tag, this.dataPath.commandAddress(tag));
			}
			opened.exchange(false);
			this.times.refresh();
			this.ready.complete(null);
			try {
				serve(opened);
			}
			finally {
				cancelInFlight();
				this.server.stop();
				this.transfers.abandon();
			}
		}
		catch (Throwable ex) {
			if (!this.ready.completeExceptionally(ex)) {
				this.died = true;
				this.listener.died(this.index, "Queue " + this.index + " ended: " + ex, ex);
			}
		}
		finally {
			this.counters.ended();
			this.times.ended();
			this.ended.complete(null);
			rejectTasks();
		}
	}

	private void serve(QueueTransport opened) {
		try {
			loop(opened);
		}
		catch (Throwable ex) {
			this.failEverything = true;
			try {
				endTransfers(opened);
			}
			catch (Throwable other) {
				ex.addSuppressed(other);
			}
			throw ex;
		}
		endTransfers(opened);
	}

	private void loop(QueueTransport opened) {
		boolean leaving = false;
		while (!this.tags.areGone() && !this.terminated) {
			long begun = this.counters.requests();
			takeEvents(opened);
			takeHandedOver();
			if (this.progressWanted) {
				this.progressWanted = false;
				this.server.progress();
			}
			if (this.serverEnded && !this.inFlightTakenAway) {
				this.inFlightTakenAway = true;
				takeInFlightAway();
			}
			if (this.failEverything && !this.inFlightFailed) {
				this.inFlightFailed = true;
				failInFlight();
			}
			if (this.overdueFound) {
				this.overdueFound = false;
				failOverdueNow();
			}
			commitEndedHere();
			this.transfers.submit(opened);
			this.times.show();
			// what has just arrived may be answered already, but the driver not told yet
			leaving = leaving && nothingInFlight() && this.counters.requests() == begun;
			if (this.tags.areGone() || leaving) {
				break;
			}
			// Announce the sleep first and look again afterwards: whoever comes between
			// either is seen here or sees the announcement and wakes the thread
			this.sleeping.set(true);
			// what the driver has handed over already must be looked at before the end
			leaving = this.detaching && nothingInFlight();
			boolean wait = !leaving && this.mailbox.isEmpty() && !this.progressWanted && !this.terminated
					&& !this.overdueFound && (this.inFlightFailed || !this.failEverything)
					&& (this.inFlightTakenAway || !this.serverEnded) && (this.heldCount == 0 || holding());
			opened.exchange(wait);
			this.sleeping.set(false);
			this.counters.entered(opened.enters());
		}
	}

	private boolean nothingInFlight() {
		return this.counters.inFlight() == 0;
	}

	// Owners of files wait for what the kernel still does to them. It may not end
	private void endTransfers(QueueTransport opened) {
		this.transfers.cancelAll();
		long end = System.nanoTime() + TRANSFER_PATIENCE_NANOS;
		while (!this.transfers.isEmpty() && System.nanoTime() - end < 0) {
			this.transfers.submit(opened);
			opened.exchange(false);
			takeEvents(opened);
			this.times.show();
			LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
		}
	}

	private void takeEvents(QueueTransport opened) {
		EventBatch batch = this.events;
		batch.clear();
		opened.poll(batch);
		if (batch.arrivals() > 0 || this.heldCount > 0) {
			beginArrived(batch);
		}
		// first, so that no flush of the batch succeeds although a write is lost
		for (int i = 0; i < batch.transfers(); i++) {
			if (batch.transferResult(i) < 0) {
				this.transfers.get(batch.transferSlot(i)).noteLostWrites(batch.transferResult(i));
			}
		}
		for (int i = 0; i < batch.transfers(); i++) {
			this.transfers.get(batch.transferSlot(i)).completed(batch.transferResult(i));
		}
	}

	private void beginArrived(EventBatch batch) {
		this.arrivedAt = System.nanoTime();
		this.times.arrived(this.arrivedAt);
		int kept = this.heldCount;
		if (kept > 0 && !holding()) {
			this.heldCount = 0;
			for (int i = 0; i < kept; i++) {
				begin(this.held[i]);
			}
		}
		for (int i = 0; i < batch.arrivals(); i++) {
			int tag = batch.arrivedTag(i);
			this.tags.take(tag);
			begin(tag);
		}
	}

	private void takeHandedOver() {
		if (!this.mailbox.isEmpty()) {
			this.times.mailboxOpened();
			this.mailbox.drain(this.handedOver);
			this.times.mailboxEmptied();
		}
	}

	private void commitEndedHere() {
		for (int i = 0; i < this.endedHereCount; i++) {
			commit(this.endedHere[i]);
		}
		this.endedHereCount = 0;
	}

	private void runHandedOver(LoopTask task) {
		this.counters.handedOver();
		task.run();
	}

	private void begin(int tag) {
		if (holding()) {
			this.held[this.heldCount++] = tag;
			return;
		}
		QueueTransport opened = transport();
		int operationAndFlags = opened.operationAndFlags(tag);
		BlockOperation operation = operation(operationAndFlags & IoOperation.MASK);
		this.counters.arrived();
		if (operation == null || refusing() || !this.dataPath.serves(tag)) {
			this.failures.count();
			refuse(tag, (operation == null) ? BlockErrno.EOPNOTSUPP : BlockErrno.EIO);
			return;
		}
		long length = Integer.toUnsignedLong(opened.sectors(tag)) << SECTOR_SHIFT;
		// the kernel gives a flush the sector -1
		long sector = (operation == BlockOperation.FLUSH) ? 0 : opened.startSector(tag);
		boolean data = operation == BlockOperation.READ || operation == BlockOperation.WRITE;
		if (sector < 0 || sector > (Long.MAX_VALUE - length) >> SECTOR_SHIFT
				|| (data && !this.dataPath.holds(length))) {
			this.failures.report(operation, sector << SECTOR_SHIFT, length, BlockErrno.EIO,
					new IllegalStateException("The driver asks for " + length + " bytes at sector " + sector
							+ ", which the engine has not offered"));
			refuse(tag, BlockErrno.EIO);
			return;
		}
		IoRequest request = this.pool.take(operation);
		if (request instanceof IoRequest.Write write) {
			write.forceUnitAccess((operationAndFlags & IoOperation.FLAG_FUA) != 0);
		}
		else if (request instanceof IoRequest.WriteZeroes writeZeroes) {
			writeZeroes.mayUnmap((operationAndFlags & IoOperation.FLAG_NOUNMAP) == 0);
		}
		IoBuffer buffer = null;
		if (data) {
			buffer = this.dataPath.begin(request, operationAndFlags, tag, (int) length);
		}
		this.slots.put(tag, request);
		request.begin(tag, sector << SECTOR_SHIFT, length, this.server.streamed(), buffer, this.arrivedAt);
		if (this.times.timed()) {
			serveTimed(request);
		}
		else {
			this.server.serve(request);
		}
	}

	private void refuse(int tag, BlockErrno errno) {
		this.counters.finished();
		answer(tag, -errno.number());
	}

	private void answer(int tag, int result) {
		this.tags.give(tag);
		transport().commitAndFetch(tag, result, this.dataPath.commandAddress(tag));
	}

	private void serveTimed(IoRequest request) {
		this.times.dispatched(request);
		int before = this.endedHereCount;
		this.server.serve(request);
		// the time is asked for once per request, not twice
		this.times.returned((this.endedHereCount == before + 1) ? this.endedHere[before].endedAt() : System.nanoTime());
	}

	private static @Nullable BlockOperation operation(int code) {
		return switch (code) {
			case IoOperation.READ -> BlockOperation.READ;
			case IoOperation.WRITE -> BlockOperation.WRITE;
			case IoOperation.FLUSH -> BlockOperation.FLUSH;
			case IoOperation.DISCARD -> BlockOperation.DISCARD;
			case IoOperation.WRITE_ZEROES -> BlockOperation.WRITE_ZEROES;
			default -> null;
		};
	}

	/**
	 * Answers the driver, as soon as the kernel has let go of the data. Called by the
	 * loop.
	 */
	void commit(IoRequest request) {
		if (request.transfers().await()) {
			this.transfers.cancelAll(request);
			if (this.inFlightFailed) {
				// it ended just when those in flight were failed
				request.transfers().stopWaiting();
				fail(request);
			}
			return;
		}
		if (request.isCancelled()) {
			fail(request);
			return;
		}
		int tag = request.tagInFlight();
		int result = this.dataPath.end(request, request.result());
		this.slots.remove(tag);
		this.counters.finished();
		this.times.answered(request, result);
		commit(request, tag, result);
		if (request.reusable()) {
			this.pool.giveBack(request);
		}
	}

	private void commit(IoRequest request, int tag, int result) {
		if (request.pages() == IoRequest.Pages.REGISTERED_BY_COMMAND) {
			transport().unregisterPages(tag);
		}
		answer(tag, result);
	}

	private boolean holding() {
		return this.paused && !refusing();
	}

	private boolean refusing() {
		return this.failEverything || this.serverEnded;
	}

	private void takeInFlightAway() {
		int failed = 0;
		for (int tag = 0; tag < this.depth; tag++) {
			IoRequest request = this.slots.get(tag);
			if (request != null && request.cancel(BlockErrno.EIO)) {
				failed++;
				commit(request);
			}
		}
		if (failed > 0) {
			logger.warn("disk '{}': the request stream of queue {} has ended, so {} requests fail with EIO", this.disk,
					this.index, failed);
		}
	}

	private void failInFlight() {
		int failed = 0;
		String first = "";
		for (int tag = 0; tag < this.depth; tag++) {
			IoRequest request = this.slots.get(tag);
			// one that has just ended by itself comes through the mailbox
			if (request != null && (request.cancel(BlockErrno.EIO) || request.transfers().stopWaiting())) {
				first = (failed++ == 0) ? request.toString() : first;
				fail(request);
			}
		}
		if (failed > 0) {
			logger.warn(
					"disk '{}': {} requests of queue {} were not answered in time and failed with EIO, the first: {}",
					this.disk, failed, this.index, first);
		}
	}

	/**
	 * Fails what has not been answered in time. The kernel is asked to let go of the data
	 * first. It is waited for, however long that takes: data that it moves later would
	 * land in, or come from, another request of the tag. What moves no data is failed
	 * soon.
	 */
	private void failOverdueNow() {
		long now = System.nanoTime();
		long timeout = this.requestTimeout.toNanos();
		for (int tag = 0; tag < this.depth; tag++) {
			IoRequest request = this.slots.get(tag);
			long age = (request != null) ? now - request.arrivedAt() : -1;
			if (request == null || age < timeout) {
				continue;
			}
			if (request.cancel(BlockErrno.ETIMEDOUT)) {
				this.counters.timedOut();
				this.failures.reportOverdue(request, this.requestTimeout);
				commit(request);
			}
			else if (age - timeout > TRANSFER_PATIENCE_NANOS && !request.movesData()
					&& request.transfers().stopWaiting()) {
				request.giveUpWith(BlockErrno.ETIMEDOUT);
				fail(request);
			}
		}
	}

	private void fail(IoRequest request) {
		int tag = request.tagInFlight();
		int result = -request.givenUpWith().number();
		this.slots.remove(tag);
		this.counters.finished();
		// one that the disk has failed itself is counted already
		if (request.isCancelled() || request.result() >= 0) {
			this.failures.count();
		}
		this.times.gaveUp(request, result);
		this.dataPath.abandon(request, !refusing());
		this.transfers.submit(transport());
		commit(request, tag, result);
	}

	private void cancelInFlight() {
		for (int tag = 0; tag < this.depth; tag++) {
			IoRequest request = this.slots.get(tag);
			// also one that has just ended and is still in the mailbox
			if (request != null && (request.cancel(BlockErrno.EIO) || request.transfers().await())) {
				this.dataPath.abandon(request, false);
			}
		}
	}

	/**
	 * Returns whether the calling thread is one that serves requests, which must not wait
	 * for anything.
	 * @return whether it is the thread of a queue
	 */
	public static boolean isQueueThread() {
		return Thread.currentThread() instanceof QueueThread;
	}

	/**
	 * Reactor refuses to block on such a thread, with a clear message, instead of
	 * freezing the disk.
	 */
	private static final class QueueThread extends Thread implements NonBlocking {

		QueueThread(Runnable task, String name) {
			super(task, name);
			setDaemon(true);
		}

	}

	private static final class Ping extends LoopTask {

		private final CompletableFuture<@Nullable Void> answer = new CompletableFuture<>();

		@Override
		void run() {
			this.answer.complete(null);
		}

		@Override
		void reject() {
			this.answer.complete(null);
		}

	}

	/**
	 * Told when a queue fails by itself.
	 */
	@FunctionalInterface
	public interface Listener {

		/**
		 * A queue has failed: it answers every request with EIO.
		 * @param queue its index
		 * @param reason what happened
		 * @param failure the error behind it
		 */
		void failed(int queue, String reason, @Nullable Throwable failure);

		/**
		 * The thread of a queue has ended by itself: its requests get no answer until the
		 * character device is closed.
		 * @param queue its index
		 * @param reason what happened
		 * @param failure the error behind it
		 */
		default void died(int queue, String reason, Throwable failure) {
			failed(queue, reason, failure);
		}

	}

	/**
	 * A snapshot of a queue.
	 *
	 * @param queue its index
	 * @param thread the name of its thread
	 * @param alive whether the thread serves it
	 * @param depth its tags
	 * @param inFlight the requests being served
	 * @param requests the requests that arrived
	 * @param errors the requests that failed
	 * @param handovers the completions from another thread
	 * @param wakeUps how often one had to wake the thread
	 * @param enters the calls into the driver
	 * @param timeouts the requests that were not answered in time
	 * @param paused whether arriving requests are kept
	 * @param kernelThread the kernel's number of its thread, 0 if it has none
	 */
	public record Snapshot(int queue, String thread, boolean alive, int depth, int inFlight, long requests, long errors,
			long handovers, long wakeUps, long enters, long timeouts, boolean paused, int kernelThread) {

	}

	private final class LoopEvents extends EventBatch {

		LoopEvents(int depth) {
			super(depth);
		}

		@Override
		public void pagesUnavailable(int tag, int error) {
			IoRequest request = BlockQueue.this.tags.isKnown(tag) ? BlockQueue.this.slots.get(tag) : null;
			if (request != null) {
				request.pages(IoRequest.Pages.UNAVAILABLE);
			}
		}

		@Override
		public void aborted(int tag, int error) {
			BlockQueue.this.tags.lose(tag);
			if (error != Errno.ENODEV) {
				String reason = "The driver gave up tag " + tag + " of queue " + BlockQueue.this.index + ": "
						+ Errno.describe(error);
				logger.error("disk '{}': {}", BlockQueue.this.disk, reason);
				BlockQueue.this.listener.failed(BlockQueue.this.index, reason, null);
			}
		}

	}

}
