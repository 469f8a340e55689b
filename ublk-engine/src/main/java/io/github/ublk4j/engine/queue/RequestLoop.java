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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;

import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.metrics.InFlightRequest;
import io.github.ublk4j.metrics.QueueMetrics;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.scheduler.NonBlocking;

/**
 * What the thread of a queue does: it owns the transport and all slots, takes events,
 * starts requests, collects results and enters the driver once per batch. Everything else
 * reaches it through the mailbox.
 * <p>
 * The loop ends when the driver has given up every tag, which STOP_DEV brings about, or
 * at once after {@link #terminate()}.
 */
final class RequestLoop {

	private static final Logger logger = LoggerFactory.getLogger(RequestLoop.class);

	static final long TRANSFER_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

	private final String disk;

	private final int index;

	private final int depth;

	private final QueueTransport.Factory transports;

	private final DataPath dataPath;

	private final RequestServer server;

	private final BlockQueue.Listener listener;

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

	// the driver learns of it in the next exchange
	private boolean answered;

	private final QueueCounters counters = new QueueCounters();

	private final ProcessorYield processorYield = new ProcessorYield();

	private final RequestTimes times;

	// tags that arrived while the queue was paused
	private final int[] held;

	private int heldCount;

	private final RequestSlots slots;

	private final TransferSlots transfers;

	private final DriverTags tags;

	private final RequestDecoder decoder;

	private final RequestWithdrawal withdrawal;

	private final Runnable waker = this::wakeUp;

	private volatile boolean serverEnded;

	private volatile boolean failEverything;

	private volatile boolean terminated;

	private volatile boolean detaching;

	private volatile boolean progressWanted;

	private volatile boolean overdueFound;

	private volatile boolean died;

	private volatile boolean paused;

	// set after any of the above but the last two: the loop looks at them only then
	private volatile boolean stateChanged;

	// set before the first request and never changed
	private volatile @Nullable QueueTransport transport;

	private boolean leaving;

	// detaching or terminated, as far as the loop has seen
	private boolean goingAway;

	private boolean inFlightTakenAway;

	private boolean inFlightFailed;

	private Duration requestTimeout = Duration.ZERO;

	// when the batch came that is being worked off
	private long arrivedAt;

	RequestLoop(String disk, int index, int depth, QueueTransport.Factory transports, DataPath dataPath,
			Function<RequestLoop, RequestServer> server, BlockQueue.Listener listener) {
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
		this.decoder = new RequestDecoder(this.pool, dataPath, this.failures);
		this.withdrawal = new RequestWithdrawal(this, disk, this.slots);
		this.listener = listener;
		this.server = server.apply(this);
		this.thread = new QueueThread(this::run, "ublk-" + disk + "-" + index);
	}

	void observedBy(QueueMetrics metrics) {
		this.times.observer(metrics);
	}

	void answeringWithin(Duration timeout) {
		this.requestTimeout = timeout;
	}

	Thread thread() {
		return this.thread;
	}

	/**
	 * Completes when all tags are armed.
	 */
	CompletableFuture<Void> ready() {
		return this.ready;
	}

	/**
	 * Completes when the loop serves no more, for whatever reason.
	 */
	CompletableFuture<Void> ended() {
		return this.ended;
	}

	boolean isDead() {
		return this.died;
	}

	void failEverything() {
		this.failEverything = true;
		stateChanged();
	}

	void failOverdue(Duration nextLook) {
		boolean late = this.times.looked(System.nanoTime(), nextLook.toNanos());
		long timeout = this.requestTimeout.toNanos();
		if (timeout > 0 && (late || this.slots.anyOlderThan(timeout))) {
			this.overdueFound = true;
			stateChanged();
		}
	}

	void pause() {
		this.paused = true;
	}

	void resume() {
		this.paused = false;
		wakeUp();
	}

	void terminate() {
		this.terminated = true;
		failEverything();
	}

	void detach() {
		this.detaching = true;
		stateChanged();
	}

