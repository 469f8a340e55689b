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

import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.Environment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * The names of disks in {@code ublk.devices.<name>}, spelt as they were written. Property
 * binding has lost that. Environment variables do not count: they cannot spell.
 */
final class WrittenNames {

	private static final ConfigurationPropertyName DEVICES = ConfigurationPropertyName.of("ublk.devices");

	private static final int NAME_ELEMENTS = DEVICES.getNumberOfElements() + 1;

	/** Names that binding takes to be the same are equal as keys. */
	private final Map<ConfigurationPropertyName, Set<String>> spellings = new LinkedHashMap<>();

	private final Set<String> withStore = new HashSet<>();

	WrittenNames(Environment environment) {
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			if (source instanceof IterableConfigurationPropertySource iterable
					&& !(source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource)) {
				iterable.stream().filter(DEVICES::isAncestorOf).forEach(this::add);
			}
		}
	}

	private void add(ConfigurationPropertyName property) {
		ConfigurationPropertyName name = property.chop(NAME_ELEMENTS);
		String spelling = name.getLastElement(Form.ORIGINAL);
		this.spellings.computeIfAbsent(name, (first) -> new TreeSet<>()).add(spelling);
		if (property.getNumberOfElements() == NAME_ELEMENTS + 1
				&& property.getLastElement(Form.UNIFORM).equals("store")) {
			this.withStore.add(spelling);
		}
	}

	/**
	 * Returns whether a disk of exactly this name is given a store.
	 */
	boolean haveStore(String disk) {
		return this.withStore.contains(disk);
	}

	/**
	 * Returns the spellings of each name. All properties of one name have the same
	 * values, however they were spelt.
	 */
	Collection<Set<String>> spellings() {
		return this.spellings.values();
	}

}
