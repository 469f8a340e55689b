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

import io.github.ublk4j.metrics.AnsweredRequests;
import io.github.ublk4j.metrics.QueueMetrics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * Shows the requests of a queue to its metrics and to the subscribers of its device's
 * activity. What a subscriber has not asked for is not kept for it.
 */
final class ObservedQueue implements QueueMetrics {

	private static final Logger logger = LoggerFactory.getLogger(ObservedQueue.class);

	private final int index;

	private QueueMetrics metrics;

	private final Sinks.Many<DiskActivity> activity = Sinks.many().multicast().directBestEffort();

	ObservedQueue(int index, QueueMetrics metrics) {
		this.index = index;
		this.metrics = metrics;
	}

	Flux<DiskActivity> activity() {
		return this.activity.asFlux();
	}

	@Override
	public boolean observing() {
		return measuring() || this.activity.currentSubscriberCount() > 0;
	}

	private boolean measuring() {
		try {
			return this.metrics.observing();
		}
		catch (Throwable ex) {
			giveUp(ex);
			return false;
		}
	}

	// whoever watches the activity goes on
	private void giveUp(Throwable failure) {
		logger.error("Queue {} is not measured any more, since {} failed", this.index, this.metrics, failure);
		this.metrics = QueueMetrics.NONE;
	}

	@Override
	public void answered(AnsweredRequests requests) {
		if (measuring()) {
			measure(requests);
		}
		if (this.activity.currentSubscriberCount() > 0) {
			for (int i = 0; i < requests.size(); i++) {
				this.activity.tryEmitNext(activity(requests, i));
			}
		}
	}

	private void measure(AnsweredRequests requests) {
		try {
			this.metrics.answered(requests);
		}
		catch (Throwable ex) {
			giveUp(ex);
		}
	}

	private DiskActivity activity(AnsweredRequests requests, int i) {
		return new DiskActivity(this.index, requests.operation(i), requests.offset(i), requests.length(i),
				requests.errno(i), Duration.ofNanos(requests.dispatchNanos(i)),
				Duration.ofNanos(requests.handlerNanos(i)), Duration.ofNanos(requests.handoverNanos(i)),
				Duration.ofNanos(requests.commitNanos(i)));
	}

	@Override
	public void ended() {
		this.activity.tryEmitComplete();
		this.metrics.ended();
	}

}
