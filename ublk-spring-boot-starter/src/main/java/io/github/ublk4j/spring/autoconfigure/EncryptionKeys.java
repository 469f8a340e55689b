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

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

import io.github.ublk4j.layer.InvalidLayerException;
import io.github.ublk4j.store.StoreUnavailableException;
import org.jspecify.annotations.Nullable;

import org.springframework.util.StringUtils;

/**
 * Reads the property of an encryption key. No message contains any of it.
 */
final class EncryptionKey {

	private static final String FILE = "file:";

	private static final String REMEDY = "Use 64 random bytes in Base64 (openssl rand -base64 64 | tr -d '\\n'), "
			+ "or file:/path of a file that contains them.";

	private EncryptionKey() {
	}

	/**
	 * Returns the bytes of a key.
	 * @param property the property, Base64 or {@code file:/path} of Base64
	 */
	static byte[] read(@Nullable String property) {
		if (!StringUtils.hasText(property)) {
			throw new InvalidLayerException("key", "not set", REMEDY);
		}
		String text = property.startsWith(FILE) ? content(Path.of(property.substring(FILE.length()))) : property;
		try {
			return Base64.getDecoder().decode(text.replaceAll("\\s", ""));
		}
		catch (IllegalArgumentException ex) {
			// without the cause, which quotes the key
			throw new InvalidLayerException("key", "not Base64", REMEDY);
		}
	}

	private static String content(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new StoreUnavailableException("its key cannot be read from " + file + ".",
					"Correct the path, or the rights to the file.", ex);
		}
	}

}
