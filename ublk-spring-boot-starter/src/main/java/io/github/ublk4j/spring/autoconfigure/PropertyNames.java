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

import java.util.Locale;

import io.github.ublk4j.block.DataMode;

import org.springframework.boot.context.properties.bind.DataObjectPropertyName;

/**
 * How the properties of disks are written.
 */
final class PropertyNames {

	private PropertyNames() {
	}

	/**
	 * Returns the property of a disk, with the brackets that a name with other characters
	 * than letters, digits and dashes needs.
	 * @param disk the name of the disk
	 * @param attribute the name of the attribute in camel case
	 */
	static String of(String disk, String attribute) {
		String device = disk.matches("[A-Za-z0-9-]+") ? ".devices." + disk : ".devices[" + disk + "]";
		return "ublk" + device + "." + DataObjectPropertyName.toDashedForm(attribute);
	}

	/**
	 * Returns a data mode as a property has it, such as {@code user-copy}.
	 */
	static String of(DataMode mode) {
		return mode.name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/**
	 * Returns what two names have in common that relaxed binding cannot tell apart:
	 * {@code scratch-disk}, {@code scratchDisk}, and {@code SCRATCHDISK} of an
	 * environment variable.
	 */
	static String uniform(String disk) {
		return disk.replaceAll("[^A-Za-z0-9]", "").toLowerCase(Locale.ROOT);
	}

}
