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

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.DeviceStatus;
import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.spring.actuate.QueueTotals.Stage;
import io.github.ublk4j.spring.actuate.UblkMeters.TagName;
import io.github.ublk4j.store.mirror.MemberState;
import io.github.ublk4j.store.mirror.MemberStatus;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.noop.NoopMeter;

/**
 * The meters of one disk, which read what its queues count and what the device shows.
 */
final class DeviceMeters {

	private final MeterRegistry registry;

	private final String disk;

	private final DeviceView view;

	private final Map<Integer, QueueTotals> queues = new ConcurrentSkipListMap<>();

	private final List<Meter> meters = new ArrayList<>();

	DeviceMeters(MeterRegistry registry, String disk, DeviceView view, boolean histogram) {
		this.registry = registry;
		this.disk = disk;
		this.view = view;
		for (BlockOperation operation : BlockOperation.values()) {
			addRequests(operation, histogram);
		}
		gauge(UblkMeters.BUFFER_USED, tags(), DeviceStatus::bufferBytes);
		gauge(UblkMeters.BUFFER_MAX, tags(), DeviceStatus::maxBufferBytes);
		for (DeviceState state : DeviceState.values()) {
			gauge(UblkMeters.STATE, tags().and(TagName.STATE.asString(), lowerCase(state)),
					(status) -> (status.state() == state) ? 1 : 0);
		}
		if (view.mirrored()) {
			addMirrors();
		}
	}

	private void addMirrors() {
		for (MemberState state : MemberState.values()) {
			memberGauge(UblkMeters.MIRROR_MEMBERS, tags().and(TagName.STATE.asString(), lowerCase(state)),
					(member) -> (member.state() == state) ? 1 : 0);
		}
		memberGauge(UblkMeters.MIRROR_STALE, tags(), MemberStatus::staleBytes);
	}

	private void addRequests(BlockOperation operation, boolean histogram) {
		Tags tags = tags().and(TagName.OPERATION.asString(), lowerCase(operation));
		for (boolean success : new boolean[] { true, false }) {
			if (histogram) {
				this.meters.add(timer(operation, success));
			}
			else {
				timer(UblkMeters.REQUESTS, tags.and(outcome(success)), (queue) -> queue.requests(operation, success),
						(queue) -> nanos(queue, operation, success));
			}
		}
		for (Stage stage : Stage.values()) {
			timer(UblkMeters.STAGES, tags.and(TagName.STAGE.asString(), lowerCase(stage)),
					(queue) -> queue.requests(operation, true) + queue.requests(operation, false),
					(queue) -> queue.nanos(operation, true, stage) + queue.nanos(operation, false, stage));
		}
		counter(UblkMeters.BYTES, tags, (all) -> all.sum((queue) -> queue.bytes(operation)));
		for (BlockErrno errno : BlockErrno.values()) {
			counter(UblkMeters.ERRORS, tags.and(TagName.ERRNO.asString(), errno.name()),
					(all) -> all.sum((queue) -> queue.errors(operation, errno)));
		}
	}

	private static long nanos(QueueTotals queue, BlockOperation operation, boolean success) {
		long sum = 0;
		for (Stage stage : Stage.values()) {
			sum += queue.nanos(operation, success, stage);
		}
		return sum;
	}

	/**
	 * Returns the timer of an operation, which is one for all queues.
	 */
	Timer timer(BlockOperation operation, boolean success) {
		return Timer.builder(UblkMeters.REQUESTS.getName())
			.description(UblkMeters.REQUESTS.getDescription())
			.tags(tags().and(TagName.OPERATION.asString(), lowerCase(operation)).and(outcome(success)))
			.register(this.registry);
	}

