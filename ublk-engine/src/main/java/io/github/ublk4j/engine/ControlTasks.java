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

package io.github.ublk4j.engine;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what waits for the driver, and what is done now and then, on threads of the
 * engine's own. A task is never interrupted: half of a start or stop would be left.
 */
final class ControlTasks {

	private static final Logger logger = LoggerFactory.getLogger(ControlTasks.class);

	private static final long COLLECTION_NANOS = TimeUnit.SECONDS.toNanos(10);

	private long lastCollection = System.nanoTime() - COLLECTION_NANOS - 1;

	private final AtomicInteger threads = new AtomicInteger();

	private final ExecutorService executor = Executors.newCachedThreadPool((task) -> {
		Thread thread = new TaskThread(this, task, "ublk-control-" + this.threads.incrementAndGet());
		thread.setDaemon(true);
		return thread;
	});

	private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor((task) -> {
		Thread thread = new Thread(task, "ublk-watch");
		thread.setDaemon(true);
		return thread;
	});

	/**
	 * Runs a task.
	 * @return its result; every failure, also an {@code Error}, arrives as an exception
	 * that Reactor passes on
	 */
	<T> CompletableFuture<T> run(Callable<T> task) {
		CompletableFuture<T> result = new CompletableFuture<>();
		try {
			this.executor.execute(() -> {
				try {
					result.complete(task.call());
				}
				catch (Throwable ex) {
					result.completeExceptionally(UblkException.wrapError(ex));
				}
			});
		}
		catch (RejectedExecutionException ex) {
			result.completeExceptionally(new IllegalStateException("The engine is closed", ex));
		}
		catch (Throwable ex) {
			result.completeExceptionally(UblkException.wrapError(ex));
		}
		return result;
	}

	/**
	 * Runs a task that nobody waits for.
	 */
	void start(Runnable task) {
		this.executor.execute(() -> {
			try {
				task.run();
			}
			catch (Throwable ex) {
				logger.error("A task of the engine failed", ex);
			}
		});
	}

	/**
	 * Runs a short task again and again, until it is cancelled.
	 */
	Future<?> every(Duration interval, Runnable task) {
		return this.watch.scheduleWithFixedDelay(() -> {
			try {
				task.run();
			}
			// whatever it is would end the schedule, and with it all timeouts of a disk
			catch (Throwable ex) {
				logger.warn("A task of the engine failed", ex);
			}
		}, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
	}

	/**
	 * Lets the garbage collector find out which buffers of requests that took too long
	 * nobody uses any more, as the JVM does itself when direct buffers run short; not
	 * more often than every ten seconds. Called by tasks of {@link #every}.
	 */
	void collectGarbage() {
		long now = System.nanoTime();
		if (now - this.lastCollection > COLLECTION_NANOS) {
			this.lastCollection = now;
			System.gc();
		}
	}

	/**
	 * Returns whether the calling thread runs one of these tasks.
	 */
	boolean isTaskThread() {
		return Thread.currentThread() instanceof TaskThread thread && thread.owner == this;
	}

	void shutdown() {
		this.watch.shutdown();
		this.executor.shutdown();
	}

	private static final class TaskThread extends Thread {

		private final ControlTasks owner;

		TaskThread(ControlTasks owner, Runnable task, String name) {
			super(task, name);
			this.owner = owner;
		}

	}

}
