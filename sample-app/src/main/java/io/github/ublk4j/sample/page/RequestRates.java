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
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;

import io.github.ublk4j.block.BlockOperation;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Statistic;
import io.micrometer.core.instrument.search.Search;

/**
 * What the meters of a disk counted between two frames. Meters miss no request, which an
 * observer of the activity may.
 */
final class RequestRates {

	private final MeterRegistry registry;

	private final String disk;

	private Map<BlockOperation, Totals> last;

	RequestRates(MeterRegistry registry, String disk) {
		this.registry = registry;
		this.disk = disk;
		this.last = totals();
	}

	/**
	 * Returns what happened since this was last asked.
	 * @param operations the operations to look at
	 * @param elapsed how long ago that was, or that this was created
	 */
	List<Frame.Operation> next(Set<BlockOperation> operations, Duration elapsed) {
		Map<BlockOperation, Totals> now = totals();
		double seconds = Math.max(elapsed.toNanos(), 1) / (double) TimeUnit.SECONDS.toNanos(1);
		List<Frame.Operation> rates = operations.stream()
			.sorted()
			.map((operation) -> now.getOrDefault(operation, Totals.NONE)
				.since(this.last.getOrDefault(operation, Totals.NONE))
				.rates(operation, seconds))
			.toList();
		this.last = now;
		return rates;
	}

	private Map<BlockOperation, Totals> totals() {
		Map<BlockOperation, Totals> totals = new EnumMap<>(BlockOperation.class);
		for (Meter meter : find("ublk.requests").meters()) {
			boolean success = "success".equals(meter.getId().getTag("outcome"));
			double count = count(meter);
			add(totals, meter, new Totals(count, success ? 0 : count, 0, 0, 0, 0, 0));
		}
		for (FunctionCounter meter : find("ublk.bytes").functionCounters()) {
			add(totals, meter, new Totals(0, 0, meter.count(), 0, 0, 0, 0));
		}
		for (FunctionTimer meter : find("ublk.request.stage").functionTimers()) {
			add(totals, meter, Totals.ofStage(String.valueOf(meter.getId().getTag("stage")),
					meter.totalTime(TimeUnit.MICROSECONDS)));
		}
		return totals;
	}

	private Search find(String name) {
		return this.registry.find(name).tag("device", this.disk);
	}

	// a timer with percentiles and a function of counters alike
	private static double count(Meter meter) {
		return StreamSupport.stream(meter.measure().spliterator(), false)
			.filter((measurement) -> measurement.getStatistic() == Statistic.COUNT)
			.mapToDouble((measurement) -> measurement.getValue())
			.sum();
	}

	private static void add(Map<BlockOperation, Totals> totals, Meter meter, Totals more) {
		String operation = String.valueOf(meter.getId().getTag("operation"));
		totals.merge(BlockOperation.valueOf(operation.toUpperCase(Locale.ROOT)), more, Totals::plus);
	}

	private record Totals(double requests, double errors, double bytes, double dispatch, double handler,
			double handover, double commit) {

		private static final Totals NONE = new Totals(0, 0, 0, 0, 0, 0, 0);

		static Totals ofStage(String stage, double micros) {
			return switch (stage) {
				case "dispatch" -> new Totals(0, 0, 0, micros, 0, 0, 0);
				case "handler" -> new Totals(0, 0, 0, 0, micros, 0, 0);
				case "handover" -> new Totals(0, 0, 0, 0, 0, micros, 0);
				case "commit" -> new Totals(0, 0, 0, 0, 0, 0, micros);
				default -> NONE;
			};
		}

		Totals plus(Totals other) {
			return new Totals(this.requests + other.requests, this.errors + other.errors, this.bytes + other.bytes,
					this.dispatch + other.dispatch, this.handler + other.handler, this.handover + other.handover,
					this.commit + other.commit);
		}

		// never negative: the meters of a disk that starts again begin at zero
		Totals since(Totals before) {
			if (this.requests < before.requests) {
				return this;
			}
			return new Totals(this.requests - before.requests, this.errors - before.errors, this.bytes - before.bytes,
					this.dispatch - before.dispatch, this.handler - before.handler, this.handover - before.handover,
					this.commit - before.commit);
		}

		Frame.Operation rates(BlockOperation operation, double seconds) {
			double count = Math.max(this.requests, 1);
			return new Frame.Operation(operation, this.requests / seconds, this.errors / seconds, this.bytes / seconds,
					this.dispatch / count, this.handler / count, this.handover / count, this.commit / count);
		}

	}

}
