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

package io.github.ublk4j.spring.actuate;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.metrics.AnsweredRequests;
import io.github.ublk4j.metrics.DiskMetrics;
import io.github.ublk4j.metrics.QueueMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

/**
 * Publishes {@link UblkMeters}. The meters of a disk come with its first queue and go
 * with its last one; those of a disk that has failed stay until it is stopped, so that
 * its failure can be seen.
 */
public final class MicrometerDiskMetrics implements DiskMetrics {

	private final MeterRegistry registry;

	private final Function<String, Optional<UblkDevice>> devices;

	private final Function<String, Optional<BlockStore>> stores;

	private final boolean histogram;

	private final Map<String, Served> served = new HashMap<>();

	/**
	 * Creates the metrics of an engine.
	 * @param registry where meters are registered
	 * @param devices finds a disk of the engine by its name
	 * @param stores finds the store of a disk by its name, for the meters of mirrors
	 * @param histogram whether {@link UblkMeters#REQUESTS} is a timer that can publish
	 * percentiles and service level objectives, at a cost for each request
	 */
	public MicrometerDiskMetrics(MeterRegistry registry, Function<String, Optional<UblkDevice>> devices,
			Function<String, Optional<BlockStore>> stores, boolean histogram) {
		this.registry = registry;
		this.devices = devices;
		this.stores = stores;
		this.histogram = histogram;
	}

	@Override
	public synchronized QueueMetrics queue(String disk, int queue, int depth) {
		Served current = this.served.get(disk);
		if (current == null || current.queues().isEmpty()) {
			if (current != null) {
				current.meters().remove();
			}
			DeviceView view = new DeviceView(disk, this.devices, this.stores, () -> missing(disk));
			current = new Served(new DeviceMeters(this.registry, disk, view, this.histogram), new HashSet<>());
			this.served.put(disk, current);
		}
		QueueTotals totals = new QueueTotals();
		current.meters().add(queue, totals);
		MeteredQueue observer = this.histogram ? new TimedQueue(totals, current.meters()) : new MeteredQueue(totals);
		if (current.meters().denied()) {
			this.served.remove(disk);
			return QueueMetrics.NONE;
		}
		Served started = current;
		started.queues().add(observer);
		observer.whenEnded(() -> ended(disk, started, observer));
		return observer;
	}

	private synchronized void ended(String disk, Served ended, MeteredQueue queue) {
		ended.queues().remove(queue);
		if (ended.queues().isEmpty() && !failed(ended) && this.served.remove(disk, ended)) {
			ended.meters().remove();
		}
	}

	// a disk that had failed has been stopped
	private synchronized void missing(String disk) {
		Served current = this.served.get(disk);
		if (current != null && current.queues().isEmpty()) {
			current.meters().remove();
			this.served.remove(disk);
		}
	}

	// the last queue of a live disk ends by itself: nobody is stopping the disk
	private static boolean failed(Served ended) {
		DeviceState state = ended.meters().view().state();
		return state == DeviceState.LIVE || state == DeviceState.FAILED;
	}

	private record Served(DeviceMeters meters, Set<QueueMetrics> queues) {

	}

	/**
	 * Counts the requests of a queue.
	 */
	private static class MeteredQueue implements QueueMetrics {

		private final QueueTotals totals;

		private Runnable whenEnded = () -> {
		};

		MeteredQueue(QueueTotals totals) {
			this.totals = totals;
		}

		void whenEnded(Runnable action) {
			this.whenEnded = action;
		}

		@Override
		public void answered(AnsweredRequests requests) {
			this.totals.count(requests);
		}

		@Override
		public void ended() {
			this.whenEnded.run();
		}

	}

	/**
	 * Times the requests of a queue one by one too.
	 */
	private static final class TimedQueue extends MeteredQueue {

		private final Timer[] succeeded;

		private final Timer[] failed;

		TimedQueue(QueueTotals totals, DeviceMeters meters) {
			super(totals);
			this.succeeded = timers(meters, true);
			this.failed = timers(meters, false);
		}

		private static Timer[] timers(DeviceMeters meters, boolean success) {
			return Arrays.stream(BlockOperation.values())
				.map((operation) -> meters.timer(operation, success))
				.toArray(Timer[]::new);
		}

		@Override
		@SuppressWarnings("EnumOrdinal") // an index into arrays that live no longer than
											// the process
		public void answered(AnsweredRequests requests) {
			super.answered(requests);
			for (int i = 0; i < requests.size(); i++) {
				Timer[] timers = (requests.errno(i) == 0) ? this.succeeded : this.failed;
				timers[requests.operation(i).ordinal()].record(requests.totalNanos(i), TimeUnit.NANOSECONDS);
			}
		}

	}

}
