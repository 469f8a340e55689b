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

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import com.sun.management.ThreadMXBean;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.layer.DelayStore;
import io.github.ublk4j.metrics.QueueMetrics;
import io.github.ublk4j.spring.TestMirror;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.store.MemoryBlockStore;
import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static io.github.ublk4j.spring.actuate.TestBatch.error;
import static io.github.ublk4j.spring.actuate.TestBatch.success;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class MicrometerDiskMetricsTests {

	private static final int BATCHES = 20_000;

	private final MeterRegistry registry = new SimpleMeterRegistry();

	private @Nullable UblkDevice device = device(DeviceState.LIVE);

	private @Nullable BlockStore store;

	private final MicrometerDiskMetrics metrics = metrics(this.registry, false);

	@Test
	void everyMeterIsRegisteredAndDocumented() {
		this.store = TestMirror.degraded();
		this.metrics.queue("scratch", 0, 128);
		for (UblkMeters documented : UblkMeters.values()) {
			assertThat(this.registry.find(documented.getName()).meters()).as(documented.getName())
				.isNotEmpty()
				.allSatisfy((meter) -> {
					assertThat(meter.getId().getDescription()).isEqualTo(documented.getDescription());
					assertThat(meter.getId().getType()).isEqualTo(documented.getType());
					assertThat(meter.getId().getBaseUnit()).isEqualTo(unit(documented));
					assertThat(meter.getId().getTags()).extracting("key")
						.containsExactlyInAnyOrder(
								Arrays.stream(documented.getKeyNames()).map(KeyName::asString).toArray());
				});
		}
		assertThat(this.registry.getMeters()).extracting((meter) -> meter.getId().getName())
			.containsOnly(Arrays.stream(UblkMeters.values()).map(UblkMeters::getName).toArray(String[]::new));
	}

	private static @Nullable String unit(UblkMeters documented) {
		return (documented.getType() == Meter.Type.TIMER) ? "seconds" : documented.getBaseUnit();
	}

	@Test
	void totalsOfAllQueuesMatchTheRequests() {
		QueueMetrics first = this.metrics.queue("scratch", 0, 128);
		QueueMetrics second = this.metrics.queue("scratch", 1, 128);
		first.answered(TestBatch.of(success(BlockOperation.READ, 4096), success(BlockOperation.WRITE, 512)));
		second.answered(TestBatch.of(success(BlockOperation.READ, 1024),
				error(BlockOperation.READ, BlockErrno.ENOSPC.number())));
		first.answered(TestBatch.of(error(BlockOperation.WRITE, BlockErrno.EIO.number())));
		assertThat(requests("read", "success").count()).isEqualTo(2);
		assertThat(requests("read", "error").count()).isEqualTo(1);
		assertThat(requests("write", "success").count()).isEqualTo(1);
		assertThat(requests("write", "error").count()).isEqualTo(1);
		assertThat(requests("flush", "success").count()).isZero();
		assertThat(requests("read", "success").totalTime(TimeUnit.NANOSECONDS)).isCloseTo(488, within(1e-6));
		assertThat(count("ublk.bytes", "operation", "read")).isEqualTo(5120);
		assertThat(count("ublk.errors", "operation", "read", "errno", "ENOSPC")).isEqualTo(1);
		assertThat(count("ublk.errors", "operation", "write", "errno", "EIO")).isEqualTo(1);
		assertThat(count("ublk.errors", "operation", "read", "errno", "EIO")).isZero();
		assertThat(count("ublk.batches", "queue", "0")).isEqualTo(2);
		assertThat(count("ublk.batches", "queue", "1")).isEqualTo(1);
		assertThat(this.registry.get("ublk.batch.size").tag("queue", "0").gauge().value()).isEqualTo(1.5);
	}

	@Test
	void stagesSumUpToTheTimeOfTheRequests() {
		QueueMetrics queue = this.metrics.queue("scratch", 0, 128);
		queue.answered(TestBatch.of(success(BlockOperation.READ, 4096), error(BlockOperation.READ, 5)));
		double total = requests("read", "success").totalTime(TimeUnit.NANOSECONDS)
				+ requests("read", "error").totalTime(TimeUnit.NANOSECONDS);
		assertThat(total).isCloseTo(254, within(1e-6));
		double stages = this.registry.get("ublk.request.stage")
			.tag("operation", "read")
			.functionTimers()
			.stream()
			.mapToDouble((stage) -> stage.totalTime(TimeUnit.NANOSECONDS))
			.sum();
		assertThat(stages).isCloseTo(total, within(1e-6));
		assertThat(this.registry.get("ublk.request.stage")
			.tag("operation", "read")
			.tag("stage", "handler")
			.functionTimer()
			.count()).isEqualTo(2);
	}

	@Test
	void statusOfTheDeviceIsShown() {
		this.metrics.queue("scratch", 0, 128);
		assertThat(gauge("ublk.requests.active")).isEqualTo(32);
		assertThat(gauge("ublk.queue.saturation")).isEqualTo(0.25);
		assertThat(this.registry.get("ublk.request.oldest").timeGauge().value(TimeUnit.MILLISECONDS)).isEqualTo(3);
		assertThat(count("ublk.enters", "queue", "0")).isEqualTo(200);
		assertThat(count("ublk.handovers", "queue", "0")).isEqualTo(10);
		assertThat(count("ublk.wakeups", "queue", "0")).isEqualTo(4);
		assertThat(gauge("ublk.buffer.used")).isEqualTo(1 << 20);
		assertThat(gauge("ublk.buffer.max")).isEqualTo(32 << 20);
		assertThat(this.registry.get("ublk.device.state").tag("state", "live").gauge().value()).isOne();
		assertThat(this.registry.get("ublk.device.state").tag("state", "failed").gauge().value()).isZero();
	}

	@Test
	void membersOfMirrorAreCountedByTheirState() {
		this.store = new DelayStore(TestMirror.degraded());
		QueueMetrics queue = this.metrics.queue("scratch", 0, 128);
		assertThat(members("current")).isOne();
		assertThat(members("resyncing")).isZero();
		assertThat(members("stale")).isOne();
		assertThat(gauge("ublk.mirror.stale")).isEqualTo(1 << 20);
		this.device = device(DeviceState.STOPPING);
		queue.ended();
		assertThat(this.registry.getMeters()).isEmpty();
	}

	@Test
	void diskWithoutMirrorHasNoMetersOfMembers() {
		this.store = MemoryBlockStore.sparse(1 << 20);
		this.metrics.queue("scratch", 0, 128);
		assertThat(this.registry.find("ublk.mirror.members").gauges()).isEmpty();
		assertThat(this.registry.find("ublk.mirror.stale").gauges()).isEmpty();
	}

	private double members(String state) {
		return this.registry.get("ublk.mirror.members").tag("device", "scratch").tag("state", state).gauge().value();
	}

	@Test
	void metersGoWhenTheDiskStopsAndComeBackWhenItStartsAgain() {
		QueueMetrics first = this.metrics.queue("scratch", 0, 128);
		QueueMetrics second = this.metrics.queue("scratch", 1, 128);
		QueueMetrics other = this.metrics.queue("other", 0, 128);
		first.answered(TestBatch.of(success(BlockOperation.READ, 512)));
		this.device = device(DeviceState.STOPPING);
		first.ended();
		assertThat(this.registry.find("ublk.bytes").tag("device", "scratch").meters()).isNotEmpty();
		second.ended();
		assertThat(this.registry.getMeters()).isNotEmpty()
			.allSatisfy((meter) -> assertThat(meter.getId().getTag("device")).isEqualTo("other"));
		other.ended();
		assertThat(this.registry.getMeters()).isEmpty();
		this.metrics.queue("scratch", 0, 128);
		assertThat(requests("read", "success").count()).isZero();
	}

	@Test
	void failedDiskIsShownUntilItIsStopped() {
		QueueMetrics queue = this.metrics.queue("scratch", 0, 128);
		this.device = device(DeviceState.FAILED);
		queue.ended();
		assertThat(this.registry.get("ublk.device.state").tag("state", "failed").gauge().value()).isOne();
		this.device = null;
		this.registry.get("ublk.device.state").tag("state", "failed").gauge();
		Awaitility.await().atMost(Duration.ofSeconds(5)).until(() -> {
			this.registry.getMeters().forEach((meter) -> meter.measure().forEach((value) -> value.getValue()));
			return this.registry.getMeters().isEmpty();
		});
	}

	@Test
	void failedDiskCanStartAgain() {
		QueueMetrics queue = this.metrics.queue("scratch", 0, 128);
		queue.answered(TestBatch.of(success(BlockOperation.READ, 512)));
		queue.ended();
		assertThat(requests("read", "success").count()).isOne();
		this.metrics.queue("scratch", 0, 128);
		assertThat(requests("read", "success").count()).isZero();
	}

	@Test
	void nothingIsCountedWhenTheMetersAreFilteredOut() {
		for (MeterRegistry filtered : List.of(new SimpleMeterRegistry(), new CompositeMeterRegistry())) {
			filtered.config().meterFilter(MeterFilter.denyNameStartsWith("ublk"));
			assertThat(metrics(filtered, false).queue("scratch", 0, 128)).isSameAs(QueueMetrics.NONE);
			assertThat(metrics(filtered, true).queue("scratch", 0, 128)).isSameAs(QueueMetrics.NONE);
		}
	}

	@Test
	void histogramTimesEachRequest() {
		QueueMetrics queue = metrics(this.registry, true).queue("scratch", 0, 128);
		queue.answered(TestBatch.of(success(BlockOperation.READ, 4096), error(BlockOperation.READ, 5)));
		Timer timer = this.registry.get("ublk.requests").tag("operation", "read").tag("outcome", "success").timer();
		assertThat(timer.count()).isOne();
		assertThat(timer.max(TimeUnit.NANOSECONDS)).isEqualTo(244);
		assertThat(this.registry.get("ublk.requests").tag("operation", "read").tag("outcome", "error").timer().count())
			.isOne();
		this.device = device(DeviceState.STOPPING);
		queue.ended();
		assertThat(this.registry.getMeters()).isEmpty();
	}

	@Test
	void batchAllocatesNothing() {
		QueueMetrics queue = this.metrics.queue("scratch", 0, 128);
		TestBatch batch = TestBatch.of(IntStream.range(0, 32)
			.mapToObj((i) -> (i % 8 == 0) ? error(BlockOperation.WRITE, 28) : success(BlockOperation.READ, 4096))
			.toArray(TestBatch.Answer[]::new));
		ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
		long thread = Thread.currentThread().getId();
		for (int i = 0; i < BATCHES; i++) {
			queue.answered(batch);
		}
		long before = threads.getThreadAllocatedBytes(thread);
		for (int i = 0; i < BATCHES; i++) {
			queue.answered(batch);
		}
		// less than one object per hundred batches
		assertThat(threads.getThreadAllocatedBytes(thread) - before).isLessThan(BATCHES / 100 * 16);
		assertThat(requests("read", "success").count()).isEqualTo(2 * BATCHES * 28);
	}

	@Test
	void prometheusShowsEveryMeter() {
		this.store = TestMirror.degraded();
		PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		QueueMetrics queue = metrics(prometheus, false).queue("scratch", 0, 128);
		queue.answered(TestBatch.of(success(BlockOperation.READ, 4096), error(BlockOperation.WRITE, 28)));
		String exposition = prometheus.scrape();
		assertThat(exposition).contains(
				"ublk_requests_seconds_count{device=\"scratch\",operation=\"read\",outcome=\"success\"} 1\n",
				"ublk_request_stage_seconds_sum{device=\"scratch\",operation=\"read\",stage=\"handler\"} 2.0E-7\n",
				"ublk_bytes_total{device=\"scratch\",operation=\"read\"} 4096.0\n",
				"ublk_errors_total{device=\"scratch\",errno=\"ENOSPC\",operation=\"write\"} 1.0\n",
				"ublk_request_oldest_seconds{device=\"scratch\",queue=\"0\"} 0.003\n",
				"ublk_buffer_max_bytes{device=\"scratch\"} 3.3554432E7\n",
				"ublk_device_state{device=\"scratch\",state=\"live\"} 1.0\n",
				"ublk_mirror_members{device=\"scratch\",state=\"stale\"} 1.0\n",
				"ublk_mirror_stale_bytes{device=\"scratch\"} 1048576.0\n");
		assertThat(PrometheusNames.in(exposition)).isEqualTo(PrometheusNames.documented());
	}

	private MicrometerDiskMetrics metrics(MeterRegistry meters, boolean histogram) {
		return new MicrometerDiskMetrics(meters, (disk) -> Optional.ofNullable(this.device),
				(disk) -> Optional.ofNullable(this.store), histogram);
	}

	private static UblkDevice device(DeviceState state) {
		return TestUblk.device(TestUblk.status(DiskSpec.named("scratch").size(1 << 20).build(), 0, state, null,
				List.of(new QueueStatus(0, "ublk-scratch-0", true, 128, 32, 1000, 1, 10, 4, 200, 0, false,
						Duration.ofMillis(3), 0, true))));
	}

	private FunctionTimer requests(String operation, String outcome) {
		return this.registry.get("ublk.requests")
			.tag("device", "scratch")
			.tag("operation", operation)
			.tag("outcome", outcome)
			.functionTimer();
	}

	private double count(String name, String... tags) {
		return this.registry.get(name).tag("device", "scratch").tags(tags).functionCounter().count();
	}

	private double gauge(String name) {
		return this.registry.get(name).gauge().value();
	}

}
