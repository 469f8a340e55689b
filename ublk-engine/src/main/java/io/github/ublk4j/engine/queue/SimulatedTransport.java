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

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.engine.driver.IoOperation;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import org.jspecify.annotations.Nullable;

/**
 * The driver's side of one queue, in memory: a request waits for an armed tag, arrives,
 * and is answered by the commit of its tag. Opened once, by the queue's thread; the
 * public methods that the queue does not call may be called from any thread.
 */
public final class SimulatedTransport implements QueueTransport {

	private static final int SECTOR_SHIFT = 9;

	private final SimulatedMemory memory = new SimulatedMemory();

	// whether requests outlive the server that did not answer them
	private final boolean recoverable;

	private final Queue<SimulatedRequest> waiting = new ArrayDeque<>();

	private final @Nullable SimulatedRequest[] inFlight;

	// as the queue sees them, also after the driver has given up
	private final @Nullable SimulatedRequest[] descriptors;

	private final boolean[] armed;

	private final long[] addresses;

	// what the queue has told since the last exchange; its thread's alone
	private final List<Runnable> commands = new ArrayList<>();

	private final Map<Integer, Integer> transferResults = new LinkedHashMap<>();

	private Phase phase = Phase.SERVING;

	private @Nullable RuntimeException death;

	private int error = Errno.ENODEV;

	private boolean awake;

	private long enters;

	/**
	 * Creates a queue without a disk behind it.
	 * @param depth its tags
	 * @param recoverable whether its requests outlive a server that does not answer them,
	 * until {@link #takeUnanswered} takes them
	 */
	public SimulatedTransport(int depth, boolean recoverable) {
		this.recoverable = recoverable;
		this.inFlight = new SimulatedRequest[depth];
		this.descriptors = new SimulatedRequest[depth];
		this.armed = new boolean[depth];
		this.addresses = new long[depth];
	}

	/**
	 * Makes the data path of the queue.
	 * @param mode how data moves
	 * @param largest the largest request in bytes
	 * @param clearReadBuffers whether what the disk leaves unfilled must read as zeros
	 * @param registration how request pages become fixed buffers
	 * @return the path, in memory that only Java knows
	 */
	public DataPath dataPath(DataMode mode, int largest, boolean clearReadBuffers, PageRegistration registration) {
		return DataPath.of(mode, new Copier(), this.memory, this.armed.length, largest, clearReadBuffers, registration);
	}

	/**
	 * Lets a request wait for a tag.
	 * @param request the request
	 * @return whether it does; not where nobody will ever serve the queue
	 */
	public synchronized boolean submit(SimulatedRequest request) {
		if (this.phase == Phase.GIVEN_UP || (this.phase == Phase.CLOSED && !this.recoverable)) {
			return false;
		}
		this.waiting.add(request);
		notifyAll();
		return true;
	}

	/**
	 * Keeps requests away from the server until {@link #serve()}.
	 */
	public synchronized void hold() {
		this.phase = Phase.HOLDING;
	}

	/**
	 * Delivers requests to the server.
	 */
	public synchronized void serve() {
		this.phase = Phase.SERVING;
		notifyAll();
	}

	/**
	 * Keeps requests away from the server, and gives up the tags that have none.
	 */
	public synchronized void quiesce() {
		if (this.phase == Phase.SERVING) {
			this.phase = Phase.QUIESCING;
			notifyAll();
		}
	}

	/**
	 * Takes the requests that the server of a recoverable queue has not answered, after
	 * it has closed the queue.
	 * @param reissue whether those that it has seen are taken too; they fail with EIO
	 * otherwise
	 * @return the requests to submit to the next server
	 */
	public List<SimulatedRequest> takeUnanswered(boolean reissue) {
		List<SimulatedRequest> taken = new ArrayList<>();
		List<SimulatedRequest> failed = new ArrayList<>();
		synchronized (this) {
			for (int tag = 0; tag < this.inFlight.length; tag++) {
				SimulatedRequest request = this.inFlight[tag];
				if (request != null) {
					(reissue ? taken : failed).add(request);
					this.inFlight[tag] = null;
				}
			}
			taken.addAll(this.waiting);
			this.waiting.clear();
			this.phase = Phase.GIVEN_UP;
		}
		failed.forEach((request) -> request.answer().complete(-Errno.EIO));
		return taken;
	}

