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

package io.github.ublk4j.engine;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

import io.github.ublk4j.engine.UblkUnavailableException.Reason;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link UblkAvailability}.
 */
class UblkAvailabilityTests {

	@ParameterizedTest
	@ValueSource(strings = { "Windows 11", "Mac OS X" })
	void otherSystemIsNamed(String system) {
		String before = System.setProperty("os.name", system);
		try {
			assertThat(UblkEngine.isAvailable()).isFalse();
			assertThatExceptionOfType(UblkUnavailableException.class).isThrownBy(UblkEngine::create)
				.withMessage("ublk is a feature of Linux; this is " + system)
				.returns(Reason.NOT_LINUX, UblkUnavailableException::reason);
		}
		finally {
			System.setProperty("os.name", before);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "Linux", "Windows 11", "Mac OS X" })
	@EnabledOnOs(value = OS.LINUX, architectures = { "amd64", "aarch64" })
	void missingJnaIsReasonAndNoLinkageError(String system) throws Exception {
		String before = System.setProperty("os.name", system);
		try (URLClassLoader withoutJna = new URLClassLoader(classPathWithoutJna(),
				ClassLoader.getPlatformClassLoader())) {
			Class<?> engine = Class.forName(UblkEngine.class.getName(), true, withoutJna);
			// the second time, the class that failed to initialise is remembered
			for (int i = 0; i < 2; i++) {
				Optional<?> cause = (Optional<?>) engine.getMethod("unavailabilityCause").invoke(null);
				assertThat(cause.map(Object::toString).orElse("")).contains("UblkUnavailableException")
					.contains(system.equals("Linux") ? "JNA could not bind the C library" : system);
			}
		}
		finally {
			System.setProperty("os.name", before);
		}
	}

	private static URL[] classPathWithoutJna() {
		return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
			.filter((entry) -> !Path.of(entry).getFileName().toString().startsWith("jna-"))
			.map(UblkAvailabilityTests::url)
			.toArray(URL[]::new);
	}

	private static URL url(String entry) {
		try {
			return Path.of(entry).toUri().toURL();
		}
		catch (MalformedURLException ex) {
			throw new IllegalArgumentException(ex);
		}
	}

}
