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

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counters of one queue. The loop alone counts, but for {@link #wokenUp()}, so plain
 * increments are enough; opaque writes let other threads read whole and recent values at
 * no cost.
 */
final class QueueCounters {

	private static final VarHandle REQUESTS = handle("requests");

	private static final VarHandle FINISHED = handle("finished");

	private static final VarHandle HANDOVERS = handle("handovers");

	private static final VarHandle ENTERS = handle("enters");

	private static final VarHandle TIMEOUTS = handle("timeouts");

	private final AtomicLong wakeUps = new AtomicLong();

	private long requests;

	private long finished;

	private long handovers;

	@SuppressWarnings("UnusedVariable") // through ENTERS
	private long enters;

	private long timeouts;

	private static VarHandle handle(String field) {
		try {
			return MethodHandles.lookup().findVarHandle(QueueCounters.class, field, long.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	void arrived() {
		REQUESTS.setOpaque(this, this.requests + 1);
	}

	void finished() {
		FINISHED.setOpaque(this, this.finished + 1);
	}

	/**
	 * Counts whatever is left as finished: the queue is gone.
	 */
	void ended() {
		FINISHED.setOpaque(this, this.requests);
	}

	void handedOver() {
		HANDOVERS.setOpaque(this, this.handovers + 1);
	}

	void entered(long total) {
		ENTERS.setOpaque(this, total);
	}

	void timedOut() {
		TIMEOUTS.setOpaque(this, this.timeouts + 1);
	}

	void wokenUp() {
		this.wakeUps.incrementAndGet();
	}

	long requests() {
		return (long) REQUESTS.getOpaque(this);
	}

	int inFlight() {
		// read in this order, so that the difference is never negative
		long done = (long) FINISHED.getOpaque(this);
		return (int) Math.max(0, requests() - done);
	}

	long handovers() {
		return (long) HANDOVERS.getOpaque(this);
	}

	long enters() {
		return (long) ENTERS.getOpaque(this);
	}

	long timeouts() {
		return (long) TIMEOUTS.getOpaque(this);
	}

	long wakeUps() {
		return this.wakeUps.get();
	}

}
