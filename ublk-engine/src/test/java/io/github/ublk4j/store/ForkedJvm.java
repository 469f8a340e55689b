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

package io.github.ublk4j.store;

import java.io.File;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.reactivestreams.Publisher;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Runs a main class of the tests in a JVM of its own, with the library but without the
 * test libraries.
 */
public final class ForkedJvm {

	private ForkedJvm() {
	}

	public static String run(List<String> options, Class<?> main, Object... arguments) throws Exception {
		Path output = Files.createTempFile("ublk4j-", ".out");
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(options);
		command.addAll(List.of("-cp", classPath(main), main.getName()));
		Stream.of(arguments).map(Object::toString).forEach(command::add);
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
		try {
			assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("end of the JVM").isTrue();
			return Files.readString(output);
		}
		finally {
			process.destroyForcibly();
			Files.delete(output);
		}
	}

	private static String classPath(Class<?> main) {
		return Stream.of(main, MemoryBlockStore.class, Mono.class, Publisher.class, LoggerFactory.class)
			.map((type) -> type.getProtectionDomain().getCodeSource().getLocation())
			.map((location) -> Path.of(URI.create(location.toString())).toString())
			.distinct()
			.collect(Collectors.joining(File.pathSeparator));
	}

}
