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

import java.util.stream.Stream;

import io.github.ublk4j.engine.DeviceStatus;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.actuate.DeviceDescriptor.BufferMemory;
import io.github.ublk4j.spring.actuate.DeviceDescriptor.DataModes;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.health.contributor.HealthContributors;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * The health of each disk: up while it is live, down when it failed, out of service while
 * it starts or stops and after it was stopped, and unknown if this application does not
 * serve it.
 */
public final class UblkHealthContributor implements CompositeHealthContributor {

	private final BlockDevices devices;

	/**
	 * Creates a contributor.
	 * @param devices the disks, looked up each time health is asked for
	 */
	public UblkHealthContributor(BlockDevices devices) {
		this.devices = devices;
	}

	@Override
	public @Nullable HealthContributor getContributor(String name) {
		return stream().filter((entry) -> entry.name().equals(name))
			.map(HealthContributors.Entry::contributor)
			.findFirst()
			.orElse(null);
	}

	@Override
	public Stream<HealthContributors.Entry> stream() {
		Stream<HealthContributors.Entry> served = this.devices.all()
			.stream()
			.map((device) -> entry(device.name(), () -> health(device.status())));
		Stream<HealthContributors.Entry> unserved = this.devices.unserved()
			.stream()
			.map((disk) -> entry(disk.name(), () -> Health.unknown().withDetail("reason", disk.reason()).build()));
		return Stream.concat(served, unserved);
	}

	private static HealthContributors.Entry entry(String name, HealthIndicator indicator) {
		return new HealthContributors.Entry(name, indicator);
	}

	private static Health health(DeviceStatus status) {
		Health.Builder builder = switch (status.state()) {
			case LIVE -> Health.up();
			case STARTING, STOPPING, STOPPED -> Health.outOfService();
			case FAILED -> Health.down();
		};
		builder.withDetail("path", status.path().toString()).withDetail("state", status.state());
		builder.withDetail("dataMode", DataModes.of(status)).withDetail("bufferMemory", BufferMemory.of(status));
		if (status.failure() != null) {
			builder.withDetail("reason", status.failure());
		}
		return builder.build();
	}

}