	void add(int index, QueueTotals totals) {
		this.queues.put(index, totals);
		Tags tags = tags().and(TagName.QUEUE.asString(), Integer.toString(index));
		queueGauge(UblkMeters.ACTIVE, tags, index, QueueStatus::inFlight);
		queueGauge(UblkMeters.SATURATION, tags, index, (queue) -> (double) queue.inFlight() / queue.depth());
		this.meters.add(TimeGauge
			.builder(UblkMeters.OLDEST.getName(), this, TimeUnit.NANOSECONDS,
					(all) -> all.view.queue(index, (queue) -> queue.oldestRequestAge().toNanos()))
			.description(UblkMeters.OLDEST.getDescription())
			.tags(tags)
			.register(this.registry));
		counter(UblkMeters.BATCHES, tags, (all) -> totals.batches());
		this.meters.add(Gauge
			.builder(UblkMeters.BATCH_SIZE.getName(), totals,
					(queue) -> (double) queue.requests() / Math.max(1, queue.batches()))
			.description(UblkMeters.BATCH_SIZE.getDescription())
			.tags(tags)
			.register(this.registry));
		counter(UblkMeters.ENTERS, tags, (all) -> all.view.queue(index, QueueStatus::enters));
		counter(UblkMeters.TIMEOUTS, tags, (all) -> all.view.queue(index, QueueStatus::timeouts));
		counter(UblkMeters.HANDOVERS, tags, (all) -> all.view.queue(index, QueueStatus::handovers));
		counter(UblkMeters.WAKEUPS, tags, (all) -> all.view.queue(index, QueueStatus::wakeUps));
	}

	private void timer(UblkMeters meter, Tags tags, ToLongFunction<QueueTotals> count,
			ToLongFunction<QueueTotals> nanos) {
		this.meters.add(FunctionTimer
			.builder(meter.getName(), this, (all) -> all.sum(count), (all) -> all.sum(nanos), TimeUnit.NANOSECONDS)
			.description(meter.getDescription())
			.tags(tags)
			.register(this.registry));
	}

	private void counter(UblkMeters meter, Tags tags, ToDoubleFunction<DeviceMeters> total) {
		this.meters.add(FunctionCounter.builder(meter.getName(), this, total)
			.description(meter.getDescription())
			.baseUnit(meter.getBaseUnit())
			.tags(tags)
			.register(this.registry));
	}

	private void gauge(UblkMeters meter, Tags tags, ToDoubleFunction<DeviceStatus> value) {
		this.meters.add(Gauge.builder(meter.getName(), this, (all) -> all.view.device(value))
			.description(meter.getDescription())
			.baseUnit(meter.getBaseUnit())
			.tags(tags)
			.register(this.registry));
	}

	private void queueGauge(UblkMeters meter, Tags tags, int index, ToDoubleFunction<QueueStatus> value) {
		this.meters.add(Gauge.builder(meter.getName(), this, (all) -> all.view.queue(index, value))
			.description(meter.getDescription())
			.tags(tags)
			.register(this.registry));
	}

	private void memberGauge(UblkMeters meter, Tags tags, ToLongFunction<MemberStatus> value) {
		this.meters.add(Gauge.builder(meter.getName(), this, (all) -> all.view.members(value))
			.description(meter.getDescription())
			.baseUnit(meter.getBaseUnit())
			.tags(tags)
			.register(this.registry));
	}

	private long sum(ToLongFunction<QueueTotals> total) {
		return this.queues.values().stream().mapToLong(total).sum();
	}

	private Tags tags() {
		return Tags.of(TagName.DEVICE.asString(), this.disk);
	}

	private static Tags outcome(boolean success) {
		return Tags.of(TagName.OUTCOME.asString(), success ? "success" : "error");
	}

	private static String lowerCase(Enum<?> constant) {
		return constant.name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Returns whether somebody filtered all of the meters out.
	 */
	boolean denied() {
		return this.meters.stream().allMatch(NoopMeter.class::isInstance);
	}

	DeviceView view() {
		return this.view;
	}

	void remove() {
		this.meters.forEach(this.registry::remove);
	}

}
