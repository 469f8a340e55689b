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
 * This process cannot use ublk. The message says what was tried; {@link #remedy()} says
 * what to do.
 */
public class UblkUnavailableException extends IllegalStateException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final Reason reason;

	private final String remedy;

	/**
	 * Creates an exception.
	 * @param reason why
	 * @param message what was tried and what the kernel answered
	 * @param remedy what to do about it
	 * @param cause the failed call
	 */
	public UblkUnavailableException(Reason reason, String message, String remedy, @Nullable Throwable cause) {
		super(message, cause);
		this.reason = reason;
		this.remedy = remedy;
	}

	/**
	 * Returns why ublk cannot be used.
	 * @return the reason
	 */
	public Reason reason() {
		return this.reason;
	}

	/**
	 * Returns what to do about it.
	 * @return one or more sentences
	 */
	public String remedy() {
		return this.remedy;
	}

	/**
	 * Why ublk cannot be used.
	 */
	public enum Reason {

		/** The operating system is not Linux. */
		NOT_LINUX,

		/** The processor or the C library is not supported, or JNA is missing. */
		PLATFORM_UNSUPPORTED,

		/** The module {@code ublk_drv} is not loaded. */
		MODULE_MISSING,

		/** {@code /dev/ublk-control} may not be opened, or no device be made. */
		PERMISSION_DENIED,

		/** io_uring is switched off or filtered. */
		IO_URING_DISABLED,

		/** The kernel or its driver lacks what the engine needs, or does not answer. */
		KERNEL_TOO_OLD

	}

}
