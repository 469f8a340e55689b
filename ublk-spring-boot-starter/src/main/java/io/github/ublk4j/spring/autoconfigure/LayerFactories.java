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

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.layer.BlockLayer;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.ssl.SslBundles;

/**
 * The layers that {@code ublk.devices.<name>.layers} can name.
 */
final class LayerFactories {

	private final ListableBeanFactory beanFactory;

	private final BuiltInLayers builtIn;

	LayerFactories(ListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
		this.builtIn = new BuiltInLayers(new EncryptionKeys(beanFactory.getBeanProvider(SslBundles.class)));
	}

	/**
	 * Finds the layers of a disk.
	 * @param disk the name of the disk
	 * @param device its properties
	 */
	LayerStack of(String disk, Device device) {
		requireOptionsOfLayersThatAreThere(disk, device);
		List<LayerStack.Layer> layers = new ArrayList<>();
		Set<String> seen = new HashSet<>();
		for (String name : device.layers()) {
			if (!seen.add(name)) {
				throw new DiskStartupException(
						"The layer '" + name + "' is named twice: " + written(disk, device) + ".",
						"Remove one of them. A bean of type BlockLayer can be the second layer of the same kind.");
			}
			layers.add(find(disk, device, name));
		}
		return new LayerStack(disk, layers, device.layer());
	}

	private LayerStack.Layer find(String disk, Device device, String name) {
		Optional<BuiltInLayer> builtIn = this.builtIn.find(name);
		boolean bean = this.beanFactory.containsBean(name) && this.beanFactory.isTypeMatch(name, BlockLayer.class);
		if (builtIn.isPresent() && bean) {
			throw new DiskStartupException(
					"The layer '" + name + "' can be two things: " + written(disk, device)
							+ ", and there is a bean of that name and of type BlockLayer besides the layer of ublk4j.",
					"Give the bean another name.");
		}
		if (builtIn.isPresent()) {
			return new LayerStack.Layer(name, builtIn.get().opening(), builtIn.get()::hidden);
		}
		if (bean) {
			return new LayerStack.Layer(name, (below, spec, properties) -> ofBean(disk, name, below),
					(properties) -> 0);
		}
		Set<String> known = new TreeSet<>();
		this.builtIn.all().forEach((layer) -> known.add(layer.written()));
		known.addAll(Arrays.asList(this.beanFactory.getBeanNamesForType(BlockLayer.class, true, false)));
		throw new DiskStartupException("There is no layer '" + name + "': " + written(disk, device) + ".",
				"Use " + String.join(", ", known) + ", or the name of a bean of type BlockLayer.");
	}

	private BlockStore ofBean(String disk, String name, BlockStore below) {
		BlockStore store = this.beanFactory.getBean(name, BlockLayer.class).over(below);
		// beans need not be compiled with null checks
		if ((Object) store == null) {
			throw new DiskStartupException("The layer '" + name + "' of the disk '" + disk
					+ "' cannot be opened: over(...) of the bean '" + name + "' returns null.",
					"Let it return a BlockStore, or 'below' to do nothing.");
		}
		return store;
	}

	/**
	 * Refuses options that would be ignored.
	 */
	private void requireOptionsOfLayersThatAreThere(String disk, Device device) {
		for (BuiltInLayer layer : this.builtIn.all()) {
			if (layer.hasOptions(device.layer()) && !device.layers().contains(layer.written())) {
				throw new DiskStartupException(
						PropertyNames.of(disk, "layer") + "." + layer.written() + ".* is for a disk with the layer '"
								+ layer.written() + "'; " + written(disk, device) + ".",
						"Remove the properties, or add '" + layer.written() + "' to " + PropertyNames.of(disk, "layers")
								+ ".");
			}
		}
	}

	private static String written(String disk, Device device) {
		String property = PropertyNames.of(disk, "layers");
		return device.layers().isEmpty() ? property + " is not set"
				: property + " is " + String.join(", ", device.layers());
	}

}
