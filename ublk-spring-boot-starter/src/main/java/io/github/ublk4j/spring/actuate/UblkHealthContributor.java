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
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.engine.DeviceStatus;
import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.actuate.DeviceDescriptor.BufferMemory;
import io.github.ublk4j.spring.actuate.DeviceDescriptor.DataModes;
import io.github.ublk4j.spring.actuate.MirrorDescriptor.MemberDescriptor;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.health.contributor.HealthContributors;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * The health of each disk: up while it is live and answers its requests, down when it or
 * one of its queues failed or a request is stuck, out of service while it starts or stops
 * or is paused and after it was stopped or left to the next server, and unknown if this
 * application does not serve it.
 * <p>
 * A disk whose mirror goes on without some of its members stays up, with the detail
 * {@code degraded}: it answers every request, and neither a restart nor other instances
 * of the application would mend a store. A status of its own would need a place in
 * {@code management.endpoint.health.status.order} of each application to be seen in the
 * sum. {@link UblkMeters#MIRROR_MEMBERS} is what to alert on.
 */
public final class UblkHealthContributor implements CompositeHealthContributor {

	private static final Duration LONGEST_THRESHOLD = Duration.ofSeconds(15);

	private static final Duration THRESHOLD_WITHOUT_TIMEOUT = Duration.ofSeconds(30);

	private final BlockDevices devices;

	private final @Nullable Duration stuckRequestThreshold;

	/**
	 * Creates a contributor.
	 * @param devices the disks, looked up each time health is asked for
	 * @param stuckRequestThreshold how long a request may be served before its disk is
	 * down; {@code null} for half of the disk's request timeout, at most 15 s, and 30 s
	 * if it has none
	 */
	public UblkHealthContributor(BlockDevices devices, @Nullable Duration stuckRequestThreshold) {
		this.devices = devices;
		this.stuckRequestThreshold = stuckRequestThreshold;
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
			.map((device) -> entry(device.name(), () -> health(device)));
		Stream<HealthContributors.Entry> unserved = this.devices.unserved()
			.stream()
			.map((disk) -> entry(disk.name(), () -> Health.unknown().withDetail("reason", disk.reason()).build()));
		return Stream.concat(served, unserved);
	}

	private static HealthContributors.Entry entry(String name, HealthIndicator indicator) {
		return new HealthContributors.Entry(name, indicator);
	}

	private Health health(UblkDevice device) {
		DeviceStatus status = device.status();
		Health.Builder builder = switch (status.state()) {
			case LIVE -> live(device, status);
			case STARTING, STOPPING, STOPPED, QUIESCED -> Health.outOfService();
			case FAILED -> Health.down();
		};
		builder.withDetail("path", status.path().toString()).withDetail("state", status.state());
		builder.withDetail("dataMode", DataModes.of(status)).withDetail("bufferMemory", BufferMemory.of(status));
		long timeouts = status.queues().stream().mapToLong(QueueStatus::timeouts).sum();
		if (timeouts > 0) {
			builder.withDetail("timeouts", timeouts);
		}
		List<String> ownUse = device.ownUse();
		if (!ownUse.isEmpty()) {
			builder.withDetail("ownUse", ownUse);
		}
		List<MemberDescriptor> missing = MirrorDescriptor.of(this.devices.store(device.name()))
			.stream()
			.flatMap((mirror) -> mirror.missing().stream())
			.toList();
		if (!missing.isEmpty()) {
			builder.withDetail("degraded", missing);
		}
		if (status.failure() != null) {
			builder.withDetail("reason", Credentials.hiddenIn(status.failure()));
		}
		return builder.build();
	}

	private Health.Builder live(UblkDevice device, DeviceStatus status) {
		for (QueueStatus queue : status.queues()) {
			if (!queue.alive()) {
				return Health.down()
					.withDetail("reason", "queue " + queue.queue() + " has ended, so nobody answers its requests");
			}
		}
		if (status.queues().stream().anyMatch(QueueStatus::paused)) {
			return Health.outOfService().withDetail("reason", "paused");
		}
		Duration threshold = threshold(device.requestTimeout());
		return status.queues()
			.stream()
			.filter((queue) -> queue.oldestRequestAge().compareTo(threshold) > 0)
			.flatMap((queue) -> stuckRequests(device, queue.queue(), threshold))
			.max(Comparator.comparing(StuckRequest::age))
			.map((request) -> Health.down()
				.withDetail("reason", "a request has been served for longer than " + threshold)
				.withDetail("stuckRequest", request))
			.orElseGet(Health::up);
	}

	/**
	 * Returns a time after which a request is not yet failed by its timeout, so that
	 * health shows it.
	 */
	private Duration threshold(Duration requestTimeout) {
		if (this.stuckRequestThreshold != null) {
			return this.stuckRequestThreshold;
		}
		if (requestTimeout.isZero()) {
			return THRESHOLD_WITHOUT_TIMEOUT;
		}
		Duration half = requestTimeout.dividedBy(2);
		return (half.compareTo(LONGEST_THRESHOLD) < 0) ? half : LONGEST_THRESHOLD;
	}

	private static Stream<StuckRequest> stuckRequests(UblkDevice device, int queue, Duration threshold) {
		return device.inFlight(queue)
			.stream()
			.filter((request) -> request.age().compareTo(threshold) > 0)
			.map((request) -> new StuckRequest(queue, request.tag(), request.operation(), request.offset(),
					request.length(), request.age()));
	}

	/**
	 * Description of the request that has been served longest.
	 *
	 * @param queue the index of its queue
	 * @param tag its tag
	 * @param operation what it asks for
	 * @param offset the byte on the disk where it begins
	 * @param length its length in bytes
	 * @param age how long it has been served
	 */
	public record StuckRequest(int queue, int tag, BlockOperation operation, long offset, long length, Duration age) {

	}

}
