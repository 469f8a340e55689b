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

package io.github.ublk4j.engine.driver;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import static org.assertj.core.api.Assertions.fail;

/**
 * The C headers of the kernel, as a compiler sees them. They are those in the folder that
 * the system property {@value #FOLDER_PROPERTY} names, with {@code linux} and {@code asm}
 * in it; without that property, those of the system.
 */
final class KernelHeaders {

	static final String FOLDER_PROPERTY = "ublk.headers";

	// the latest thing that the engine knows, of Linux 7.3
	private static final String NEWEST = "UBLK_F_IO_DESC_SIZE";

	private static final String REMEDY = "run 'ublk-vm/prepare --tests' and give the tests the folder 'include' of the"
			+ " kernel headers that it fetches, -D" + FOLDER_PROPERTY + "=FOLDER, or install the package linux-libc-dev"
			+ " (kernel headers) of that version";

	private KernelHeaders() {
	}

	/**
	 * Compiles a C program, without linking it.
	 * @return what the compiler complains about, empty if nothing
	 */
	static String compile(String program) throws IOException, InterruptedException {
		List<String> command = new ArrayList<>(List.of("gcc", "-std=gnu11", "-Wall", "-fsyntax-only"));
		String folder = System.getProperty(FOLDER_PROPERTY, "");
		if (!folder.isEmpty()) {
			command.addAll(List.of("-nostdinc", "-I", folder));
		}
		requireNewEnough(folder.isEmpty() ? Path.of("/usr/include") : Path.of(folder));
		command.addAll(List.of("-x", "c", "-"));
		Process compiler = start(command);
		compiler.getOutputStream().write(program.getBytes(StandardCharsets.UTF_8));
		compiler.getOutputStream().close();
		String complaints = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		return (compiler.waitFor() == 0) ? "" : complaints;
	}

	private static void requireNewEnough(Path folder) throws IOException {
		Path header = folder.resolve("linux/ublk_cmd.h");
		if (!Files.exists(header)) {
			fail(header + " does not exist: " + REMEDY);
		}
		if (!Files.readString(header).contains(NEWEST)) {
			fail(header + " is older than Linux 7.3: " + REMEDY);
		}
	}

	private static Process start(List<String> command) {
		try {
			ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
			builder.environment().put("LC_ALL", "C");
			return builder.start();
		}
		catch (IOException ex) {
			return fail("A C compiler is missing: install the package gcc", ex);
		}
	}

}
