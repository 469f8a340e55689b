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

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the value of {@code ublk.devices.<name>.store} is shown.
 */
final class StoreText {

	/**
	 * Scheme, user and password, host and path, query. A password that is not encoded may
	 * have any character, so what stands before the last '@' may all be one.
	 */
	private static final Pattern ADDRESS = Pattern.compile("(?s)([A-Za-z][A-Za-z0-9+.-]*://)(?:.*@)?([^?#]*)(.*)");

	private StoreText() {
	}

	/**
	 * Leaves out what may be secret: the user, the password and the query of an address.
	 */
	static String shown(String store) {
		return ADDRESS.matcher(store)
			.replaceFirst((match) -> Matcher
				.quoteReplacement(match.group(1) + match.group(2) + (match.group(3).isEmpty() ? "" : "?...")));
	}

}
