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

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.layer.InvalidLayerException;
import io.github.ublk4j.store.StoreUnavailableException;

/**
 * The layers of one disk, in their order.
 */
final class LayerStack {

	private final String disk;

	private final List<Layer> layers;

	private final LayerProperties properties;

	/**
	 * Creates a stack.
	 * @param disk the name of the disk
	 * @param layers the layers, the nearest to the kernel first
	 * @param properties their options
	 */
	LayerStack(String disk, List<Layer> layers, LayerProperties properties) {
		this.disk = disk;
		this.layers = layers;
		this.properties = properties;
	}

	boolean isEmpty() {
		return this.layers.isEmpty();
	}

	/**
	 * Returns how much larger than the disk the store below has to be.
	 */
	long hidden() {
		return this.layers.stream().mapToLong((layer) -> layer.hidden().applyAsLong(this.properties)).sum();
	}

	/**
	 * Puts the layers over a store. If that fails, those that are open are closed, and
	 * the store with them.
	 * @return the layers by name, the nearest to the kernel first
	 */
	Map<String, BlockStore> open(BlockStore bottom, DiskSpec spec) {
		Map<String, BlockStore> opened = new LinkedHashMap<>();
		BlockStore top = bottom;
		for (int i = this.layers.size() - 1; i >= 0; i--) {
			try {
				top = open(this.layers.get(i), top, spec);
			}
			catch (RuntimeException | Error ex) {
				top.close();
				throw ex;
			}
			opened.put(this.layers.get(i).name(), top);
		}
		Map<String, BlockStore> nearestFirst = new LinkedHashMap<>();
		this.layers.forEach((layer) -> nearestFirst.put(layer.name(), opened.getOrDefault(layer.name(), bottom)));
		return Collections.unmodifiableMap(nearestFirst);
	}

	private BlockStore open(Layer layer, BlockStore below, DiskSpec spec) {
		try {
			return layer.opening().open(below, spec, this.properties);
		}
		catch (InvalidLayerException ex) {
			throw new DiskStartupException("The disk '" + this.disk + "' cannot be made: "
					+ PropertyNames.of(this.disk, "layer." + layer.name() + "." + ex.option()) + " is " + ex.value()
					+ ".", ex.remedy(), ex);
		}
		catch (StoreUnavailableException ex) {
			throw new DiskStartupException("The layer '" + layer.name() + "' of the disk '" + this.disk
					+ "' cannot be opened: " + ex.problem(), ex.remedy(), ex);
		}
	}

	/**
	 * A layer that is not open.
	 *
	 * @param name its name in {@code ublk.devices.<name>.layers}
	 * @param opening puts it over a store
	 * @param hidden how much of a store it hides
	 */
	record Layer(String name, Opening opening, ToLongFunction<LayerProperties> hidden) {

	}

	/**
	 * Puts a layer over a store.
	 */
	@FunctionalInterface
	interface Opening {

		BlockStore open(BlockStore below, DiskSpec spec, LayerProperties properties);

	}

}
