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

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.spring.actuate.UblkEndpoint.Action;
import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import io.github.ublk4j.spring.test.UblkTest;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.MeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.annotation.DirtiesContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * What an application with a disk on a simulated driver shows of it.
 */
@UblkTest
@DirtiesContext(classMode = DirtiesContext.ClassMode.AFTER_EACH_TEST_METHOD)
@SpringBootTest(classes = ObservedApplicationTests.Application.class,
		properties = { "ublk.devices.ram.store=memory", "ublk.devices.ram.size=1MB",
				"management.endpoints.web.exposure.include=ublk,health", "ublk.drain-timeout=200ms" })
class ObservedApplicationTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final BlockDeviceTestClient disk;

	private final MeterRegistry registry;

	private final HealthEndpoint health;

	private final UblkEndpoint endpoint;

	ObservedApplicationTests(@Autowired BlockDeviceTestClient client, @Autowired MeterRegistry registry,
			@Autowired HealthEndpoint health, @Autowired UblkEndpoint endpoint) {
		this.endpoint = endpoint;
		this.disk = client.disk("ram");
		this.registry = registry;
		this.health = health;
	}

	@Test
	void requestsAreCountedUntilTheDiskStops() {
		for (int i = 0; i < 10; i++) {
			this.disk.write(4096, new byte[4096]).block(PATIENCE);
			this.disk.read(0, 8192).block(PATIENCE);
		}
		Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
			assertThat(requests("read").count()).isEqualTo(10);
			assertThat(requests("write").count()).isEqualTo(10);
		});
		assertThat(this.registry.get("ublk.bytes").tag("operation", "read").functionCounter().count()).isEqualTo(81920);
		double stages = this.registry.get("ublk.request.stage")
			.tag("operation", "read")
			.functionTimers()
			.stream()
			.mapToDouble((stage) -> stage.totalTime(TimeUnit.NANOSECONDS))
			.sum();
		assertThat(stages).isPositive().isCloseTo(requests("read").totalTime(TimeUnit.NANOSECONDS), within(1.0));
		this.disk.stop().block(PATIENCE);
		Awaitility.await()
			.atMost(PATIENCE)
			.untilAsserted(() -> assertThat(this.registry.getMeters())
				.noneMatch((meter) -> meter.getId().getName().startsWith("ublk")));
	}

	@Test
	void deadQueueIsSeenInMetersAndHealth() {
		assertThat(Objects.requireNonNull(this.health.healthForPath("ublk", "ram")).getStatus()).isEqualTo(Status.UP);
		this.disk.killQueue(0);
		Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
			assertThat(Objects.requireNonNull(this.health.healthForPath("ublk", "ram")).getStatus())
				.isEqualTo(Status.DOWN);
			assertThat(this.registry.get("ublk.device.state").tag("state", "failed").gauge().value()).isOne();
		});
	}

	@Test
	void diskThatHasFailedIsStoppedAndStartedByTheEndpoint() {
		this.disk.killQueue(0);
		Awaitility.await()
			.atMost(PATIENCE)
			.untilAsserted(
					() -> assertThat(this.registry.get("ublk.device.state").tag("state", "failed").gauge().value())
						.isOne());
		assertThat(change(Action.STOP).state()).isEqualTo(DeviceState.STOPPED);
		Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
			this.registry.forEachMeter((meter) -> meter.measure().forEach(Measurement::getValue));
			assertThat(this.registry.find("ublk.device.state").gauges()).isEmpty();
		});
		assertThat(Objects.requireNonNull(this.health.healthForPath("ublk", "ram")).getStatus())
			.isEqualTo(Status.OUT_OF_SERVICE);
		assertThat(change(Action.START).state()).isEqualTo(DeviceState.LIVE);
		assertThat(this.registry.get("ublk.device.state").tag("state", "live").gauge().value()).isOne();
		assertThat(change(Action.START).state()).isEqualTo(DeviceState.LIVE);
	}

	private DeviceDescriptor change(Action action) {
		return Objects.requireNonNull(this.endpoint.change("ram", action, null, null).block(PATIENCE));
	}

	private FunctionTimer requests(String operation) {
		return this.registry.get("ublk.requests")
			.tag("device", "ram")
			.tag("operation", operation)
			.tag("outcome", "success")
			.functionTimer();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
