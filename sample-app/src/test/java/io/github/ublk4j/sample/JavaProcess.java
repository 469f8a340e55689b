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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;

/**
 * A Java application in a process of its own.
 */
final class JavaProcess implements AutoCloseable {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private final Process process;

	private final Path output;

	private final Path errors;

	JavaProcess(Path home, Path output, List<String> arguments) throws IOException {
		this.output = output;
		this.errors = output.resolveSibling(output.getFileName() + ".err");
		List<String> command = new ArrayList<>(List.of(home.resolve("bin/java").toString(), "-XX:TieredStopAtLevel=1"));
		command.addAll(arguments);
		ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(output.toFile())
			.redirectError(this.errors.toFile());
		// where a virtual machine says that it has heard them
		builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
		this.process = builder.start();
	}

	String output() throws IOException {
		return Files.readString(this.output);
	}

	/**
	 * Returns what the process has written to its standard error stream.
	 */
	String errors() throws IOException {
		return Files.readString(this.errors);
	}

	void awaitOutput(String text) {
		Awaitility.await(text).atMost(PATIENCE).until(() -> output().contains(text) || !this.process.isAlive());
	}

	/**
	 * Asks the process to end, as a service does.
	 */
	void terminate() {
		this.process.destroy();
	}

	/**
	 * Waits for the end.
	 * @return the exit status
	 */
	int awaitExit() throws InterruptedException {
		if (!this.process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
			throw new IllegalStateException("still running: " + this.process.info());
		}
		return this.process.exitValue();
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
	}

}
