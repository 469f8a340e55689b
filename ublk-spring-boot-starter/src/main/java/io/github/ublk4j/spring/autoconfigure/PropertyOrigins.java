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
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.boot.origin.TextResourceOrigin;
import org.springframework.core.env.Environment;

/**
 * Finds the lines of files that set the properties of a text.
 */
final class PropertyOrigins {

	private static final Pattern PROPERTY = Pattern.compile("\\bublk(?:\\.[a-zA-Z][\\w-]*|\\[[^\\]]+\\])+");

	private final Environment environment;

	PropertyOrigins(Environment environment) {
		this.environment = environment;
	}

	/**
	 * Returns a text with the places where its properties are set, if these are lines of
	 * files and not named yet.
	 */
	String addedTo(String text) {
		return text + PROPERTY.matcher(text)
			.results()
			.map(MatchResult::group)
			.distinct()
			.flatMap((property) -> origins(property).stream()
				.filter((origin) -> !text.contains(origin))
				.map((origin) -> "\n" + property + " is set in " + origin))
			.collect(Collectors.joining("", "", ""));
	}

	private List<String> origins(String property) {
		ConfigurationPropertyName name = ConfigurationPropertyName.adapt(property, '.');
		return StreamSupport.stream(ConfigurationPropertySources.get(this.environment).spliterator(), false)
			.map((source) -> source.getConfigurationProperty(name))
			.filter((found) -> found != null)
			.limit(1)
			.map((found) -> innermost(found.getOrigin()))
			.filter(TextResourceOrigin.class::isInstance)
			.map(Origin::toString)
			.toList();
	}

	private static @Nullable Origin innermost(@Nullable Origin origin) {
		Origin inner = (origin instanceof PropertySourceOrigin wrapper) ? wrapper.getOrigin() : null;
		return (inner != null) ? inner : origin;
	}

}
