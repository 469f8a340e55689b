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

package io.github.ublk4j.spring.actuate;

import java.util.regex.Pattern;

import org.springframework.boot.actuate.endpoint.SanitizableData;

/**
 * Credentials in texts of exceptions, which quote what a disk talks to.
 */
final class Credentials {

	private static final Pattern USER_INFO = Pattern.compile("(?<=://)[^/@\\s]+(?=@)");

	private static final Pattern ASSIGNMENT = Pattern
		.compile("(?i)((?:password|passwd|pwd|secret|token|api-?key)\\s*[=:]\\s*)[^\\s,;&)]+");

	private Credentials() {
	}

	/**
	 * Returns a text without the user information of URIs, and without what is assigned
	 * to a name such as {@code password}.
	 */
	static String hiddenIn(String text) {
		String withoutUsers = USER_INFO.matcher(text).replaceAll(SanitizableData.SANITIZED_VALUE);
		return ASSIGNMENT.matcher(withoutUsers).replaceAll("$1" + SanitizableData.SANITIZED_VALUE);
	}

}
