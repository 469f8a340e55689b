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

package io.github.ublk4j.engine;

import java.io.Serial;

import org.jspecify.annotations.Nullable;

/**
 * A device could not be made, stopped or deleted. The message names the operation, the
 * error of the kernel and its likely cause.
 */
public class UblkException extends RuntimeException {

	@Serial
	private static final long serialVersionUID = 1L;

	/**
	 * Creates an exception.
	 * @param message what failed, why, and what to do
	 * @param cause the failed call
	 */
	public UblkException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

	/**
	 * Makes an exception of an {@code Error}, which Reactor would throw instead of
	 * passing it on.
	 */
	static Throwable wrapError(Throwable failure) {
		return (failure instanceof Error) ? new UblkException("An error of the Java process: " + failure, failure)
				: failure;
	}

}
