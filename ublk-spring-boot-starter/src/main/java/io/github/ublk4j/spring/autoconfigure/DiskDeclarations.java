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

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.BlockDeviceCustomizer;
import io.github.ublk4j.spring.BlockStoreFactory;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.thread.Threading;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * Finds what an application declares: {@link BlockDevice @BlockDevice} beans in the order
 * of their definition, then the entries of {@code ublk.devices} that name a store.
 */
final class DiskDeclarations {

	private final ConfigurableListableBeanFactory beanFactory;

	private final DeclaredDevices properties;

	private final BlockStoreFactories stores;

	private final LayerFactories layers;

	private final NamedCustomizers<BlockDeviceCustomizer> customizers;

	private final AnnotationText text;

	DiskDeclarations(ConfigurableListableBeanFactory beanFactory, UblkProperties properties, WrittenNames written) {
		this.beanFactory = beanFactory;
		this.properties = new DeclaredDevices(properties.devices(), written);
		this.layers = new LayerFactories(beanFactory);
		this.customizers = new NamedCustomizers<>(beanFactory, BlockDeviceCustomizer.class);
		this.text = new AnnotationText(beanFactory);
		this.stores = new BlockStoreFactories(beanFactory.getBeanProvider(BlockStoreFactory.class));
	}

	/**
	 * Finds the disks that are to be served, without a look at their beans and stores.
	 */
	List<DiskDeclaration> find() {
		Map<String, String> beans = findBeans();
		new UnusedAnnotations(this.beanFactory).warn(beans.values());
		this.properties.requireDistinctNames(beans.keySet());
		List<DiskDeclaration> disks = new ArrayList<>();
		beans.forEach((disk, beanName) -> {
			Device device = this.properties.of(disk, beans.keySet());
			if (device.enabled()) {
				disks.add(new DiskDeclaration(disk, () -> ofBean(disk, beanName, device),
						() -> checkBean(disk, beanName, device)));
			}
		});
		this.properties.without(beans.keySet()).forEach((disk, device) -> {
			if (device.enabled()) {
				disks.add(new DiskDeclaration(disk, () -> ofStore(disk, device, beans),
						() -> checkStore(disk, device, beans)));
			}
		});
		return disks;
	}

	/**
	 * Returns the names of beans by the names of their disks.
	 */
	private Map<String, String> findBeans() {
		Map<String, String> beans = new LinkedHashMap<>();
		for (String beanName : this.beanFactory.getBeanNamesForAnnotation(BlockDevice.class)) {
			BlockDevice annotation = annotation(beanName);
			if (annotation != null && !ScopedProxyUtils.isScopedTarget(beanName)) {
				String name = this.text.resolve("bean '" + beanName + "'", "name", annotation.name());
				String disk = StringUtils.hasText(name) ? name : beanName;
				String other = beans.putIfAbsent(disk, beanName);
				if (other != null) {
					throw new DiskStartupException("Two beans want to serve a disk named '" + disk + "': '" + other
							+ "' and '" + beanName + "'.",
							"Give one of them another name: @BlockDevice(name = \"...\").");
				}
			}
		}
		return beans;
	}

	private Disk ofBean(String disk, String beanName, Device device) {
		DiskSource source = BeanDiskSource.of(beanName, this.beanFactory.getBean(beanName), threads());
		if (device.store() != null) {
			throw new DiskStartupException(
					"The disk '" + disk + "' would be served twice: by the " + source + " and by "
							+ PropertyNames.of(disk, "store") + "=" + StoreText.shown(device.store()) + ".",
					"Remove the property, or give the bean's disk another name: @BlockDevice(name = \"...\").");
		}
		this.stores.requireOwnProperties(disk, device, null, source);
		LayerStack layers = this.layers.of(disk, device);
		return disk(disk, device,
				layers.isEmpty() ? source : new LayeredDiskSource(source, store(disk, source), layers),
				annotation(beanName));
	}

