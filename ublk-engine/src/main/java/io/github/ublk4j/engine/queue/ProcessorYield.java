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

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Lets the thread of a handler have the queue's processor before the queue sleeps: where
 * they share one, the request ends meanwhile, and the queue needs no sleep and no
 * wake-up. Where they do not, yielding is in vain, and is tried less and less often. Used
 * by the loop alone.
 */
final class ProcessorYield {

	/**
	 * Who was away for longer had to wait for others than handlers; requests that have
	 * arrived meanwhile should not.
	 */
	static final long LONG_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

	static final int MOST_SKIPPED = 1024;

	private final Runnable yield;

	private final LongSupplier nanoTime;

	private int skipped;

	private int toSkip;

	@SuppressWarnings("ThreadPriorityCheck") // nothing but speed depends on it
	ProcessorYield() {
		this(Thread::yield, System::nanoTime);
	}

	ProcessorYield(Runnable yield, LongSupplier nanoTime) {
		this.yield = yield;
		this.nanoTime = nanoTime;
	}

	/**
	 * Yields, unless that was in vain of late.
	 * @return whether there is a task now
	 */
	boolean bringsTasks(Mailbox mailbox) {
		if (this.toSkip > 0) {
			this.toSkip--;
			return false;
		}
		long begun = this.nanoTime.getAsLong();
		this.yield.run();
		boolean brought = !mailbox.isEmpty();
		if (brought && this.nanoTime.getAsLong() - begun <= LONG_NANOS) {
			this.skipped = 0;
		}
		else {
			this.skipped = Math.min(Math.max(1, 2 * this.skipped), MOST_SKIPPED);
			this.toSkip = this.skipped;
		}
		return brought;
	}

}
