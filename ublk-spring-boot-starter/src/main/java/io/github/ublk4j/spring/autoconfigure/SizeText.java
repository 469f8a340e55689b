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

/**
 * A size as it can be written in a property.
 */
final class SizeText {

	private static final List<String> UNITS = List.of("B", "KB", "MB", "GB", "TB");

	private SizeText() {
	}

	/**
	 * Returns a size in the largest unit that needs no fraction, such as {@code 512MB}.
	 */
	static String of(long bytes) {
		long number = bytes;
		int unit = 0;
		while (number != 0 && number % 1024 == 0 && unit < UNITS.size() - 1) {
			number /= 1024;
			unit++;
		}
		return number + UNITS.get(unit);
	}

}
