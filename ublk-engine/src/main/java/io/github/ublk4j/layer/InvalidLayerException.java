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

package io.github.ublk4j.layer;

import java.io.Serial;

/**
 * A layer was given an option that it cannot have. Nothing is left open behind it.
 */
public class InvalidLayerException extends IllegalArgumentException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final String option;

	private final String value;

	private final String remedy;

	/**
	 * Creates an exception.
	 * @param option the option in camel case, such as {@code blockSize}
	 * @param value the rejected value; for a secret, a description of it
	 * @param remedy what would be accepted, a sentence
	 */
	public InvalidLayerException(String option, Object value, String remedy) {
		super(option + " is " + value + ". " + remedy);
		this.option = option;
		this.value = String.valueOf(value);
		this.remedy = remedy;
	}

	/**
	 * Returns which option is wrong.
	 * @return the option in camel case
	 */
	public String option() {
		return this.option;
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
