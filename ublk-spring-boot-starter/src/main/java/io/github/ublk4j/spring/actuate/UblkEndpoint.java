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

import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.UnservedBlockDevice;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/**
 * {@link Endpoint @Endpoint} that shows the disks of the application and their queues.
 */
@Endpoint(id = "ublk", defaultAccess = Access.READ_ONLY)
public class UblkEndpoint {

	private final BlockDevices devices;

	/**
	 * Creates an endpoint.
	 * @param devices the disks to show
	 */
	public UblkEndpoint(BlockDevices devices) {
		this.devices = devices;
	}

	/**
	 * Shows every disk.
	 * @return the disks
	 */
	@ReadOperation
	public DevicesDescriptor devices() {
		return new DevicesDescriptor(this.devices.all().stream().map(this::describe).toList(), this.devices.unserved());
	}

	/**
	 * Shows one disk.
	 * @param device the name of the disk
	 * @return the disk, {@code null} if there is none of this name
	 */
	@ReadOperation
	public @Nullable DeviceDescriptor device(@Selector String device) {
		return this.devices.find(device).map(this::describe).orElse(null);
	}

	private DeviceDescriptor describe(UblkDevice device) {
		return DeviceDescriptor.of(device.status(), this.devices.origins(device.name()));
	}

	/**
	 * Description of the disks.
	 *
	 * @param devices the disks that are or were served
	 * @param unserved the disks that are declared, but not served, and why
	 */
	public record DevicesDescriptor(List<DeviceDescriptor> devices,
			List<UnservedBlockDevice> unserved) implements OperationResponseBody {

	}

}