	void leave() {
		this.terminated = true;
		stateChanged();
	}

	List<InFlightRequest> inFlight() {
		return this.slots.describe();
	}

	BlockQueue.Snapshot snapshot() {
		return new BlockQueue.Snapshot(this.index, this.thread.getName(), this.ready.isDone() && !this.ended.isDone(),
				this.depth, this.counters.inFlight(), this.counters.requests(), this.failures.failures(),
				this.counters.handovers(), this.counters.wakeUps(), this.counters.enters(), this.counters.timeouts(),
				this.paused, kernelThread());
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

	QueueCounters counters() {
		return this.counters;
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
			stateChanged();
		}
	}

	/**
	 * Notes that the server gave up: its requests fail as soon as the kernel has let go
	 * of their data, and every later one at once. Any thread.
	 */
	void serverEnded(String reason, @Nullable Throwable failure) {
		if (!this.serverEnded && !this.failEverything && !this.ended.isDone()) {
			this.serverEnded = true;
			stateChanged();
			this.listener.failed(this.index, reason, failure);
		}
	}

	private void stateChanged() {
		this.stateChanged = true;
		wakeUp();
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
			this.dataPath.opened(opened);
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
				endServing();
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

	// The last of them keeps memory that the kernel may still use, whatever happens
	// before
	private void endServing() {
		try {
			this.withdrawal.abandonAll();
		}
		finally {
			try {
				this.server.stop();
			}
			finally {
				this.transfers.abandon();
			}
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

	// Each turn is a call: what is called is compiled again soon after it was given up, a
	// loop that never ends is interpreted meanwhile
	private void loop(QueueTransport opened) {
		boolean goesOn = true;
		while (goesOn && !this.tags.areGone() && !this.terminated) {
			goesOn = turn(opened);
		}
	}

	private boolean turn(QueueTransport opened) {
		long begun = this.counters.requests();
		takeEvents(opened);
		takeHandedOver();
		if (this.stateChanged) {
			// before it looks: what comes later is another change
			this.stateChanged = false;
			followState();
		}
		commitEndedHere();
		this.transfers.submit(opened);
		this.times.show();
		// what has just arrived may be answered already, but the driver not told yet
		this.leaving = this.leaving && nothingInFlight() && this.counters.requests() == begun;
		if (this.tags.areGone() || this.leaving) {
			return false;
		}
		if (this.answered || !handlerHasTheOnlyRequest() || !this.processorYield.bringsTasks(this.mailbox)) {
			exchange(opened);
		}
		return true;
	}

	private void followState() {
		if (this.progressWanted) {
			this.progressWanted = false;
			this.server.progress();
		}
		if (this.serverEnded && !this.inFlightTakenAway) {
			this.inFlightTakenAway = true;
			this.withdrawal.takeAllAway();
		}
		if (this.failEverything && !this.inFlightFailed) {
			this.inFlightFailed = true;
			this.withdrawal.failAll();
		}
		if (this.overdueFound) {
			this.overdueFound = false;
			this.times.correct(this.slots);
			this.withdrawal.failOverdue(this.requestTimeout);
		}
		this.goingAway = this.detaching || this.terminated;
	}

	private void exchange(QueueTransport opened) {
		// Announce the sleep first and look again afterwards: whoever comes between
		// either is seen here or sees the announcement and wakes the thread
		this.sleeping.set(true);
		boolean wait = this.mailbox.isEmpty() && !this.stateChanged && (this.heldCount == 0 || holding());
		if (this.goingAway) {
			// what the driver has handed over already must be looked at before the end
			this.leaving = this.detaching && nothingInFlight();
			wait = wait && !this.leaving && !this.terminated;
		}
		opened.exchange(wait);
		// at worst somebody wakes a thread that is awake
		this.sleeping.lazySet(false);
		this.answered = false;
		this.counters.entered(opened.enters());
	}

	private boolean nothingInFlight() {
		return this.counters.inFlight() == 0;
	}

	// Transfers end in the ring, not in the mailbox. When more requests are on their way,
	// the queue sleeps: so that it finds many at once afterwards, not one at a time
	private boolean handlerHasTheOnlyRequest() {
		return this.counters.inFlight() == 1 && this.transfers.isEmpty();
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
			beginArrived(opened, batch);
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

	private void beginArrived(QueueTransport opened, EventBatch batch) {
		this.arrivedAt = this.times.arrived();
		int kept = this.heldCount;
		if (kept > 0 && !holding()) {
			this.heldCount = 0;
			for (int i = 0; i < kept; i++) {
				begin(opened, this.held[i]);
			}
		}
		for (int i = 0; i < batch.arrivals(); i++) {
			int tag = batch.arrivedTag(i);
			this.tags.take(tag);
			begin(opened, tag);
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

	private void begin(QueueTransport opened, int tag) {
		if (holding()) {
			this.held[this.heldCount++] = tag;
			return;
		}
		this.counters.arrived();
		IoRequest request = this.decoder.decode(opened, tag, refusing(), this.server.streamed(), this.arrivedAt);
		if (request == null) {
			this.counters.finished();
			answer(tag, -this.decoder.refusal().number());
			return;
		}
		this.slots.put(tag, request);
		if (this.times.timed()) {
			serveTimed(request);
		}
		else {
			this.server.serve(request);
		}
	}

	private void answer(int tag, int result) {
		this.tags.give(tag);
		this.answered = true;
		transport().commitAndFetch(tag, result, this.dataPath.commandAddress(tag));
	}

	private void serveTimed(IoRequest request) {
		this.times.dispatched(request);
		int before = this.endedHereCount;
		this.server.serve(request);
		// the time is asked for once per request, not twice
		this.times.returned((this.endedHereCount == before + 1) ? this.endedHere[before].endedAt() : System.nanoTime());
	}

	/**
	 * Returns whether the driver waits for an answer to the request. Called by the loop.
	 */
	boolean isInFlight(IoRequest request) {
		return this.slots.get(request.tagInFlight()) == request;
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
				this.withdrawal.fail(request);
			}
			return;
		}
		if (request.isCancelled()) {
			this.withdrawal.fail(request);
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

	/**
	 * Answers the driver for a request that was taken away. Called by the loop.
	 */
	void giveUp(IoRequest request, int result) {
		int tag = request.tagInFlight();
		this.slots.remove(tag);
		this.counters.finished();
		this.times.gaveUp(request, result);
		this.dataPath.abandon(request, !refusing());
		this.transfers.submit(transport());
		commit(request, tag, result);
	}

	private boolean holding() {
		return this.paused && !refusing();
	}

	private boolean refusing() {
		return this.failEverything || this.serverEnded;
	}

	/**
	 * Reactor refuses to block on such a thread, with a clear message, instead of
	 * freezing the disk.
	 */
	static final class QueueThread extends Thread implements NonBlocking {

		QueueThread(Runnable task, String name) {
			super(task, name);
			setDaemon(true);
		}

	}

	private final class LoopEvents extends EventBatch {

		LoopEvents(int depth) {
			super(depth);
		}

		@Override
		public void pagesUnavailable(int tag, int error) {
			IoRequest request = RequestLoop.this.tags.isKnown(tag) ? RequestLoop.this.slots.get(tag) : null;
			if (request != null) {
				request.pages(IoRequest.Pages.UNAVAILABLE);
			}
		}

		@Override
		public void aborted(int tag, int error) {
			RequestLoop.this.tags.lose(tag);
			if (error != Errno.ENODEV) {
				String reason = "The driver gave up tag " + tag + " of queue " + RequestLoop.this.index + ": "
						+ Errno.describe(error);
				logger.error("disk '{}': {}", RequestLoop.this.disk, reason);
				RequestLoop.this.listener.failed(RequestLoop.this.index, reason, null);
			}
		}

	}

}
