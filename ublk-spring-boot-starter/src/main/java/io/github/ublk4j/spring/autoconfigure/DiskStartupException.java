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

package io.github.ublk4j.spring.autoconfigure;

import java.io.Serial;

import org.jspecify.annotations.Nullable;

/**
 * A disk is declared in a way that cannot be served, or could not be started.
 */
final class DiskStartupException extends IllegalStateException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final String remedy;

	DiskStartupException(String message, String remedy) {
		this(message, remedy, null);
	}

	DiskStartupException(String message, String remedy, @Nullable Throwable cause) {
		super(message, cause);
		this.remedy = remedy;
	}

	String remedy() {
		return this.remedy;
	}

	/**
	 * Returns the same for those who read no more than the message.
	 */
	DiskStartupException inOneMessage() {
		return new DiskStartupException(getMessage() + " " + this.remedy, this.remedy, this);
	}

}
