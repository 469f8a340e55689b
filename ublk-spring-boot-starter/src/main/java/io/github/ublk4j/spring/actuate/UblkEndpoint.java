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
import java.util.Optional;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.ublk4j.engine.OrphanedDevice;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkDriver;
import io.github.ublk4j.engine.UblkUnavailableException;
import io.github.ublk4j.engine.host.HostCheck;
import io.github.ublk4j.metrics.InFlightRequest;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.UnservedBlockDevice;
import io.github.ublk4j.spring.actuate.DeviceDescriptor.QueueDescriptor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.util.unit.DataSize;

/**
 * {@link Endpoint @Endpoint} that shows the driver, the host, the disks of the
 * application, their queues and the requests in flight, and lets disks be paused, stopped
 * and started. Sizes are bytes, times ISO-8601 durations.
 */
@Endpoint(id = "ublk", defaultAccess = Access.READ_ONLY)
public class UblkEndpoint {

	private static final String QUEUES = "queues";

	private final BlockDevices devices;

	private final UblkHost host;

	/**
	 * Creates an endpoint.
	 * @param devices the disks to show
	 * @param host the host of the disks
	 */
	public UblkEndpoint(BlockDevices devices, UblkHost host) {
		this.devices = devices;
		this.host = host;
	}

	/**
	 * Shows the driver and every disk.
	 * @return the driver and the disks
	 */
	@ReadOperation
	public DevicesDescriptor devices() {
		return new DevicesDescriptor(DriverDescriptor.of(this.host.driver()),
				this.host.checks().stream().map(HostCheckDescriptor::of).toList(),
				this.devices.all().stream().map(this::describe).toList(), this.devices.unserved(),
				this.host.orphans().stream().map(OrphanDescriptor::of).toList());
	}

	/**
	 * Shows one disk.
	 * @param device the name of the disk
	 * @return the disk, or why it is not served; {@code null} if there is none of this
	 * name
	 */
	@ReadOperation
	public @Nullable OperationResponseBody device(@Selector String device) {
		return this.devices.find(device)
			.<OperationResponseBody>map(this::describe)
			.or(() -> unserved(device))
			.orElse(null);
	}

	/**
	 * Returns why a disk is not served.
	 */
	Optional<UnservedDescriptor> unserved(String device) {
		return this.devices.unserved()
			.stream()
			.filter((disk) -> disk.name().equals(device))
			.map((disk) -> new UnservedDescriptor(disk.name(), disk.reason()))
			.findFirst();
	}

	private DeviceDescriptor describe(UblkDevice device) {
		return DeviceDescriptor.of(device.status(), MirrorDescriptor.of(this.devices.store(device.name())),
				this.devices.origins(device.name()));
	}

	/**
	 * Shows one queue and the requests that it is serving.
	 * @param device the name of the disk
	 * @param part the word "queues", as in the path
	 * @param queue the index of the queue
	 * @return the queue, {@code null} if there is no such disk, part or queue
	 */
	@ReadOperation
	public @Nullable QueueRequestsDescriptor queue(@Selector String device, @Selector String part,
			@Selector int queue) {
		return this.devices.find(device)
			.filter((found) -> QUEUES.equals(part))
			.flatMap((found) -> QueueRequestsDescriptor.of(found, queue))
			.orElse(null);
	}

	/**
	 * Changes a disk.
	 * @param device the name of the disk
	 * @param action what to do
	 * @param size the new capacity such as "20GB", for {@link Action#RESIZE}
	 * @param force whether {@link Action#STOP} stops a disk that is in use; it does not
	 * by default
	 * @return the disk afterwards, empty if there is none of this name; an error says why
	 * that cannot be done, and what to do about it
	 */
	@WriteOperation
	public Mono<DeviceDescriptor> change(@Selector String device, Action action, @Nullable DataSize size,
			@Nullable Boolean force) {
		UblkDevice found = this.devices.find(device).orElse(null);
		if (found == null) {
			return Mono.justOrEmpty(unserved(device)).flatMap((disk) -> Mono.error(notServed(disk)));
		}
		return change(found, action, size, force).onErrorMap(UblkUnavailableException.class, UblkEndpoint::withRemedy);
	}

	private static IllegalStateException notServed(UnservedDescriptor disk) {
		return new IllegalStateException("The disk '" + disk.name() + "' is not served: " + disk.reason());
	}

	/**
	 * JMX shows no more of an exception than its message.
	 */
	private static UblkUnavailableException withRemedy(UblkUnavailableException unavailable) {
		String problem = String.valueOf(unavailable.getMessage()).replaceFirst("\\.$", "");
		return new UblkUnavailableException(unavailable.reason(), problem + ". " + unavailable.remedy(),
				unavailable.remedy(), unavailable);
	}

