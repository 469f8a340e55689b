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
import java.util.Map;
import java.util.function.Consumer;

import org.springframework.beans.factory.ListableBeanFactory;

/**
 * The customizers of one type, in their order.
 *
 * @param <T> the type
 */
final class NamedCustomizers<T> {

	private final ListableBeanFactory beanFactory;

	private final Class<T> type;

	NamedCustomizers(ListableBeanFactory beanFactory, Class<T> type) {
		this.beanFactory = beanFactory;
		this.type = type;
	}

	/**
	 * Calls each customizer.
	 * @param subject what is customized, for people
	 * @param call calls one
	 * @return whether there are any
	 * @throws DiskStartupException if one throws, with the name of its bean
	 */
	boolean apply(String subject, Consumer<T> call) {
		List<T> customizers = this.beanFactory.getBeanProvider(this.type).orderedStream().toList();
		for (T customizer : customizers) {
			try {
				call.accept(customizer);
			}
			catch (RuntimeException ex) {
				String name = nameOf(customizer);
				throw new DiskStartupException(
						"The " + this.type.getSimpleName() + " '" + name + "' failed for the " + subject + ": " + ex,
						"Correct the bean '" + name + "', or remove it.", ex);
			}
		}
		return !customizers.isEmpty();
	}

	private String nameOf(T customizer) {
		return this.beanFactory.getBeansOfType(this.type)
			.entrySet()
			.stream()
			.filter((entry) -> entry.getValue() == customizer)
			.map(Map.Entry::getKey)
			.findFirst()
			.orElseGet(() -> customizer.getClass().getName());
	}

}