	/**
	 * Ends the queue, when all its requests have been answered.
	 */
	public synchronized void stop() {
		if (this.phase == Phase.SERVING || this.phase == Phase.QUIESCING || this.phase == Phase.HOLDING) {
			this.phase = Phase.STOPPING;
			notifyAll();
		}
	}

	/**
	 * Gives all tags up: their requests fail at once, whatever the disk does.
	 * @param errno the positive error number that the queue is told
	 */
	public void giveUp(int errno) {
		synchronized (this) {
			this.error = errno;
		}
		end(Phase.GIVEN_UP);
	}

	/**
	 * Lets the next call into the driver throw, which ends the thread of the queue.
	 * @param cause what is thrown
	 */
	public synchronized void kill(RuntimeException cause) {
		this.death = cause;
		notifyAll();
	}

	/**
	 * Waits until no request waits or is in flight.
	 * @param deadline the end of patience, by {@link System#nanoTime()}
	 * @return whether none is
	 * @throws InterruptedException if the thread is interrupted
	 */
	public synchronized boolean awaitIdle(long deadline) throws InterruptedException {
		while (!isIdle()) {
			long left = (deadline - System.nanoTime()) / 1_000_000;
			if (left <= 0) {
				return false;
			}
			wait(left);
		}
		return true;
	}

	/**
	 * Returns whether a server waits for requests.
	 * @return whether every tag has been fetched
	 */
	public synchronized boolean isFetched() {
		for (boolean fetched : this.armed) {
			if (!fetched) {
				return false;
			}
		}
		return true;
	}

	private boolean isIdle() {
		for (SimulatedRequest request : this.inFlight) {
			if (request != null) {
				return false;
			}
		}
		return this.waiting.isEmpty();
	}

	// fails whatever is left
	private void end(Phase last) {
		List<SimulatedRequest> left;
		synchronized (this) {
			this.phase = last;
			left = new ArrayList<>(this.waiting);
			this.waiting.clear();
			for (int tag = 0; tag < this.inFlight.length; tag++) {
				SimulatedRequest request = this.inFlight[tag];
				if (request != null) {
					left.add(request);
					this.inFlight[tag] = null;
				}
			}
			notifyAll();
		}
		left.forEach((request) -> request.answer().complete(-Errno.EIO));
	}

	@Override
	public void fetch(int tag, long address) {
		this.commands.add(() -> arm(tag, address));
	}

	@Override
	public void commitAndFetch(int tag, int result, long address) {
		this.commands.add(() -> {
			SimulatedRequest request;
			synchronized (this) {
				request = this.inFlight[tag];
				if (request != null) {
					collect(request, tag, result);
				}
				this.inFlight[tag] = null;
				arm(tag, address);
			}
			if (request != null) {
				request.answer().complete(result);
			}
		});
	}

	private synchronized void arm(int tag, long address) {
		this.addresses[tag] = address;
		this.armed[tag] = true;
		notifyAll();
	}

	// ublk_drv would ask again for what a short result leaves out
	private void collect(SimulatedRequest request, int tag, int result) {
		if (result > 0 && result != request.length()) {
			throw new IllegalStateException(result + " of " + request.length() + " bytes were committed");
		}
		if (result > 0 && request.operation() == IoOperation.READ && this.addresses[tag] != 0) {
			request.pages().put(this.memory.at(this.addresses[tag], result));
		}
	}

	@Override
	public void registerPages(int tag) {
		// the pages are where a transfer looks for them
	}

	@Override
	public void unregisterPages(int tag) {
		// the pages go with their request
	}

	@Override
	public void transfer(RingOperation transfer, int slot) {
		SimulatedTransfer started = new SimulatedTransfer(transfer, descriptor(transfer.request().tagInFlight()));
		this.commands.add(() -> started.start((result) -> transferred(slot, result)));
	}

	private synchronized void transferred(int slot, int result) {
		this.transferResults.put(slot, result);
		notifyAll();
	}

	@Override
	public void cancelTransfer(int slot) {
		// it ends by itself, as most do in the kernel
	}

