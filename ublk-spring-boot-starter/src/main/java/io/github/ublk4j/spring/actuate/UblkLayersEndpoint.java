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
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.spring.BlockDevices;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;

/**
 * {@link Endpoint @Endpoint} that shows the layers of the disks and their options, and
 * changes the options that can be changed while the disk is served: delays, errors,
 * pauses and limits. Sizes are bytes, times ISO-8601 durations.
 */
@Endpoint(id = "ublklayers", defaultAccess = Access.READ_ONLY)
public class UblkLayersEndpoint {

	private final BlockDevices devices;

	/**
	 * Creates an endpoint.
	 * @param devices the disks whose layers are shown
	 */
	public UblkLayersEndpoint(BlockDevices devices) {
		this.devices = devices;
	}

	/**
	 * Shows the layers of every disk that has some.
	 * @return the disks
	 */
	@ReadOperation
	public LayeredDevices devices() {
		Stream<String> names = this.devices.all().stream().map(UblkDevice::name);
		return new LayeredDevices(names.map(this::describe).filter((device) -> !device.layers().isEmpty()).toList());
	}

	/**
	 * Shows the layers of one disk.
	 * @param device the name of the disk
	 * @return its layers, {@code null} if there is no disk of this name
	 */
	@ReadOperation
	public @Nullable LayeredDevice device(@Selector String device) {
		return this.devices.find(device).map((found) -> describe(device)).orElse(null);
	}

	private LayeredDevice describe(String device) {
		return new LayeredDevice(device,
				this.devices.layers(device)
					.entrySet()
					.stream()
					.map((layer) -> LayerDescriptor.of(layer.getKey(), layer.getValue()))
					.toList());
	}

	/**
	 * Changes an option of a layer.
	 * @param device the name of the disk
	 * @param layer the name of the layer
	 * @param option the option, as its property is written
	 * @param value the value, as that of the property is written
	 * @return the layer afterwards, {@code null} if there is no such disk or layer
	 * @throws IllegalArgumentException if the layer has no such option, or it cannot have
	 * the value; the message says what is allowed
	 */
	@WriteOperation
	public @Nullable LayerDescriptor change(@Selector String device, @Selector String layer, @Selector String option,
			String value) {
		BlockStore store = this.devices.layers(device).get(layer);
		if (store == null) {
			return null;
		}
		LayerOptions.of(store).change(layer, option, value);
		return LayerDescriptor.of(layer, store);
	}

	/**
	 * Description of the disks that have layers.
	 *
	 * @param devices the disks
	 */
	public record LayeredDevices(List<LayeredDevice> devices) implements OperationResponseBody {

	}

	/**
	 * Description of the layers of a disk.
	 *
	 * @param name the name of the disk
	 * @param layers its layers, the nearest to the kernel first
	 */
	public record LayeredDevice(String name, List<LayerDescriptor> layers) implements OperationResponseBody {

	}

	/**
	 * Description of a layer.
	 *
	 * @param name its name
	 * @param options its options, and what else it has to tell
	 * @param changeable the names of the options that can be changed
	 */
	public record LayerDescriptor(String name, Map<String, Object> options,
			List<String> changeable) implements OperationResponseBody {

		static LayerDescriptor of(String name, BlockStore layer) {
			LayerOptions options = LayerOptions.of(layer);
			return new LayerDescriptor(name, options.values(), options.changeable());
		}

	}

}
