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

	// Stands for the time of arrival where nobody observes, and lies in the future unless
	// a look for overdue requests comes late. Odd, as no time is that was asked for; 0
	// while nobody looks
	private volatile long approximately;

	// the first of those that a late look has found in the past; 0 if there is none
	private volatile long outdated;

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
	 * Somebody looks for overdue requests. One thread, any.
	 * @param now the time
	 * @param next how long until the next look, in nanoseconds; 0 if that is not known
	 * @return whether the look comes so late that requests may seem older than they are
	 */
	boolean looked(long now, long next) {
		long last = this.approximately;
		// first: what arrives from now on must not need a correction
		this.approximately = (next == 0) ? 0 : (now + 2 * next) | 1;
		boolean late = last != 0 && now - last > 0;
		if (late && this.outdated == 0) {
			this.outdated = last;
		}
		return late;
	}

	/**
	 * Lets no request seem older than it is, before one fails for its age: a process may
	 * have been stopped for longer than its requests may take.
	 */
	void correct(RequestSlots slots) {
		long now = now();
		long from = this.outdated;
		this.outdated = 0;
		long current = this.approximately;
		if (from == 0 && current != 0 && now - current > 0) {
			from = current;
		}
		if (from != 0) {
			slots.arrivedNow(from, now);
		}
	}

	/**
	 * Some requests have arrived. To ask for the time is not for nothing: where nobody
	 * observes, that of the look after the next for overdue requests will do.
	 * @return when, by {@code System.nanoTime()}
	 */
	long arrived() {
		if (this.observed) {
			this.free = now();
			return this.free;
		}
		this.free = 0;
		long approximate = this.approximately;
		return (approximate != 0) ? approximate : now();
	}

	private static long now() {
		return System.nanoTime() & ~1;
	}

	/**
	 * Returns whether a time of arrival only stands for one.
	 */
	static boolean isApproximate(long arrivedAt) {
		return (arrivedAt & 1) != 0;
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
