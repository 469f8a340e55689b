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

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.MethodIntrospector.MetadataLookup;
import org.springframework.util.ClassUtils;

/**
 * Beans that have methods for a disk, and no disk, since {@code @BlockDevice} was
 * forgotten.
 */
final class UnusedAnnotations {

	private static final Logger logger = LoggerFactory.getLogger(UnusedAnnotations.class);

	private static final MetadataLookup<List<AnnotatedOperation>> OPERATIONS = (method) -> {
		List<AnnotatedOperation> operations = AnnotatedOperation.of(method);
		return operations.isEmpty() ? null : operations;
	};

	private final ConfigurableListableBeanFactory beanFactory;

	UnusedAnnotations(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	/**
	 * Warns of them. A bean may be called by another one that serves a disk, so it is no
	 * error.
	 * @param disks the names of the beans that serve disks
	 */
	void warn(Collection<String> disks) {
		Arrays.stream(this.beanFactory.getBeanDefinitionNames())
			.filter((beanName) -> !disks.contains(beanName))
			.forEach(this::warn);
	}

	private void warn(String beanName) {
		Class<?> type = this.beanFactory.getType(beanName, false);
		if (type == null || type.getName().startsWith("org.springframework.")) {
			return;
		}
		Class<?> written = ClassUtils.getUserClass(type);
		Map<?, List<AnnotatedOperation>> methods = MethodIntrospector.selectMethods(written, OPERATIONS);
		if (!methods.isEmpty()) {
			String annotations = methods.values()
				.stream()
				.flatMap(List::stream)
				.distinct()
				.sorted()
				.map(AnnotatedOperation::toString)
				.collect(Collectors.joining(", "));
			logger.warn(
					"The bean '{}' of type {} has methods with {}, but serves no disk: "
							+ "annotate its class, or its @Bean method, with @BlockDevice",
					beanName, written.getName(), annotations);
		}
	}

}
