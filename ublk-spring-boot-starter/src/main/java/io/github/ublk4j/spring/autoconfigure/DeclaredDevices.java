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

package io.github.ublk4j.spring.autoconfigure;

import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.Set;
import java.util.stream.Collectors;

import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;

/**
 * Looks up {@code ublk.devices} with the relaxed names of property binding. An
 * environment variable has no dashes, so {@code UBLK_DEVICES_MYDISK_SIZE} gives the map a
 * key {@code mydisk} next to {@code my-disk}, bound to the same values.
 */
final class DeclaredDevices {

	private final Map<String, Device> devices;

	DeclaredDevices(Map<String, Device> devices) {
		this.devices = devices;
	}

	/**
	 * Returns the properties of the disk of a bean.
	 */
	Device of(String disk) {
		Device exact = this.devices.get(disk);
		if (exact != null) {
			return exact;
		}
		String uniform = PropertyNames.uniform(disk);
		return this.devices.entrySet()
			.stream()
			.filter((entry) -> PropertyNames.uniform(entry.getKey()).equals(uniform))
			.max(Comparator.comparingInt((entry) -> entry.getKey().length()))
			.map(Entry::getValue)
			.orElse(Device.UNSET);
	}

	/**
	 * Returns the entries that belong to no bean, each once.
	 * @param disks the names of the disks of beans
	 */
	Map<String, Device> without(Set<String> disks) {
		Set<String> taken = disks.stream().map(PropertyNames::uniform).collect(Collectors.toSet());
		Map<String, Device> seen = new HashMap<>();
		Map<String, Device> remaining = new LinkedHashMap<>();
		List<String> longestFirst = this.devices.keySet()
			.stream()
			.sorted(Comparator.comparingInt(String::length).reversed())
			.toList();
		for (String name : longestFirst) {
			String uniform = PropertyNames.uniform(name);
			Device device = this.devices.getOrDefault(name, Device.UNSET);
			if (!taken.contains(uniform) && !device.equals(seen.put(uniform, device))) {
				remaining.put(name, device);
			}
		}
		Map<String, Device> ordered = new LinkedHashMap<>(this.devices);
		ordered.keySet().retainAll(remaining.keySet());
		return ordered;
	}

}
