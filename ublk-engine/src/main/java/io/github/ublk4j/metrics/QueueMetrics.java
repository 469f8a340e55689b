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
 * Observes one queue. All methods are called by the queue's own thread, one call at a
 * time: plain fields do to count in, and what takes long makes the disk slow. An
 * exception ends the observation, not the queue.
 */
@FunctionalInterface
public interface QueueMetrics {

	/** Observes nothing. */
	QueueMetrics NONE = new QueueMetrics() {

		@Override
		public boolean observing() {
			return false;
		}

		@Override
		public void answered(AnsweredRequests requests) {
			// nothing is observed
		}

	};

	/**
	 * Returns whether requests shall be timed and shown. Asked once per batch, so that an
	 * observer can come and go; the answer must be cheap.
	 * @return whether to call {@link #answered}
	 */
	default boolean observing() {
		return true;
	}

	/**
	 * Some requests are about to be given back to the driver, all with the next system
	 * call.
	 * @param requests at least one request; valid during the call only
	 */
	void answered(AnsweredRequests requests);

	/**
	 * The queue has ended, or could not start, and nothing follows.
	 */
	default void ended() {
		// most observers keep nothing
	}

}
