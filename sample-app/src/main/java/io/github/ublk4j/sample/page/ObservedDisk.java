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

package io.github.ublk4j.sample.page;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.DeviceStatus;
import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.engine.UblkDevice;
import io.micrometer.core.instrument.MeterRegistry;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * Collects what the page shows of one disk. Not for several threads at a time.
 */
final class ObservedDisk {

	private final UblkDevice device;

	private final RequestRates rates;

	private final HeatMap heat;

	private final Map<Integer, TagOccupancy> occupancy = new TreeMap<>();

	private Disposable activity = Disposables.disposed();

	private long lastFrame = System.nanoTime();

	ObservedDisk(UblkDevice device, MeterRegistry registry) {
		this.device = device;
		this.rates = new RequestRates(registry, device.name());
		this.heat = new HeatMap(device.spec().size(), device.spec().logicalBlockSize());
		follow(device.status());
	}

	// there is nothing to observe of a disk that is only being made
	private void follow(DeviceStatus status) {
		if (status.state() == DeviceState.LIVE) {
			if (this.activity.isDisposed()) {
				this.activity = this.device.activity().subscribe(this.heat::record);
			}
			status.queues()
				.forEach((queue) -> this.occupancy.computeIfAbsent(queue.queue(), (index) -> new TagOccupancy()));
		}
		else {
			this.occupancy.clear();
		}
	}

	boolean isOf(UblkDevice other) {
		return this.device == other;
	}

	void sample() {
		this.occupancy.forEach((queue, tags) -> tags.sample(this.device.inFlight(queue)));
	}

	Frame.Disk frame() {
		DeviceStatus status = this.device.status();
		follow(status);
		long now = System.nanoTime();
		Duration elapsed = Duration.ofNanos(now - this.lastFrame);
		this.lastFrame = now;
		return new Frame.Disk(status.name(), status.path().toString(), status.spec().size(), status.dataMode(),
				status.state(), status.queues().stream().anyMatch(QueueStatus::paused), status.failure(),
				this.rates.next(status.operations(), elapsed), status.queues().stream().map(this::frame).toList(),
				this.heat.drain());
	}

	private Frame.Queue frame(QueueStatus queue) {
		TagOccupancy tags = this.occupancy.get(queue.queue());
		return new Frame.Queue(queue.queue(), queue.depth(), queue.inFlight(),
				(tags != null) ? tags.drain() : List.of());
	}

	void close() {
		this.activity.dispose();
	}

}
