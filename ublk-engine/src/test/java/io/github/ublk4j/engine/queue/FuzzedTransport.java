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

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.github.ublk4j.engine.linux.Errno;
import org.jspecify.annotations.Nullable;

/**
 * A driver that hands over any descriptor, and any event that a test injects. Its
 * requests have no pages; what is copied goes nowhere.
 */
final class FuzzedTransport implements QueueTransport, QueueTransport.Factory, RequestCopier {

	private static final int DEPTH = 4;

	private final Queue<Request> waiting = new ArrayDeque<>();

	private final Queue<Request> atTheEnd = new ArrayDeque<>();

	private final List<Request> all = new ArrayList<>();

	private final List<Runnable> queued = new ArrayList<>();

	private final List<Consumer<Events>> injected = new ArrayList<>();

	private final @Nullable Request[] inFlight = new Request[DEPTH];

	private final boolean[] armed = new boolean[DEPTH];

	private boolean aborting;

	private boolean awake;

	private int looks;

	private long answered;

	@Override
	public QueueTransport open(int queue) {
		return this;
	}

	synchronized CompletableFuture<Integer> submit(int operationAndFlags, long sector, int sectors) {
		Request request = new Request(operationAndFlags, sector, sectors);
		this.waiting.add(request);
		this.all.add(request);
		notifyAll();
		return request.answer;
	}

	/**
	 * Submits a request that the driver has dispatched, but whose completion the queue
	 * sees only when it looks for the last time.
	 */
	synchronized void submitAtTheEnd(int operationAndFlags, long sector, int sectors) {
		this.atTheEnd.add(new Request(operationAndFlags, sector, sectors));
	}

	synchronized long answered() {
		return this.answered;
	}

	synchronized void inject(Consumer<Events> events) {
		this.injected.add(events);
		notifyAll();
	}

	synchronized void giveUp(int tag, int error) {
		this.armed[tag] = false;
		inject((events) -> events.aborted(tag, error));
	}

	synchronized void abortAll() {
		this.aborting = true;
		notifyAll();
	}

	@Override
	public void fetch(int tag, long address) {
		this.queued.add(() -> this.armed[tag] = true);
	}

	@Override
	public void commitAndFetch(int tag, int result, long address) {
		this.queued.add(() -> {
			Request request = this.inFlight[tag];
			if (request != null) {
				request.answer.complete(result);
				this.answered++;
			}
			this.inFlight[tag] = null;
			this.armed[tag] = true;
		});
	}

	@Override
	public synchronized void exchange(boolean wait) {
		this.queued.forEach(Runnable::run);
		this.queued.clear();
		while (wait && !this.awake && this.waiting.isEmpty() && this.injected.isEmpty() && !this.aborting) {
			try {
				wait();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}
		if (!wait && this.looks++ > 0) {
			// not the first look of all, but the last of a queue that leaves
			Request late = this.atTheEnd.poll();
			if (late != null) {
				this.waiting.add(late);
			}
		}
		this.awake = false;
	}

	@Override
	public void poll(Events events) {
		List<Consumer<Events>> odd;
		List<Integer> arrived = new ArrayList<>();
		List<Integer> aborted = new ArrayList<>();
		synchronized (this) {
			odd = List.copyOf(this.injected);
			this.injected.clear();
			for (int tag = 0; tag < DEPTH; tag++) {
				if (this.armed[tag] && !this.waiting.isEmpty()) {
					this.inFlight[tag] = this.waiting.remove();
					this.armed[tag] = false;
					arrived.add(tag);
				}
				else if (this.armed[tag] && this.aborting) {
					this.armed[tag] = false;
					aborted.add(tag);
				}
			}
		}
		arrived.forEach(events::arrived);
		aborted.forEach((tag) -> events.aborted(tag, Errno.ENODEV));
		odd.forEach((each) -> each.accept(events));
	}

	private Request inFlight(int tag) {
		Request request = this.inFlight[tag];
		return (request != null) ? request : new Request(2, 0, 0);
	}

	@Override
	public int operationAndFlags(int tag) {
		return inFlight(tag).operationAndFlags;
	}

	@Override
	public long startSector(int tag) {
		return inFlight(tag).sector;
	}

	@Override
	public int sectors(int tag) {
		return inFlight(tag).sectors;
	}

	@Override
	public synchronized void wakeUp() {
		this.awake = true;
		notifyAll();
	}

	@Override
	public long enters() {
		return 0;
	}

	@Override
	public synchronized void close() {
		this.all.forEach((request) -> request.answer.completeExceptionally(new IllegalStateException("closed")));
	}

	@Override
	public void transfer(RingOperation operation, int slot) {
		throw new UnsupportedOperationException();
	}

	@Override
	public void registerPages(int tag) {
		throw new UnsupportedOperationException();
	}

	@Override
	public void unregisterPages(int tag) {
		throw new UnsupportedOperationException();
	}

	@Override
	public void cancelTransfer(int slot) {
		throw new UnsupportedOperationException();
	}

	@Override
	public void fromRequest(int tag, IoBuffer target, int length) {
		// there are no pages
	}

	@Override
	public void toRequest(int tag, IoBuffer source, int length) {
		// there are no pages
	}

	@Override
	public void zeroRequest(int tag, int length) {
		// there are no pages
	}

	private static final class Request {

		private final CompletableFuture<Integer> answer = new CompletableFuture<>();

		private final int operationAndFlags;

		private final long sector;

		private final int sectors;

		Request(int operationAndFlags, long sector, int sectors) {
			this.operationAndFlags = operationAndFlags;
			this.sector = sector;
			this.sectors = sectors;
		}

	}

}
