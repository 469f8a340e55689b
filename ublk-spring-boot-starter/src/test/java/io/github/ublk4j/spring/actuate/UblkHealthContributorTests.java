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

import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.spring.UnservedBlockDevice;
import io.github.ublk4j.spring.actuate.DeviceDescriptor.BufferMemory;
import io.github.ublk4j.spring.actuate.DeviceDescriptor.DataModes;
import io.github.ublk4j.spring.autoconfigure.UblkAutoConfiguration;
import io.github.ublk4j.spring.autoconfigure.UblkHealthContributorAutoConfiguration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.HealthEndpointAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.registry.HealthContributorRegistryAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthContributors;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

class UblkHealthContributorTests {

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
	void failedDeviceSaysWhy() {
		assertThat(health(DeviceState.FAILED, "queue 0 ended: EBADF").getDetails()).containsEntry("reason",
				"queue 0 ended: EBADF");
	}

	@Test
	void healthOfDiskThatIsNotServedIsUnknown() {
		BlockDevices unserved = TestUblk.devices(List.of(new UnservedBlockDevice("tape", "no kernel")));
		HealthIndicator indicator = (HealthIndicator) new UblkHealthContributor(unserved).getContributor("tape");
		Health health = Objects.requireNonNull(Objects.requireNonNull(indicator).health());
		assertThat(health.getStatus()).isEqualTo(Status.UNKNOWN);
		assertThat(health.getDetails()).containsExactly(Map.entry("reason", "no kernel"));
	}

	@Test
	void unknownDeviceHasNoHealth() {
		assertThat(new UblkHealthContributor(TestUblk.devices()).getContributor("scratch")).isNull();
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

	private static Health health(DeviceState state, @Nullable String failure) {
		HealthContributors.Entry entry = new UblkHealthContributor(devices(state, failure)).stream()
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
