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

package io.github.ublk4j.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * Runs commands of the system and keeps what they print.
 */
public final class Shell {

	private static final long SECONDS = 180;

	private Shell() {
	}

	/**
	 * Runs a command that must succeed.
	 * @return what it printed
	 */
	public static String run(String command) {
		Result result = tryRun(command);
		if (result.status != 0) {
			throw new AssertionError("'" + command + "' ended with status " + result.status + ":\n" + result.output);
		}
		return result.output;
	}

	public static Result tryRun(String command) {
		Process process = null;
		try {
			process = new ProcessBuilder("bash", "-c", command).redirectErrorStream(true).start();
			process.getOutputStream().close();
			Process watched = process;
			Thread watchdog = new Thread(() -> {
				try {
					if (!watched.waitFor(SECONDS, TimeUnit.SECONDS)) {
						watched.descendants().forEach(ProcessHandle::destroyForcibly);
						watched.destroyForcibly();
					}
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			}, "watchdog");
			watchdog.setDaemon(true);
			watchdog.start();
			String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			return new Result(process.waitFor(), output);
		}
		catch (IOException ex) {
			throw new AssertionError(command, ex);
		}
		catch (InterruptedException ex) {
			process.destroyForcibly();
			Thread.currentThread().interrupt();
			throw new AssertionError(command, ex);
		}
	}

	public record Result(int status, String output) {

	}

}