	private static Supplier<BlockStore> store(String disk, DiskSource source) {
		BlockStore store = (source instanceof BeanDiskSource bean) ? bean.store() : null;
		if (store == null) {
			throw new DiskStartupException(
					"The disk '" + disk + "' cannot have the layers that " + PropertyNames.of(disk, "layers")
							+ " asks for: the " + source + " that serves it is no BlockStore.",
					"Remove the property, or let the bean implement BlockStore.");
		}
		return () -> store;
	}

	/**
	 * A bean that is created on demand may need what this host has not.
	 */
	private void checkBean(String disk, String beanName, Device device) {
		if (this.beanFactory.containsSingleton(beanName)) {
			Disk found = ofBean(disk, beanName, device);
			found.source().requireServable(found.spec());
		}
	}

	private BlockingThreads threads() {
		return Threading.VIRTUAL.isActive(this.beanFactory.getBean(Environment.class)) ? BlockingThreads.VIRTUAL
				: BlockingThreads.PLATFORM;
	}

	/**
	 * Returns the annotation of the bean method, which goes before that of the type that
	 * the method returns.
	 */
	private @Nullable BlockDevice annotation(String beanName) {
		if (this.beanFactory.containsBeanDefinition(beanName)
				&& this.beanFactory.getMergedBeanDefinition(beanName) instanceof RootBeanDefinition definition) {
			Method method = definition.getResolvedFactoryMethod();
			BlockDevice onMethod = (method != null)
					? AnnotatedElementUtils.findMergedAnnotation(method, BlockDevice.class) : null;
			if (onMethod != null) {
				return onMethod;
			}
		}
		return this.beanFactory.findAnnotationOnBean(beanName, BlockDevice.class);
	}

	private Disk ofStore(String disk, Device device, Map<String, String> beans) {
		String store = requireStore(disk, device, beans);
		ConfiguredStoreFactory factory = this.stores.find(disk, store);
		StoreDiskSource source = new StoreDiskSource(factory, store, device);
		this.stores.requireOwnProperties(disk, device, factory, source);
		LayerStack layers = this.layers.of(disk, device);
		return disk(disk, device, layers.isEmpty() ? source : new LayeredDiskSource(source, source::store, layers),
				null);
	}

	private void checkStore(String disk, Device device, Map<String, String> beans) {
		String store = requireStore(disk, device, beans);
		ConfiguredStoreFactory factory = this.stores.find(disk, store);
		DiskSource source = new UnopenedSource(store, factory.needsSize(device));
		this.stores.requireOwnProperties(disk, device, factory, source);
		this.layers.of(disk, device);
		disk(disk, device, source, null);
	}

	private String requireStore(String disk, Device device, Map<String, String> beans) {
		String store = device.store();
		if (!StringUtils.hasText(store)) {
			String property = PropertyNames.of(disk, "store");
			if (store != null) {
				throw new DiskStartupException(
						"There is nothing to serve the disk '" + disk + "': " + property + " is empty.",
						"Set " + property + " to " + this.stores.syntax()
								+ ". For YAML, null is nothing: if you want the store of that name, write it in quotes, "
								+ "store: \"null\".");
			}
			String known = beans.keySet().stream().collect(Collectors.joining("', '", " ('", "')"));
			throw new DiskStartupException(
					"There is nothing to serve the disk '" + disk + "': " + property
							+ " is not set, and no bean is annotated with @BlockDevice(name = \"" + disk + "\").",
					"Set " + property + " to " + this.stores.syntax()
							+ ", or write the name of the disk of a @BlockDevice bean"
							+ (beans.isEmpty() ? ", of which there is none." : known + "."));
		}
		return store;
	}

	private Disk disk(String disk, Device device, DiskSource source, @Nullable BlockDevice annotation) {
		SpecFactory factory = new SpecFactory(disk, device, annotation, source, this.text, this.customizers);
		DiskSpec spec = factory.create();
		return new Disk(spec, source, factory.onShutdown(), factory.origins());
	}

}
