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

import org.jspecify.annotations.Nullable;

/**
 * Remembers that the kernel has lost data written to a file. It says so once per
 * descriptor, to whichever flush or durable write comes first; afterwards a flush
 * succeeds again, and the data is lost nevertheless. Any thread.
 */
public final class LostWrites {

	private volatile @Nullable Throwable first;

	/**
	 * Remembers none so far.
	 */
	public LostWrites() {
	}

	/**
	 * Notes the failure of a flush or of a durable write.
	 * @param failure what the kernel said
	 */
	public synchronized void add(Throwable failure) {
		if (this.first == null) {
			this.first = failure;
		}
	}

	/**
	 * Returns the first failure.
	 * @return what the kernel said, or {@code null} if no write is lost
	 */
	public @Nullable Throwable first() {
		return this.first;
	}

	/**
	 * Says why a later flush fails too.
	 * @param earlier the first failure
	 * @return a text that follows "failed: "
	 */
	public static String explain(Throwable earlier) {
		return "an earlier flush failed (" + earlier.getMessage()
				+ ") and writes since the flush before it may be lost; check the file and open it again";
	}

}
