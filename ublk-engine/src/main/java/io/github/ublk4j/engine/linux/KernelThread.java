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
import java.util.Optional;

/**
 * What the kernel knows of a thread of this process, from {@code /proc/self/task}
 * ({@code proc_pid_stat(5)}).
 *
 * @param cpu the processor that it last ran on
 * @param ioFlusher whether it is marked as one that memory reclaim depends on
 */
public record KernelThread(int cpu, boolean ioFlusher) {

	// PF_MEMALLOC_NOIO | PF_LOCAL_THROTTLE of linux/sched.h, which PR_SET_IO_FLUSHER sets
	private static final long IO_FLUSHER = 0x0008_0000L | 0x0010_0000L;

	// counted from the state, the first field after the name, which may contain anything
	private static final int FLAGS = 6;

	private static final int PROCESSOR = 36;

	/**
	 * Looks a thread up.
	 * @param id its {@code gettid(2)}
	 * @return the thread, empty if there is none or the system does not tell
	 */
	public static Optional<KernelThread> find(int id) {
		try {
			return Optional.of(parse(Files.readString(Path.of("/proc/self/task/" + id + "/stat"))));
		}
		catch (IOException | RuntimeException ex) {
			return Optional.empty();
		}
	}

	static KernelThread parse(String stat) {
		String[] fields = stat.substring(stat.lastIndexOf(')') + 2).trim().split(" ", -1);
		return new KernelThread(Integer.parseInt(fields[PROCESSOR]),
				(Long.parseLong(fields[FLAGS]) & IO_FLUSHER) == IO_FLUSHER);
	}

}
