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

package io.github.ublk4j.block;

import java.io.Serial;

/**
 * A {@link DiskSpec} that no device can be made of. Names the attribute, so that a
 * configuration layer can name its property.
 */
public class InvalidDiskException extends IllegalArgumentException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final String disk;

	private final String attribute;

	private final String value;

	private final String remedy;

	/**
	 * Creates an exception.
	 * @param disk the name of the disk
	 * @param attribute the attribute of {@link DiskSpec}, such as {@code queueDepth}
	 * @param value the rejected value
	 * @param remedy what would be accepted, a sentence
	 */
	public InvalidDiskException(String disk, String attribute, Object value, String remedy) {
		super("disk '" + disk + "': " + attribute + " is " + value + ". " + remedy);
		this.disk = disk;
		this.attribute = attribute;
		this.value = String.valueOf(value);
		this.remedy = remedy;
	}

	/**
	 * Returns the name of the disk.
	 * @return the name
	 */
	public String disk() {
		return this.disk;
	}

	/**
	 * Returns which attribute of {@link DiskSpec} is wrong.
	 * @return the name of the attribute in camel case
	 */
	public String attribute() {
		return this.attribute;
	}

	/**
	 * Returns the rejected value.
	 * @return the value as text
	 */
	public String value() {
		return this.value;
	}

	/**
	 * Returns what would be accepted.
	 * @return a sentence
	 */
	public String remedy() {
		return this.remedy;
	}

}
