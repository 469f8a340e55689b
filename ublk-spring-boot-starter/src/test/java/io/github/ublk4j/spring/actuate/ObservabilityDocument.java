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

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the documentation says about meters and the endpoint.
 */
final class ObservabilityDocument {

	private ObservabilityDocument() {
	}

	static String text() {
		return read("observability.md");
	}

	static String read(String file) {
		try {
			return Files.readString(Path.of("../docs/" + file));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Returns the JSON below the heading of a path.
	 */
	static String example(String path) {
		Matcher matcher = Pattern.compile("`GET " + Pattern.quote(path) + "`.*?```json\n(.*?)```", Pattern.DOTALL)
			.matcher(text());
		return matcher.results().map((MatchResult result) -> result.group(1)).findFirst().orElseThrow();
	}

}
