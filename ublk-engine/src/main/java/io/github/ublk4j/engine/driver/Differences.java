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

package io.github.ublk4j.engine.driver;

import java.util.ArrayList;
import java.util.List;

/**
 * Collects how a device that exists differs from the disk that is declared.
 */
public final class Differences {

	private final List<String> found = new ArrayList<>();

	/**
	 * Creates an empty collection.
	 */
	public Differences() {
	}

	/**
	 * Notes a difference, if it is one.
	 * @param name what is compared, for people
	 * @param existing the value of the device
	 * @param declared the value of the disk
	 */
	public void compare(String name, Object existing, Object declared) {
		if (!existing.equals(declared)) {
			this.found.add(name + ": " + existing + " in the device, " + declared + " in the disk that is declared");
		}
	}

	/**
	 * Notes an ability that the device has promised and the disk lacks. What the disk can
	 * do beyond the device is no difference: nobody asks for it.
	 * @param name what is compared, for people
	 * @param existing whether the device has it
	 * @param declared whether the disk has it
	 */
	public void requireAbility(String name, boolean existing, boolean declared) {
		if (existing && !declared) {
			this.found.add(name + ": the device does, the disk that is declared does not");
		}
	}

	/**
	 * Takes over what somebody else has found.
	 * @param sentences a sentence for each difference
	 */
	public void addAll(List<String> sentences) {
		this.found.addAll(sentences);
	}

	/**
	 * Returns what has been found.
	 * @return a sentence for each difference
	 */
	public List<String> asList() {
		return List.copyOf(this.found);
	}

}