	private Mono<DeviceDescriptor> change(UblkDevice found, Action action, @Nullable DataSize size,
			@Nullable Boolean force) {
		String device = found.name();
		return switch (action) {
			case PAUSE -> Mono.fromRunnable(found::pause).then(described(device));
			case RESUME -> Mono.fromRunnable(found::resume).then(described(device));
			case STOP -> (Boolean.TRUE.equals(force) ? this.devices.stop(device) : this.devices.stopUnused(device))
				.then(described(device));
			case START -> this.devices.start(device).map(this::describe);
			case QUIESCE -> this.devices.quiesce(device).then(described(device));
			case RESIZE -> (size != null) ? this.devices.resize(device, size).map(this::describe)
					: Mono.error(new IllegalArgumentException("The action resize needs a size, such as 20GB"));
		};
	}

	private Mono<DeviceDescriptor> described(String device) {
		return Mono.fromCallable(() -> this.devices.find(device).map(this::describe).orElse(null));
	}

	/**
	 * What can be done to a disk.
	 */
	public enum Action {

		/** Let requests that arrive from now on wait. */
		PAUSE,

		/** Serve the requests that wait, and those to come. */
		RESUME,

		/** Remove the disk, which can be started again; not while somebody uses it. */
		STOP,

		/** Serve the disk again; one that is live is left alone. */
		START,

		/** Leave the disk to the next server. */
		QUIESCE,

		/** Change the capacity of the disk. */
		RESIZE

	}

	/**
	 * Description of the driver and the disks.
	 *
	 * @param driver the ublk driver, if it is known
	 * @param host what the host has and lacks
	 * @param devices the disks that are or were served
	 * @param unserved the disks that are declared, but not served, and why
	 * @param orphans the devices of the host that no process serves
	 */
	public record DevicesDescriptor(@JsonInclude(JsonInclude.Include.NON_NULL) @Nullable DriverDescriptor driver,
			@JsonInclude(JsonInclude.Include.NON_EMPTY) List<HostCheckDescriptor> host, List<DeviceDescriptor> devices,
			List<UnservedBlockDevice> unserved, List<OrphanDescriptor> orphans) implements OperationResponseBody {

	}

	/**
	 * Description of a device that no process serves.
	 *
	 * @param id the number of the device
	 * @param disk the name of the disk that it served, if that is known
	 * @param explanation what it is, who uses it and what can be done
	 */
	public record OrphanDescriptor(int id, @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String disk,
			String explanation) {

		static OrphanDescriptor of(OrphanedDevice orphan) {
			return new OrphanDescriptor(orphan.device().id(), orphan.disk(), orphan.explanation());
		}

	}

	/**
	 * Description of a disk that is declared, but not served.
	 *
	 * @param name its name
	 * @param reason why, and what to do about it
	 */
	public record UnservedDescriptor(String name, String reason) implements OperationResponseBody {

	}

	/**
	 * Description of the ublk driver.
	 *
	 * @param kernel the release of the kernel
	 * @param features what the driver can do ({@code UBLK_F_*} without the prefix)
	 */
	public record DriverDescriptor(String kernel, List<String> features) {

		static @Nullable DriverDescriptor of(@Nullable UblkDriver driver) {
			return (driver != null)
					? new DriverDescriptor(driver.kernel(), driver.features().stream().sorted().toList()) : null;
		}

	}

	/**
	 * Description of one side of the host.
	 *
	 * @param name what was looked at
	 * @param state how it is
	 * @param finding what was found
	 * @param remedy what mends it, unless it is fine
	 */
	public record HostCheckDescriptor(String name, HostCheck.State state, String finding,
			@JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String remedy) {

		static HostCheckDescriptor of(HostCheck check) {
			return new HostCheckDescriptor(check.name(), check.state(), check.finding(), check.remedy());
		}

	}

	/**
	 * Description of a queue and the requests that it is serving.
	 *
	 * @param device the name of the disk
	 * @param queue the queue
	 * @param requests the requests in flight by tag
	 */
	public record QueueRequestsDescriptor(String device, QueueDescriptor queue,
			List<InFlightRequest> requests) implements OperationResponseBody {

		static Optional<QueueRequestsDescriptor> of(UblkDevice device, int queue) {
			return device.status()
				.queues()
				.stream()
				.filter((status) -> status.queue() == queue)
				.findFirst()
				.map((status) -> new QueueRequestsDescriptor(device.name(), QueueDescriptor.of(status),
						device.inFlight(queue)));
		}

	}

}
