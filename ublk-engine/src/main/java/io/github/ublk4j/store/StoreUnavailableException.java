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

import java.io.Serial;

import org.jspecify.annotations.Nullable;

/**
 * A store that cannot be opened. Nothing is left open behind it.
 */
public class StoreUnavailableException extends RuntimeException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final String problem;

	private final String remedy;

	/**
	 * Creates an exception.
	 * @param problem what is wrong, a sentence
	 * @param remedy what to do about it, a sentence
	 */
	public StoreUnavailableException(String problem, String remedy) {
		this(problem, remedy, null);
	}

	/**
	 * Creates an exception.
	 * @param problem what is wrong, a sentence
	 * @param remedy what to do about it, a sentence
	 * @param cause the error behind it
	 */
	public StoreUnavailableException(String problem, String remedy, @Nullable Throwable cause) {
		super(problem + " " + remedy, cause);
		this.problem = problem;
		this.remedy = remedy;
	}

	/**
	 * Returns what is wrong.
	 * @return a sentence
	 */
	public String problem() {
		return this.problem;
	}

	/**
	 * Returns what to do about it.
	 * @return a sentence
	 */
	public String remedy() {
		return this.remedy;
	}

}
