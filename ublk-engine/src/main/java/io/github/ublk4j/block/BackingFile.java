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

package io.github.ublk4j.block;

/**
 * An open file that requests can be transferred to and from by the kernel, without a copy
 * in this process. Made by {@code io.github.ublk4j.store.BackingFiles}.
 */
public interface BackingFile extends AutoCloseable {

	/**
	 * Returns the descriptor.
	 * @return the number of the open file descriptor
	 * @throws IllegalStateException if closed
	 */
	int fd();

	/**
	 * Closes the file. Whoever closes it makes sure that no transfer runs.
	 */
	@Override
	void close();

}
