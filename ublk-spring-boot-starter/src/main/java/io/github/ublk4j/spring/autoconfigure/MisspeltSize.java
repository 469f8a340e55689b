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
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A size that is not written as Spring Boot wants it, such as {@code 20G}.
 */
final class MisspeltSize {

	private static final Pattern WITH_ANOTHER_UNIT = Pattern.compile("(\\d+)\\s*([KMGT])(I?B)?",
			Pattern.CASE_INSENSITIVE);

	private MisspeltSize() {
	}

	/**
	 * Returns how it is written.
	 * @param written the size
	 * @return a sentence
	 */
	static String remedy(Object written) {
		Matcher size = WITH_ANOTHER_UNIT.matcher(written.toString().strip());
		String units = "a number with B, KB, MB, GB or TB";
		return size.matches() ? "Write " + size.group(1) + size.group(2).toUpperCase(Locale.ROOT) + "B: " + units + "."
				: "Write " + units + ", such as 256MB.";
	}

}