	@Override
	public void exchange(boolean wait) {
		this.enters++;
		List<Runnable> told = List.copyOf(this.commands);
		this.commands.clear();
		told.forEach(Runnable::run);
		synchronized (this) {
			try {
				while (wait && !this.awake && !eventPending() && this.death == null) {
					wait();
				}
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException("The thread of the queue was interrupted", ex);
			}
			this.awake = false;
			RuntimeException cause = this.death;
			if (cause != null) {
				this.death = null;
				throw cause;
			}
		}
	}

	private boolean eventPending() {
		boolean tagPending = delivering() || aborting();
		for (int tag = 0; tagPending && tag < this.armed.length; tag++) {
			if (this.armed[tag]) {
				return true;
			}
		}
		return !this.transferResults.isEmpty();
	}

	private boolean aborting() {
		return this.phase == Phase.GIVEN_UP || this.phase == Phase.QUIESCING
				|| (this.phase == Phase.STOPPING && isIdle());
	}

	private boolean delivering() {
		return !this.waiting.isEmpty() && this.phase != Phase.QUIESCING && this.phase != Phase.HOLDING;
	}

	@Override
	public void poll(Events events) {
		List<Integer> arrived = new ArrayList<>();
		List<Integer> aborted = new ArrayList<>();
		Map<Integer, Integer> transferred;
		int reason;
		synchronized (this) {
			transferred = new LinkedHashMap<>(this.transferResults);
			this.transferResults.clear();
			for (int tag = 0; tag < this.armed.length; tag++) {
				if (this.armed[tag] && delivering()) {
					deliver(this.waiting.remove(), tag);
					arrived.add(tag);
				}
				else if (this.armed[tag] && aborting()) {
					this.armed[tag] = false;
					aborted.add(tag);
				}
			}
			reason = this.error;
		}
		transferred.forEach(events::transferred);
		arrived.forEach(events::arrived);
		aborted.forEach((tag) -> events.aborted(tag, reason));
	}

	private void deliver(SimulatedRequest request, int tag) {
		this.armed[tag] = false;
		this.inFlight[tag] = request;
		this.descriptors[tag] = request;
		if (request.operation() == IoOperation.WRITE && this.addresses[tag] != 0) {
			ByteBuffer data = request.pages().clear();
			this.memory.at(this.addresses[tag], data.remaining()).put(data);
		}
	}

	private SimulatedRequest descriptor(int tag) {
		return Objects.requireNonNull(this.descriptors[tag], "no request has arrived");
	}

	@Override
	public int operationAndFlags(int tag) {
		return descriptor(tag).operationAndFlags();
	}

	@Override
	public long startSector(int tag) {
		return descriptor(tag).offset() >> SECTOR_SHIFT;
	}

	@Override
	public int sectors(int tag) {
		return (int) (descriptor(tag).length() >> SECTOR_SHIFT);
	}

	@Override
	public synchronized void wakeUp() {
		this.awake = true;
		notifyAll();
	}

	@Override
	public long enters() {
		return this.enters;
	}

	@Override
	public void close() {
		if (this.recoverable) {
			synchronized (this) {
				this.phase = Phase.CLOSED;
			}
		}
		else {
			end(Phase.CLOSED);
		}
	}

	/**
	 * How far the end of the queue is.
	 */
	private enum Phase {

		HOLDING, SERVING, QUIESCING, STOPPING, GIVEN_UP, CLOSED

	}

	/**
	 * Copies as the character device does: only to and from a request in flight.
	 */
	private final class Copier implements RequestCopier {

		@Override
		public void fromRequest(int tag, IoBuffer target, int length) {
			target.bytes().duplicate().clear().put(0, pagesInFlight("from", tag), 0, length);
		}

		@Override
		public void toRequest(int tag, IoBuffer source, int length) {
			pagesInFlight("to", tag).put(0, source.bytes().duplicate().clear(), 0, length);
		}

		@Override
		public void zeroRequest(int tag, int length) {
			pagesInFlight("to", tag).put(new byte[length]);
		}

		private ByteBuffer pagesInFlight(String direction, int tag) {
			synchronized (SimulatedTransport.this) {
				SimulatedRequest request = SimulatedTransport.this.inFlight[tag];
				if (request == null) {
					throw new LinuxException("copy " + direction + " the request of tag " + tag, Errno.EINVAL,
							"The request has ended");
				}
				return request.pages();
			}
		}

	}

}
