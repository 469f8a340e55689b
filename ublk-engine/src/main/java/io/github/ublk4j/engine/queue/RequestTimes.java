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

import io.github.ublk4j.metrics.QueueMetrics;

/**
 * Takes the time of the requests of a queue and tells its observer, while there is one.
 * Used by the loop alone, but for {@link #timestamp()}.
 */
final class RequestTimes {

	private final String queue;

	private final AnsweredBatch answered;

	private QueueMetrics observer = QueueMetrics.NONE;

	// whether requests are timed in the present batch
	private volatile boolean observed;

	// an approximate time of arrival, good until somebody looks for overdue requests
	// again;
	// 0 while nobody does
	private volatile long untilNextLook;

	// when the disk became free for the next request of the batch; 0 if not observed
	private long free;

	// when the mailbox was opened; 0 while it is not being emptied, or nobody observes
	private long taken;

	RequestTimes(String queue, int depth) {
		this.queue = queue;
		this.answered = new AnsweredBatch(depth);
	}

	/**
	 * Sets who observes. Before the queue starts.
	 */
	void observer(QueueMetrics observer) {
		this.observer = new GuardedMetrics(this.queue, observer);
	}

	/**
	 * Finds out whether anybody observes from now on.
	 */
	void refresh() {
		boolean wanted = this.observer.observing();
		if (wanted != this.observed) {
			this.observed = wanted;
		}
	}

	/**
	 * Returns the time if anybody wants to know it. Any thread.
	 */
	long timestamp() {
		return this.observed ? System.nanoTime() : 0;
	}

	/**
	 * Somebody looks for overdue requests, and will again. Any thread.
	 * @param now the time
	 * @param next how long until then, in nanoseconds
	 */
	void looked(long now, long next) {
		// too late rather than too early: no request seems older than it is
		long then = now + next;
		this.untilNextLook = (then != 0) ? then : 1;
	}

	/**
	 * Some requests have arrived. To ask for the time costs as much as a tenth of what
	 * the queue does for a request: where nobody observes it, that of the next look for
	 * overdue ones will do.
	 * @return when, by {@code System.nanoTime()}
	 */
	long arrived() {
		if (this.observed) {
			this.free = System.nanoTime();
			return this.free;
		}
		this.free = 0;
		long approximate = this.untilNextLook;
		return (approximate != 0) ? approximate : System.nanoTime();
	}

	/**
	 * Returns whether the requests of this batch are timed.
	 */
	boolean timed() {
		return this.free != 0;
	}

	/**
	 * The disk is about to be called.
	 */
	void dispatched(IoRequest request) {
		request.dispatched(this.free);
	}

	/**
	 * The disk has returned.
	 */
	void returned(long now) {
		this.free = now;
	}

	void mailboxOpened() {
		this.taken = timestamp();
	}

	void mailboxEmptied() {
		this.taken = 0;
	}

	/**
	 * A request is being given back to the driver.
	 */
	void answered(IoRequest request, int result) {
		if (this.observed) {
			this.answered.add(request, result, this.taken);
		}
	}

	/**
	 * A request that the loop took away from the disk is being given back to the driver.
	 */
	void gaveUp(IoRequest request, int result) {
		if (this.observed) {
			request.gaveUp(System.nanoTime());
			this.answered.add(request, result, 0);
		}
	}

	/**
	 * The driver is about to get the answers.
	 */
	void show() {
		if (this.answered.size() > 0) {
			this.answered.submitted(System.nanoTime());
			this.observer.answered(this.answered);
			this.answered.clear();
		}
		refresh();
	}

	/**
	 * The queue has ended.
	 */
	void ended() {
		this.observer.ended();
	}

}
