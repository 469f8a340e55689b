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
	 * Returns what can be written, for people.
	 */
	String syntax() {
		return this.factories.stream().map(BlockStoreFactory::syntax).collect(Collectors.joining(" or "));
	}

}
