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

import io.github.ublk4j.spring.BlockDevice;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.ConfigurableBeanFactory;

/**
 * The attributes of {@link BlockDevice @BlockDevice} that may contain placeholders.
 */
final class AnnotationText {

	private final ConfigurableBeanFactory beanFactory;

	AnnotationText(ConfigurableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	/**
	 * Replaces the placeholders of an attribute.
	 * @param source what is annotated, for people
	 * @param attribute the name of the attribute
	 * @param text what it says
	 */
	String resolve(String source, String attribute, String text) {
		String resolved;
		try {
			resolved = this.beanFactory.resolveEmbeddedValue(text);
		}
		catch (IllegalArgumentException ex) {
			throw unresolved(source, attribute, text, ex);
		}
		// without a strict resolver, the context leaves them as they are
		if (resolved != null && resolved.contains("${")) {
			throw unresolved(source, attribute, text, null);
		}
		return (resolved != null) ? resolved : "";
	}

	private static DiskStartupException unresolved(String source, String attribute, String text,
			@Nullable Exception cause) {
		return new DiskStartupException(
				"The attribute '" + attribute + "' of @BlockDevice on the " + source + " is '" + text
						+ "', and nothing says what that stands for.",
				"Set the property, or write a default into the placeholder: ${my.property:default}.", cause);
	}

}
