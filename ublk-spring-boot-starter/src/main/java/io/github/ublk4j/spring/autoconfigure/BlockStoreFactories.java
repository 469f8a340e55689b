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

import java.util.List;
import java.util.stream.Collectors;

import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import org.jspecify.annotations.Nullable;

/**
 * The kinds of store that {@code ublk.devices.<name>.store} can ask for.
 */
final class BlockStoreFactories {

	private final List<BlockStoreFactory> factories = List.of(new MemoryBlockStoreFactory(),
			new FileBlockStoreFactory());

	BlockStoreFactory find(String disk, String store) {
		return this.factories.stream()
			.filter((factory) -> factory.supports(store))
			.findFirst()
			.orElseThrow(() -> new DiskStartupException(
					"There is no store '" + store + "': " + PropertyNames.of(disk, "store") + "=" + store + ".",
					"Set " + PropertyNames.of(disk, "store") + " to " + syntax() + "."));
	}

	/**
	 * Refuses properties of another kind of store than the disk has, which would be
	 * ignored.
	 * @param disk the name of the disk
	 * @param properties those of the disk
	 * @param used the kind of its store, {@code null} for a bean
	 * @param source what serves the disk
	 */
	void requireOwnProperties(String disk, Device properties, @Nullable BlockStoreFactory used, DiskSource source) {
		for (BlockStoreFactory other : this.factories) {
			String property = (other != used) ? other.ownProperty(properties) : null;
			if (property != null) {
				throw new DiskStartupException(
						PropertyNames.of(disk, property) + " is for a disk with " + PropertyNames.of(disk, "store")
								+ "=" + other.syntax() + "; the disk '" + disk + "' is served by the " + source + ".",
						"Remove the property" + ((used != null) ? ", or change the store."
								: "; what a bean stores its data in is up to its code."));
			}
		}
	}

	/**
	 * Returns what can be written, for people.
	 */
	String syntax() {
		return this.factories.stream().map(BlockStoreFactory::syntax).collect(Collectors.joining(" or "));
	}

}
