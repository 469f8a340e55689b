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

/**
 * What the kernel knows of the calling thread.
 */
public final class CurrentThread {

	private static final int PR_SET_IO_FLUSHER = 57;

	private CurrentThread() {
	}

	/**
	 * Returns the kernel's number of the thread ({@code gettid(2)}).
	 * @return the number
	 */
	public static int id() {
		return Libc.gettid();
	}

	/**
	 * Marks the thread as one that memory reclaim depends on, so that its own allocations
	 * never wait for I/O that it has to serve ({@code PR_SET_IO_FLUSHER}, needs
	 * CAP_SYS_RESOURCE).
	 * @return whether the kernel agreed
	 */
	public static boolean markIoFlusher() {
		return Libc.prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) == 0;
	}

}
