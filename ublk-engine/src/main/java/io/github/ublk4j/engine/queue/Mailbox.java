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

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Tasks on their way from any thread to the loop, most of them ended requests: a Treiber
 * stack linked through the tasks themselves. It needs no memory and no bound, since a
 * queue has no more requests than tags.
 */
final class Mailbox {

	private final AtomicReference<@Nullable LoopTask> top = new AtomicReference<>();

	/**
	 * Adds a task. Any thread.
	 */
	void put(LoopTask task) {
		LoopTask current;
		do {
			current = this.top.get();
			task.next = current;
		}
		while (!this.top.compareAndSet(current, task));
	}

	boolean isEmpty() {
		return this.top.get() == null;
	}

	/**
	 * Takes all tasks out, the oldest first. Any thread.
	 * @param action what becomes of each; it may put the task back
	 */
	void drain(Consumer<? super LoopTask> action) {
		LoopTask task = takeAll();
		while (task != null) {
			LoopTask following = task.next;
			task.next = null;
			action.accept(task);
			task = following;
		}
	}

	// the oldest, linked to the others in the order of their arrival
	private @Nullable LoopTask takeAll() {
		if (isEmpty()) {
			return null;
		}
		LoopTask newest = this.top.getAndSet(null);
		LoopTask oldest = null;
		while (newest != null) {
			LoopTask older = newest.next;
			newest.next = oldest;
			oldest = newest;
			newest = older;
		}
		return oldest;
	}

}
