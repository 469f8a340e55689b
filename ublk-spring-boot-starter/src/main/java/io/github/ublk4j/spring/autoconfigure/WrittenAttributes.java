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
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * The properties that are set below {@code ublk}. Property binding ignores those that do
 * not exist.
 */
final class WrittenAttributes {

	private static final ConfigurationPropertyName DEVICES = ConfigurationPropertyName.of("ublk.devices");

	private static final int NAME_ELEMENTS = DEVICES.getNumberOfElements() + 1;

	private static final ConfigurationPropertyName ALL = ConfigurationPropertyName.of("ublk");

	/** The attributes in dashed form, by what relaxed binding makes of them. */
	private final Map<String, String> known = new TreeMap<>();

	/** The properties that are not of a disk, likewise. */
	private final Map<String, String> others = new TreeMap<>();

	WrittenAttributes() {
		add(this.known, "", Device.class);
		add(this.others, "ublk.", UblkProperties.class);
		add(this.others, "ublk.metrics.", UblkMetricsProperties.class);
		add(this.others, "ublk.observations.", UblkObservationProperties.class);
		this.others.put(PropertyNames.uniform(HostDoctor.PROPERTY), HostDoctor.PROPERTY);
		this.others.remove(PropertyNames.uniform(DEVICES.toString()));
	}

	private static void add(Map<String, String> known, String prefix, Class<?> type) {
		for (RecordComponent component : type.getRecordComponents()) {
			String attribute = prefix + DataObjectPropertyName.toDashedForm(component.getName());
			if (component.getType().isRecord()) {
				add(known, attribute + ".", component.getType());
			}
			else {
				known.put(PropertyNames.uniform(attribute), attribute);
			}
		}
	}

	/**
	 * Refuses properties that do not exist. Outside of {@code ublk.devices}, the
	 * variables and system properties of the process may be somebody else's.
	 */
	void requireKnown(Environment environment) {
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			if (source instanceof IterableConfigurationPropertySource iterable) {
				boolean variables = source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource;
				iterable.stream()
					.filter((name) -> DEVICES.isAncestorOf(name) && name.getNumberOfElements() > NAME_ELEMENTS)
					.filter((name) -> !(variables ? isKnownVariable(name) : isKnown(name)))
					.forEach((name) -> refuse(name, source.getConfigurationProperty(name)));
				if (!isOfTheProcess(source)) {
					iterable.stream()
						.filter((name) -> ALL.isAncestorOf(name) && !DEVICES.isAncestorOf(name))
						.filter((name) -> !this.others.containsKey(PropertyNames.uniform(name.toString())))
						.forEach((name) -> refuseOther(name, source.getConfigurationProperty(name)));
				}
			}
		}
	}

	/**
	 * Returns whether properties come from where programs of all kinds have theirs.
	 */
	private static boolean isOfTheProcess(ConfigurationPropertySource source) {
		return source.getUnderlyingSource() instanceof PropertySource<?> origin
				&& (origin instanceof SystemEnvironmentPropertySource
						|| origin.getName().equals(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME));
	}

	private boolean isKnown(ConfigurationPropertyName name) {
		return this.known.containsKey(PropertyNames.uniform(attribute(list(name))));
	}

	/**
	 * Returns the list that an element belongs to, such as {@code layers} for
	 * {@code layers[0]}.
	 */
	private static ConfigurationPropertyName list(ConfigurationPropertyName name) {
		return name.isLastElementIndexed() ? name.getParent() : name;
	}

	/**
	 * Returns whether an environment variable can set something. It has underscores for
	 * dots and dashes alike, so where the name of the disk ends cannot be seen.
	 */
	private boolean isKnownVariable(ConfigurationPropertyName name) {
		String written = PropertyNames.uniform(list(name).toString());
		return this.known.keySet().stream().anyMatch(written::endsWith);
	}

	private static String attribute(ConfigurationPropertyName name) {
		return name.subName(NAME_ELEMENTS).toString();
	}

	private void refuse(ConfigurationPropertyName name, @Nullable ConfigurationProperty property) {
		String nearest = nearest(this.known, attribute(name));
		String disk = name.chop(NAME_ELEMENTS).toString();
		throw new DiskStartupException("There is no property " + name + origin(property) + ".",
				"Did you mean " + disk + "." + nearest + "? A disk has the properties " + list(this.known) + ".");
	}

	private void refuseOther(ConfigurationPropertyName name, @Nullable ConfigurationProperty property) {
		throw new DiskStartupException("There is no property " + name + origin(property) + ".",
				"Did you mean " + nearestOther(name) + "? Besides ublk.devices, there are " + list(this.others) + ".");
	}

	/**
	 * Returns what was meant, which may be a property of a disk.
	 */
	private String nearestOther(ConfigurationPropertyName name) {
		String nearest = nearest(this.others, name.toString());
		String start = name.chop(DEVICES.getNumberOfElements()).toString();
		return (difference(DEVICES.toString(), start) < difference(nearest, name.toString()))
				? DEVICES + name.toString().substring(start.length()) : nearest;
	}

	private static int difference(String one, String other) {
		return distance(PropertyNames.uniform(one), PropertyNames.uniform(other));
	}

	private static String origin(@Nullable ConfigurationProperty property) {
		return (property != null && property.getOrigin() != null) ? " (" + property.getOrigin() + ")" : "";
	}

	private static String nearest(Map<String, String> candidates, String name) {
		String written = PropertyNames.uniform(name);
		return candidates.entrySet()
			.stream()
			.min(Comparator.comparingInt((candidate) -> distance(candidate.getKey(), written)))
			.map(Map.Entry::getValue)
			.orElseThrow();
	}

	private static String list(Map<String, String> properties) {
		return String.join(", ", properties.values().stream().sorted().toList());
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
