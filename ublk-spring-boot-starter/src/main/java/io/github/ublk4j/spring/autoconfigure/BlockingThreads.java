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

package io.github.ublk4j.spring.autoconfigure;

import io.github.ublk4j.block.DiskSpec;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import org.springframework.core.task.SimpleAsyncTaskExecutor;

/**
 * Where the methods of disks are called that may block.
 */
enum BlockingThreads {

	/** Threads of the disk, at most as many as its queue depth, that end when idle. */
	PLATFORM {

		@Override
		Scheduler create(DiskSpec spec) {
			// no bound of their own for those that wait: there are never more requests
			// than queues x depth
			return Schedulers.newBoundedElastic(spec.queueDepth(), Integer.MAX_VALUE, threadName(spec), IDLE_SECONDS,
					true);
		}

	},

	/** A virtual thread for each call. */
	VIRTUAL {

		@Override
		Scheduler create(DiskSpec spec) {
			SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor(threadName(spec) + "-");
			executor.setVirtualThreads(true);
			return Schedulers.fromExecutor(executor);
		}

	};

	private static final int IDLE_SECONDS = 60;

	/**
	 * Creates the scheduler of a disk, to be disposed with it.
	 */
	abstract Scheduler create(DiskSpec spec);

	private static String threadName(DiskSpec spec) {
		return "ublk-" + spec.name() + "-blocking";
	}

}
