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

package io.github.ublk4j.engine.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * How readily the kernel kills this process when memory is short
 * ({@code proc_pid_oom_score_adj(5)}). Processes that it starts inherit that.
 */
public final class OomScore {

	/** The value of a process that is never killed. */
	public static final int NEVER = -1000;

	/** The value of a process that is killed first. */
	public static final int FIRST = 1000;

	private final Path file;

	OomScore(Path file) {
		this.file = file;
	}

	/**
	 * Returns the score of this process.
	 * @return its score
	 */
	public static OomScore ofThisProcess() {
		return new OomScore(Path.of("/proc/self/oom_score_adj"));
	}

	/**
	 * Changes it.
	 * @param value {@link #NEVER} to {@link #FIRST}
	 * @throws IOException if the system does not let this process; lowering it needs
	 * CAP_SYS_RESOURCE
	 */
	public void adjust(int value) throws IOException {
		Files.writeString(this.file, Integer.toString(value), StandardOpenOption.WRITE);
	}

}
