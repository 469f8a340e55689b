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

import io.github.ublk4j.metrics.AnsweredRequests;
import io.github.ublk4j.metrics.QueueMetrics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An observer that may fail: it is then not asked again, and whoever asked goes on. Used
 * by the loop alone.
 */
public final class GuardedMetrics implements QueueMetrics {

	private static final Logger logger = LoggerFactory.getLogger(GuardedMetrics.class);

	private final String queue;

	private QueueMetrics observer;

	/**
	 * Guards a queue from an observer.
	 * @param queue the queue, for people
	 * @param observer the observer
	 */
	public GuardedMetrics(String queue, QueueMetrics observer) {
		this.queue = queue;
		this.observer = observer;
	}

	@Override
	public boolean observing() {
		try {
			return this.observer.observing();
		}
		catch (Throwable ex) {
			giveUp(ex);
			return false;
		}
	}

	@Override
	public void answered(AnsweredRequests requests) {
		try {
			this.observer.answered(requests);
		}
		catch (Throwable ex) {
			giveUp(ex);
		}
	}

	@Override
	public void ended() {
		try {
			this.observer.ended();
		}
		catch (Throwable ex) {
			giveUp(ex);
		}
	}

	private void giveUp(Throwable failure) {
		logger.error("{} is not observed any more, since {} failed", this.queue, this.observer, failure);
		this.observer = QueueMetrics.NONE;
	}

}
