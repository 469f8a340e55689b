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

import java.lang.reflect.RecordComponent;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;

import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.Environment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * The attributes that {@code ublk.devices.<name>.*} sets. Property binding ignores those
 * that do not exist.
 */
final class WrittenAttributes {

	private static final ConfigurationPropertyName DEVICES = ConfigurationPropertyName.of("ublk.devices");

	private static final int NAME_ELEMENTS = DEVICES.getNumberOfElements() + 1;

	/** The attributes in dashed form, by what relaxed binding makes of them. */
	private final Map<String, String> known = new TreeMap<>();

	WrittenAttributes() {
		add("", Device.class);
	}

	private void add(String prefix, Class<?> type) {
		for (RecordComponent component : type.getRecordComponents()) {
			String attribute = prefix + DataObjectPropertyName.toDashedForm(component.getName());
			if (component.getType().isRecord()) {
				add(attribute + ".", component.getType());
			}
			else {
				this.known.put(PropertyNames.uniform(attribute), attribute);
			}
		}
	}

	/**
	 * Refuses attributes that do not exist.
	 */
	void requireKnown(Environment environment) {
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			if (source instanceof IterableConfigurationPropertySource iterable) {
				boolean variables = source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource;
				iterable.stream()
					.filter((name) -> DEVICES.isAncestorOf(name) && name.getNumberOfElements() > NAME_ELEMENTS)
					.filter((name) -> !(variables ? isKnownVariable(name) : isKnown(name)))
					.forEach((name) -> refuse(name, source.getConfigurationProperty(name)));
			}
		}
	}

	private boolean isKnown(ConfigurationPropertyName name) {
		return this.known.containsKey(PropertyNames.uniform(attribute(name)));
	}

	/**
	 * Returns whether an environment variable can set something. It has underscores for
	 * dots and dashes alike, so where the name of the disk ends cannot be seen.
	 */
	private boolean isKnownVariable(ConfigurationPropertyName name) {
		String written = PropertyNames.uniform(name.toString());
		return this.known.keySet().stream().anyMatch(written::endsWith);
	}

	private static String attribute(ConfigurationPropertyName name) {
		return name.subName(NAME_ELEMENTS).toString();
	}

	private void refuse(ConfigurationPropertyName name, @Nullable ConfigurationProperty property) {
		String origin = (property != null && property.getOrigin() != null) ? " (" + property.getOrigin() + ")" : "";
		String written = PropertyNames.uniform(attribute(name));
		String nearest = this.known.entrySet()
			.stream()
			.min(Comparator.comparingInt((candidate) -> distance(candidate.getKey(), written)))
			.map(Map.Entry::getValue)
			.orElseThrow();
		String disk = name.chop(NAME_ELEMENTS).toString();
		throw new DiskStartupException("There is no property " + name + origin + ".",
				"Did you mean " + disk + "." + nearest + "? A disk has the properties "
						+ String.join(", ", this.known.values().stream().sorted().toList()) + ".");
	}

	/**
	 * Returns how many letters have to be added, removed or changed (Levenshtein).
	 */
	private static int distance(String from, String to) {
		int[] row = new int[to.length() + 1];
		for (int j = 0; j <= to.length(); j++) {
			row[j] = j;
		}
		for (int i = 1; i <= from.length(); i++) {
			int diagonal = row[0];
			row[0] = i;
			for (int j = 1; j <= to.length(); j++) {
				int above = row[j];
				int changed = diagonal + ((from.charAt(i - 1) == to.charAt(j - 1)) ? 0 : 1);
				row[j] = Math.min(changed, Math.min(above, row[j - 1]) + 1);
				diagonal = above;
			}
		}
		return row[to.length()];
	}

}
