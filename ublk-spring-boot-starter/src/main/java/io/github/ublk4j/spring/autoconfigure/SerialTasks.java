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

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * Runs the changes of one disk one after the other, each on a thread of its own: they are
 * rare, they block, and a pool that handlers use too could be full of changes that wait
 * for those handlers.
 */
final class SerialTasks {

	private final Executor executor;

	private final Runnable afterwards;

	private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);

	/**
	 * Creates a sequence.
	 * @param thread the name of the threads
	 * @param afterwards called after each task, when the next one may run already, and
	 * before those who wait for the task go on; must not throw
	 */
	SerialTasks(String thread, Runnable afterwards) {
		this.executor = (task) -> {
			Thread started = new Thread(task, thread);
			started.setDaemon(true);
			started.start();
		};
		this.afterwards = afterwards;
	}

	synchronized <T> CompletableFuture<T> run(Callable<T> task) {
		CompletableFuture<T> result = new CompletableFuture<>();
		CompletableFuture<Void> over = new CompletableFuture<>();
		this.last.thenRunAsync(() -> run(task, over, result), this.executor).whenComplete((done, failure) -> {
			if (failure != null) {
				over.complete(null);
				result.completeExceptionally(failure);
			}
		});
		this.last = over;
		return result;
	}

	private <T> void run(Callable<T> task, CompletableFuture<Void> over, CompletableFuture<T> result) {
		CompletableFuture<T> outcome = new CompletableFuture<>();
		try {
			outcome.complete(task.call());
		}
		catch (Throwable ex) {
			outcome.completeExceptionally(ex);
		}
		over.complete(null);
		this.afterwards.run();
		outcome.whenComplete((value, failure) -> {
			if (failure != null) {
				result.completeExceptionally(failure);
			}
			else {
				result.complete(value);
			}
		});
	}

}
