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
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the failed requests of a queue and logs the first of a burst, for each operation
 * and type of failure. Any thread.
 */
final class FailureLog {

	private static final Logger logger = LoggerFactory.getLogger(FailureLog.class);

	private static final long BURST_NANOS = TimeUnit.SECONDS.toNanos(10);

	private final String disk;

	private final AtomicLong failures = new AtomicLong();

	private final Map<Kind, Burst> bursts = new ConcurrentHashMap<>();

	FailureLog(String disk) {
		this.disk = disk;
	}

	void report(BlockOperation operation, long offset, long length, BlockErrno errno, Throwable failure) {
		this.failures.incrementAndGet();
		log(operation, offset, length, errno, failure);
	}

	private void log(BlockOperation operation, long offset, long length, BlockErrno errno, Throwable failure) {
		Burst burst = this.bursts.computeIfAbsent(new Kind(operation, failure.getClass()), (kind) -> new Burst());
		long now = System.nanoTime();
		long last = burst.lastLogged.get();
		if (now - last < BURST_NANOS || !burst.lastLogged.compareAndSet(last, now)) {
			burst.suppressed.incrementAndGet();
			return;
		}
		long missed = burst.suppressed.getAndSet(0);
		String more = (missed > 0) ? " (" + missed + " more failures since the last message)" : "";
		try {
			logger.warn("disk '{}': {} of {} bytes at {} failed with {}{}", this.disk, operation, length, offset, errno,
					more, failure);
		}
		// an exception of a handler that cannot even be printed must not end the queue
		catch (Throwable ex) {
			logger.warn("disk '{}': {} of {} bytes at {} failed with {}{}: {}, which cannot be printed", this.disk,
					operation, length, offset, errno, more, failure.getClass().getName());
		}
	}

	/**
	 * Reports a request that was not answered in time. It is counted when the driver has
	 * its answer.
	 */
	void reportOverdue(IoRequest request, Duration timeout) {
		log(request.kind(), request.offsetInFlight(), request.lengthInFlight(), BlockErrno.ETIMEDOUT,
				new TimeoutException("not answered within " + timeout.toMillis()
						+ " ms; see what its Mono waits for, or raise the request timeout of the disk"));
	}

	/**
	 * Counts requests that the engine itself failed.
	 */
	void count() {
		this.failures.incrementAndGet();
	}

	long failures() {
		return this.failures.get();
	}

	private record Kind(BlockOperation operation, Class<?> failure) {

	}

	private static final class Burst {

		private final AtomicLong suppressed = new AtomicLong();

		private final AtomicLong lastLogged = new AtomicLong(System.nanoTime() - BURST_NANOS);

	}

}
