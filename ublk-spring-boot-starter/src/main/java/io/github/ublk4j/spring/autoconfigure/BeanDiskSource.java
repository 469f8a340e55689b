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
import java.util.OptionalLong;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.util.StringUtils;

/**
 * A bean in one of the shapes that can serve a disk. Closing it is up to the context.
 */
final class BeanDiskSource implements DiskSource {

	private static final List<Class<?>> SHAPES = List.of(BlockDeviceHandler.class, BlockRequestStream.class,
			BlockStore.class);

	private final String beanName;

	private final Object bean;

	private BeanDiskSource(String beanName, Object bean) {
		this.beanName = beanName;
		this.bean = bean;
	}

	/**
	 * Finds out in which shape a bean is, or refuses it.
	 * @param beanName the name of the bean
	 * @param bean the bean
	 * @param threads where its annotated methods are called if they may block
	 */
	static DiskSource of(String beanName, Object bean, BlockingThreads threads) {
		List<Class<?>> shapes = SHAPES.stream().filter((shape) -> shape.isInstance(bean)).toList();
		AnnotatedBean annotated = new AnnotatedBean(beanName, bean);
		String subject = StringUtils.capitalize(annotated.toString());
		if (shapes.isEmpty() && annotated.isEmpty()) {
			throw new DiskStartupException(subject + " cannot serve a disk.", "Let it implement one of " + names(SHAPES)
					+ ", annotate its methods with @OnRead, @OnWrite and so on, or remove @BlockDevice.");
		}
		if (shapes.size() > 1) {
			throw new DiskStartupException(
					subject + " can serve its disk in " + shapes.size() + " ways: it implements " + names(shapes) + ".",
					"Let it implement only one of them.");
		}
		if (shapes.isEmpty()) {
			return new AnnotatedDiskSource(beanName, annotated.plan(), threads);
		}
		if (!annotated.isEmpty()) {
			throw new DiskStartupException(
					subject + " can serve its disk in 2 ways: it implements " + names(shapes)
							+ ", and has methods annotated with " + annotated.annotations() + ".",
					"Remove the annotations of the methods, or 'implements " + names(shapes) + "'.");
		}
		return new BeanDiskSource(beanName, bean);
	}

	private static String names(List<Class<?>> types) {
		Stream<String> names = types.stream().map(Class::getSimpleName);
		return String.join(", ", names.toList());
	}

	/**
	 * Returns the bean if it is a store, which layers can be put over.
	 */
	@Nullable BlockStore store() {
		return (this.bean instanceof BlockStore store) ? store : null;
	}

	@Override
	public @Nullable BlockStore openStore() {
		return store();
	}

	@Override
	public OptionalLong defaultSize(String disk) {
		return (this.bean instanceof BlockStore store) ? OptionalLong.of(store.size()) : OptionalLong.empty();
	}

	@Override
	public Mono<UblkDevice> start(UblkEngine engine, DiskSpec spec) {
		if (this.bean instanceof BlockDeviceHandler handler) {
			return engine.start(spec, handler);
		}
		if (this.bean instanceof BlockRequestStream stream) {
			return engine.startStream(spec, stream);
		}
		return engine.start(spec, (BlockStore) this.bean);
	}

	@Override
	public String toString() {
		return "bean '" + this.beanName + "'";
	}

}
