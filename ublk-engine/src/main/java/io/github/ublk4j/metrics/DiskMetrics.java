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

package io.github.ublk4j.metrics;

/**
 * Makes the observers of queues. One serves all disks of an engine.
 */
@FunctionalInterface
public interface DiskMetrics {

	/** Measures nothing, and costs nothing. */
	DiskMetrics NONE = (disk, queue, depth) -> QueueMetrics.NONE;

	/**
	 * Returns the observer of a queue that is about to begin. Called by the thread that
	 * starts the disk; an exception fails the start.
	 * @param disk the name of the disk
	 * @param queue the index of the queue, from 0
	 * @param depth the tags of the queue
	 * @return the observer, used by this queue alone
	 */
	QueueMetrics queue(String disk, int queue, int depth);

}
