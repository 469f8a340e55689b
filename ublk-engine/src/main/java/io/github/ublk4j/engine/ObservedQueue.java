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

import io.github.ublk4j.engine.queue.GuardedMetrics;
import io.github.ublk4j.metrics.AnsweredRequests;
import io.github.ublk4j.metrics.QueueMetrics;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * Shows the requests of a queue to its metrics and to the subscribers of its device's
 * activity. What a subscriber has not asked for is not kept for it.
 */
final class ObservedQueue implements QueueMetrics {

	private final int index;

	// whoever watches the activity goes on when it fails
	private final QueueMetrics metrics;

	private final Runnable atEnd;

	private final Sinks.Many<DiskActivity> activity = Sinks.many().multicast().directBestEffort();

	/**
	 * Creates an observer.
	 * @param atEnd called by the queue's thread when it ends, for whatever reason
	 */
	ObservedQueue(int index, QueueMetrics metrics, Runnable atEnd) {
		this.index = index;
		this.atEnd = atEnd;
		this.metrics = new GuardedMetrics("queue " + index, metrics);
	}

	Flux<DiskActivity> activity() {
		return this.activity.asFlux();
	}

	@Override
	public boolean observing() {
		return this.metrics.observing() || this.activity.currentSubscriberCount() > 0;
	}

	@Override
	public void answered(AnsweredRequests requests) {
		if (this.metrics.observing()) {
			this.metrics.answered(requests);
		}
		if (this.activity.currentSubscriberCount() > 0) {
			for (int i = 0; i < requests.size(); i++) {
				this.activity.tryEmitNext(activity(requests, i));
			}
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
		this.atEnd.run();
	}

}
