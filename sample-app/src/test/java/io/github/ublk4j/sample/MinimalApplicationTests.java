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

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

import io.github.ublk4j.minimal.MinimalApplication;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application with what the starter cannot do without, and nothing else.
 */
class MinimalApplicationTests {

	private static final Pattern NEEDED = Pattern
		.compile("ublk-.*|jna-.*|reactor-core-.*|reactive-streams-.*|spring-boot-(autoconfigure-)?\\d.*"
				+ "|spring-(core|beans|context|aop|expression)-.*|jspecify-.*|slf4j-api-.*|logback-.*"
				+ "|commons-logging-.*|snakeyaml-.*");

	@Test
	void servesItsDisks(@TempDir Path directory) throws Exception {
		List<String> needed = classPath();
		assertThat(needed).extracting((entry) -> new File(entry).getName())
			.noneMatch(Pattern.compile("micrometer|jackson|actuator|health|web|netty|test-\\d").asPredicate());
		try (JavaProcess application = new JavaProcess(Path.of(System.getProperty("java.home")),
				directory.resolve("output.txt"),
				List.of("-cp", String.join(File.pathSeparator, needed), MinimalApplication.class.getName(),
						"--ublk.devices.ram.store=memory", "--ublk.devices.ram.size=1MB",
						"--ublk.run-directory=" + directory.resolve("run")))) {
			int status = application.awaitExit();
			assertThat(application.output()).contains("serves ram", "serves zeros");
			assertThat(status).as(application.output() + application.errors()).isZero();
		}
	}

	/**
	 * Returns the class path of the tests without what an application with the starter
	 * alone has not.
	 */
	static List<String> classPath() {
		return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
			.filter(MinimalApplicationTests::isNeeded)
			.toList();
	}

	/**
	 * Returns whether an entry of the class path is the starter's, or that of the classes
	 * of tests.
	 */
	private static boolean isNeeded(String entry) {
		Path path = Path.of(entry);
		boolean classes = path.endsWith("target/classes") || path.endsWith("target/test-classes");
		// two above the classes is the module
		String name = path.getName(path.getNameCount() - (classes ? 3 : 1)).toString();
		return path.endsWith("sample-app/target/test-classes") || NEEDED.matcher(name).matches();
	}

}
