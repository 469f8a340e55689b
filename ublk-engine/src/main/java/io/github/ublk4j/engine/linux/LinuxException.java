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

import java.io.Serial;

/**
 * A system call or driver command failed.
 */
public class LinuxException extends RuntimeException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final int errno;

	/**
	 * Creates an exception.
	 * @param operation what was tried, such as {@code open /dev/ublkc0}
	 * @param errno the positive error number
	 */
	public LinuxException(String operation, int errno) {
		this(operation, errno, "");
	}

	/**
	 * Creates an exception.
	 * @param operation what was tried
	 * @param errno the positive error number
	 * @param likelyCause a sentence on why it fails and what to do, or empty
	 */
	public LinuxException(String operation, int errno, String likelyCause) {
		super(operation + " failed: " + Errno.describe(errno) + (likelyCause.isEmpty() ? "" : ". " + likelyCause));
		this.errno = errno;
	}

	/**
	 * Returns how the call failed.
	 * @return the positive error number, see {@link Errno}
	 */
	public int errno() {
		return this.errno;
	}

}
