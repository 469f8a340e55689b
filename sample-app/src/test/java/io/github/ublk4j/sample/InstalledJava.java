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

package io.github.ublk4j.sample;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * A JDK of this machine.
 *
 * @param feature its version, such as 17
 * @param home where it is
 */
record InstalledJava(int feature, Path home) {

	/** A property that says where JDKs are. */
	static final String FOLDER = "ublk.jvms";

	/**
	 * Returns the JDK that runs the test and those that are installed beside each other.
	 */
	static List<InstalledJava> all() throws IOException {
		Path folder = Path.of(System.getProperty(FOLDER, "/usr/lib/jvm"));
		Path running = Path.of(System.getProperty("java.home"));
		try (Stream<Path> installed = Files.isDirectory(folder) ? Files.list(folder) : Stream.empty()) {
			return Stream.concat(Stream.of(running), installed.sorted(Comparator.naturalOrder()))
				.filter((home) -> Files.isReadable(home.resolve("release")))
				.filter((home) -> Files.isExecutable(home.resolve("bin/java")))
				.map((home) -> new InstalledJava(feature(home), home))
				.toList();
		}
	}

	private static int feature(Path home) {
		Properties release = new Properties();
		try (InputStream file = Files.newInputStream(home.resolve("release"))) {
			release.load(file);
		}
		catch (IOException ex) {
			throw new IllegalStateException("cannot tell the version of " + home, ex);
		}
		// JAVA_VERSION="17.0.15"
		return Runtime.Version.parse(release.getProperty("JAVA_VERSION").replace("\"", "")).feature();
	}

}
