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
import java.util.HashSet;
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

	private final WrittenNames written;

	DeclaredDevices(Map<String, Device> devices, WrittenNames written) {
		this.devices = devices;
		this.written = written;
	}

	/**
	 * Refuses disks whose properties would silently be those of each other.
	 * @param disks the names of the disks of beans
	 */
	void requireDistinctNames(Set<String> disks) {
		for (Set<String> spellings : this.written.spellings()) {
			List<String> declared = spellings.stream()
				.filter((name) -> disks.contains(name) || this.written.haveStore(name))
				.toList();
			if (declared.size() > 1) {
				throw new DiskStartupException(
						"The disks '" + String.join("' and '", declared)
								+ "' cannot be told apart in ublk.devices: Spring Boot takes the names to be the same.",
						"Rename one of them, or write the names in brackets: ublk.devices["
								+ String.join("].* and ublk.devices[", declared) + "].*.");
			}
		}
	}

	/**
	 * Returns the properties of the disk of a bean.
	 * @param disk the name of the disk
	 * @param disks the names of the disks of all beans
	 */
	Device of(String disk, Set<String> disks) {
		Device exact = this.devices.get(disk);
		if (exact != null) {
			return exact;
		}
		String uniform = PropertyNames.uniform(disk);
		return this.devices.entrySet()
			.stream()
			.filter((entry) -> !disks.contains(entry.getKey()))
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
		Set<Entry<String, Device>> seen = new HashSet<>();
		Set<String> remaining = new HashSet<>();
		for (String name : likelyNamesFirst()) {
			String uniform = PropertyNames.uniform(name);
			boolean other = seen.add(Map.entry(uniform, this.devices.getOrDefault(name, Device.UNSET)));
			if (!taken.contains(uniform) && (other || this.written.haveStore(name))) {
				remaining.add(name);
			}
		}
		Map<String, Device> ordered = new LinkedHashMap<>(this.devices);
		ordered.keySet().retainAll(remaining);
		return ordered;
	}

	private List<String> likelyNamesFirst() {
		return this.devices.keySet()
			.stream()
			.sorted(Comparator.comparing((String name) -> !this.written.haveStore(name))
				.thenComparing(Comparator.comparingInt(String::length).reversed()))
			.toList();
	}

}
