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

import java.io.IOException;

/**
 * Zeroes a part of a file without writing it, as {@code fallocate(2)} does.
 */
@FunctionalInterface
interface RangeZeroer {

	/** Knows no way; zeros have to be written. */
	RangeZeroer NONE = (offset, length, mayUnmap) -> false;

	/**
	 * Makes a range read as zeros. May block.
	 * @param offset where to begin, in bytes
	 * @param length bytes
	 * @param mayUnmap whether the space may be given back
	 * @return whether it is done; if the file cannot do it, nothing has happened
	 * @throws IOException if it failed
	 */
	boolean zero(long offset, long length, boolean mayUnmap) throws IOException;

	/**
	 * Releases what it holds. Called once, after the last request.
	 */
	default void close() {
	}

}
