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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.metrics.InFlightRequest;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.TestMirror;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.spring.UnservedBlockDevice;
import io.github.ublk4j.spring.actuate.DeviceDescriptor.BufferMemory;
import io.github.ublk4j.spring.actuate.DeviceDescriptor.DataModes;
import io.github.ublk4j.spring.actuate.MirrorDescriptor.MemberDescriptor;
import io.github.ublk4j.spring.actuate.UblkHealthContributor.StuckRequest;
import io.github.ublk4j.spring.autoconfigure.UblkAutoConfiguration;
import io.github.ublk4j.spring.autoconfigure.UblkHealthContributorAutoConfiguration;
import io.github.ublk4j.store.mirror.MemberState;
import io.github.ublk4j.store.mirror.MirrorBlockStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.AvailabilityProbesAutoConfiguration;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.HealthEndpointAutoConfiguration;
import org.springframework.boot.health.autoconfigure.application.AvailabilityHealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.registry.HealthContributorRegistryAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthContributors;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;

class UblkHealthContributorTests {

	private static final Duration THRESHOLD = Duration.ofSeconds(30);

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class,
				UblkHealthContributorAutoConfiguration.class, HealthContributorAutoConfiguration.class,
				HealthContributorRegistryAutoConfiguration.class, HealthEndpointAutoConfiguration.class));

	@ParameterizedTest
	@CsvSource({ "LIVE, UP", "STARTING, OUT_OF_SERVICE", "STOPPING, OUT_OF_SERVICE", "STOPPED, OUT_OF_SERVICE",
			"FAILED, DOWN" })
	void stateOfTheDeviceIsItsHealth(DeviceState state, String status) {
		Health health = health(state, null);
		assertThat(health.getStatus()).isEqualTo(new Status(status));
		assertThat(health.getDetails()).containsEntry("path", "/dev/ublkb0").containsEntry("state", state);
	}

	@Test
	void healthShowsDataModeAndMemory() {
		assertThat(health(DeviceState.LIVE, null).getDetails())
			.containsEntry("dataMode", new DataModes(DataMode.AUTO, DataMode.USER_COPY))
			.containsEntry("bufferMemory", new BufferMemory(1 << 20, 32 << 20, true))
			.containsOnlyKeys("path", "state", "dataMode", "bufferMemory");
	}

	@Test
	void diskOfDegradedMirrorIsUpAndSaysWhatItLacks() {
		BlockDevices devices = devices(DeviceState.LIVE, null);
		MirrorBlockStore mirror = TestMirror.degraded();
		given(devices.store("scratch")).willReturn(Optional.of(mirror));
		Health health = health(devices);
		assertThat(health.getStatus()).isEqualTo(Status.UP);
		assertThat(health.getDetails()).containsEntry("degraded",
				List.of(new MemberDescriptor("second at redis://******@host", MemberState.STALE, 1 << 20,
						mirror.members().get(1).since(), "refused to user with password=******")));
	}

	@Test
	void diskOfWholeMirrorIsNotDegraded() {
		BlockDevices devices = devices(DeviceState.LIVE, null);
		MirrorBlockStore mirror = TestMirror
			.of(new TestMirror.BreakableStore("second", TestMirror.SIZE + MirrorBlockStore.DATA_OFFSET));
		given(devices.store("scratch")).willReturn(Optional.of(mirror));
		assertThat(health(devices).getDetails()).doesNotContainKey("degraded");
	}

	@Test
	void healthShowsWhatTheServerItselfDoesWithTheDisk() {
		UblkDevice device = TestUblk
			.device(TestUblk.status(DiskSpec.named("scratch").size(1 << 20).build(), 0, DeviceState.LIVE, null));
		given(device.ownUse()).willReturn(List.of("it is mounted on /mnt"));
		HealthIndicator indicator = (HealthIndicator) new UblkHealthContributor(TestUblk.devices(device), THRESHOLD)
			.getContributor("scratch");
		Health health = Objects.requireNonNull(Objects.requireNonNull(indicator).health());
		assertThat(health.getStatus()).isEqualTo(Status.UP);
		assertThat(health.getDetails()).containsEntry("ownUse", List.of("it is mounted on /mnt"));
	}

	@Test
	void failedDeviceSaysWhy() {
		assertThat(health(DeviceState.FAILED, "queue 0 ended: EBADF").getDetails()).containsEntry("reason",
				"queue 0 ended: EBADF");
	}

	@Test
	void healthOfDiskThatIsNotServedIsUnknown() {
		BlockDevices unserved = TestUblk.devices(List.of(new UnservedBlockDevice("tape", "no kernel")));
		HealthIndicator indicator = (HealthIndicator) new UblkHealthContributor(unserved, THRESHOLD)
			.getContributor("tape");
		Health health = Objects.requireNonNull(Objects.requireNonNull(indicator).health());
		assertThat(health.getStatus()).isEqualTo(Status.UNKNOWN);
		assertThat(health.getDetails()).containsExactly(Map.entry("reason", "no kernel"));
	}

	@Test
	void unknownDeviceHasNoHealth() {
		assertThat(new UblkHealthContributor(TestUblk.devices(), THRESHOLD).getContributor("scratch")).isNull();
	}

	@Test
	void contributorIsNamedUblkAndHasOneComponentPerDisk() {
		this.contextRunner.withBean(BlockDevices.class, () -> devices(DeviceState.LIVE, null)).run((context) -> {
			HealthEndpoint endpoint = context.getBean(HealthEndpoint.class);
			assertThat(endpoint.health().getStatus()).isEqualTo(Status.UP);
			assertThat(endpoint.healthForPath("ublk", "scratch")).isNotNull();
			assertThat(endpoint.healthForPath("ublk", "unknown")).isNull();
		});
	}

	@Test
	void oneFailedDiskTakesTheApplicationDown() {
		this.contextRunner.withBean(BlockDevices.class, () -> devices(DeviceState.FAILED, "gone"))
			.run((context) -> assertThat(context.getBean(HealthEndpoint.class).health().getStatus())
				.isEqualTo(Status.DOWN));
	}

	@Test
	void applicationWithoutDisksIsNotUnhealthy() {
		this.contextRunner.withBean("other", HealthIndicator.class, () -> () -> Health.up().build())
			.run((context) -> assertThat(context.getBean(HealthEndpoint.class).health().getStatus())
				.isEqualTo(Status.UP));
	}

	@Test
	void contributorCanBeDisabled() {
		this.contextRunner.withPropertyValues("management.health.ublk.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(UblkHealthContributor.class));
	}

	@Test
	void indicatorOfTheApplicationIsUsed() {
		this.contextRunner.withBean("ublkHealthIndicator", HealthIndicator.class, () -> () -> Health.up().build())
			.run((context) -> assertThat(context).doesNotHaveBean(UblkHealthContributor.class));
	}

	@ParameterizedTest
	@CsvSource({ "30001, DOWN", "29999, UP" })
	void diskWithAStuckRequestIsDown(long millis, String status) {
		Duration age = Duration.ofMillis(millis);
		UblkDevice device = device(queue(true, false, age));
		given(device.inFlight(0))
			.willReturn(List.of(new InFlightRequest(7, BlockOperation.WRITE, 4096, 512, Duration.ofMillis(5)),
					new InFlightRequest(9, BlockOperation.READ, 8192, 1024, age)));
		Health health = health(TestUblk.devices(device));
		assertThat(health.getStatus()).isEqualTo(new Status(status));
		if (health.getStatus().equals(Status.DOWN)) {
			assertThat(health.getDetails())
				.containsEntry("stuckRequest", new StuckRequest(0, 9, BlockOperation.READ, 8192, 1024, age))
				.containsEntry("reason", "a request has been served for longer than PT30S");
		}
	}

	@ParameterizedTest
	@CsvSource({ "30, 15", "300, 15", "10, 5", "0, 30" })
	void requestIsStuckBeforeItsTimeoutUnlessToldOtherwise(long timeout, long threshold) {
		DiskSpec spec = DiskSpec.named("scratch").size(1 << 20).requestTimeout(Duration.ofSeconds(timeout)).build();
		assertThat(statusWithRequest(spec, Duration.ofSeconds(threshold))).isEqualTo(Status.UP);
		assertThat(statusWithRequest(spec, Duration.ofSeconds(threshold).plusMillis(1))).isEqualTo(Status.DOWN);
	}

	@Test
	void timeoutOfTheDeviceCountsThoughNoneWasAskedFor() {
		DiskSpec spec = DiskSpec.named("scratch").size(1 << 20).requestTimeout(Duration.ZERO).build();
		assertThat(statusWithRequest(spec, Duration.ofSeconds(20), Duration.ofSeconds(11))).isEqualTo(Status.DOWN);
	}

	@Test
	void pausedDiskIsOutOfServiceEvenWithAnOldRequest() {
		UblkDevice device = device(queue(true, true, Duration.ofMinutes(1)));
		Health health = health(TestUblk.devices(device));
		assertThat(health.getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
		assertThat(health.getDetails()).containsEntry("reason", "paused");
	}

	@Test
	void liveDiskWithAQueueThatHasEndedIsDown() {
		UblkDevice device = device(queue(false, false, Duration.ZERO));
		Health health = health(TestUblk.devices(device));
		assertThat(health.getStatus()).isEqualTo(Status.DOWN);
		assertThat(health.getDetails()).containsEntry("reason", "queue 0 has ended, so nobody answers its requests");
	}

	@Test
	void credentialsInTheReasonAreHidden() {
		assertThat(health(DeviceState.FAILED, "Queue 0 ended: cannot reach s3://me:pass@host/disk, token=abc")
			.getDetails()).containsEntry("reason", "Queue 0 ended: cannot reach s3://******@host/disk, token=******");
	}

	@Test
	void thresholdIsAProperty() {
		UblkDevice device = device(queue(true, false, Duration.ofSeconds(2)));
		given(device.inFlight(0))
			.willReturn(List.of(new InFlightRequest(7, BlockOperation.READ, 0, 512, Duration.ofSeconds(2))));
		this.contextRunner.withBean(BlockDevices.class, () -> TestUblk.devices(device))
			.withPropertyValues("management.health.ublk.stuck-request-threshold=1s")
			.run((context) -> assertThat(context.getBean(HealthEndpoint.class).health().getStatus())
				.isEqualTo(Status.DOWN));
	}

	@ParameterizedTest
	@CsvSource({ "LIVE, UP", "FAILED, DOWN" })
	void healthCanBePartOfReadiness(DeviceState state, String status) {
		this.contextRunner.withBean(BlockDevices.class, () -> devices(state, null))
			.withConfiguration(AutoConfigurations.of(ApplicationAvailabilityAutoConfiguration.class,
					AvailabilityHealthContributorAutoConfiguration.class, AvailabilityProbesAutoConfiguration.class))
			.withPropertyValues("management.endpoint.health.probes.enabled=true",
					"management.endpoint.health.group.readiness.include=readinessState,ublk")
			.run((context) -> {
				AvailabilityChangeEvent.publish(context, ReadinessState.ACCEPTING_TRAFFIC);
				HealthEndpoint endpoint = context.getBean(HealthEndpoint.class);
				assertThat(Objects.requireNonNull(endpoint.healthForPath("readiness")).getStatus())
					.isEqualTo(new Status(status));
				assertThat(endpoint.healthForPath("readiness", "ublk", "scratch")).isNotNull();
			});
	}

	private Status statusWithRequest(DiskSpec spec, Duration age) {
		return statusWithRequest(spec, spec.requestTimeout(), age);
	}

	private Status statusWithRequest(DiskSpec spec, Duration timeout, Duration age) {
		UblkDevice device = TestUblk
			.device(TestUblk.status(spec, 0, DeviceState.LIVE, null, List.of(queue(true, false, age))));
		given(device.requestTimeout()).willReturn(timeout);
		given(device.inFlight(0)).willReturn(List.of(new InFlightRequest(7, BlockOperation.READ, 0, 512, age)));
		AtomicReference<Status> status = new AtomicReference<>();
		this.contextRunner.withBean(BlockDevices.class, () -> TestUblk.devices(device))
			.run((context) -> status.set(context.getBean(HealthEndpoint.class).health().getStatus()));
		return Objects.requireNonNull(status.get());
	}

	private static UblkDevice device(QueueStatus queue) {
		return TestUblk.device(TestUblk.status(DiskSpec.named("scratch").size(1 << 20).build(), 0, DeviceState.LIVE,
				null, List.of(queue)));
	}

	private static QueueStatus queue(boolean alive, boolean paused, Duration oldest) {
		return new QueueStatus(0, "ublk-scratch-0", alive, 128, 1, 1, 0, 0, 0, 1, 0, paused, oldest, -1, false);
	}

	private static Health health(BlockDevices devices) {
		HealthContributors.Entry entry = new UblkHealthContributor(devices, THRESHOLD).stream()
			.findFirst()
			.orElseThrow();
		return Objects.requireNonNull(((HealthIndicator) entry.contributor()).health());
	}

	private static Health health(DeviceState state, @Nullable String failure) {
		HealthContributors.Entry entry = new UblkHealthContributor(devices(state, failure), THRESHOLD).stream()
			.findFirst()
			.orElseThrow();
		assertThat(entry.name()).isEqualTo("scratch");
		return Objects.requireNonNull(((HealthIndicator) entry.contributor()).health());
	}

	private static BlockDevices devices(DeviceState state, @Nullable String failure) {
		DiskSpec spec = DiskSpec.named("scratch").size(1 << 20).build();
		return TestUblk.devices(TestUblk.device(TestUblk.status(spec, 0, state, failure)));
	}

}
