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

package io.github.ublk4j.engine.queue;

/**
 * What messages call an object that serves a disk.
 */
public final class CodeName {

	private CodeName() {
	}

	/**
	 * Returns the name of its class, unless the JVM has made that up for a lambda.
	 * @param code the object
	 * @param role what it is, such as {@code handler}
	 * @return the beginning of a sentence
	 */
	public static String of(Object code, String role) {
		Class<?> type = code.getClass();
		return (type.isHidden() || type.isSynthetic()) ? "The " + role : type.getName();
	}

}
