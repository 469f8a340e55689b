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

package io.github.ublk4j.spring;

import java.io.Serial;

import io.github.ublk4j.engine.UblkDevice;
import org.jspecify.annotations.Nullable;

/**
 * A disk that was live has failed: its requests end with EIO until it is stopped, or
 * {@linkplain BlockDevices#start(String) started again}. Where a queue's thread has died
 * and the disk has a recovery of {@code queue} or {@code reissue}, they wait. Published
 * once for each device. A disk that does not come up is reported by the error of its
 * start, without an event.
 */
public final class BlockDeviceFailedEvent extends BlockDeviceEvent {

	@Serial
	private static final long serialVersionUID = 1L;

	private final String reason;

	private final @Nullable Throwable cause;

	/**
	 * Creates an event.
	 * @param device the disk
	 * @param reason what happened
	 * @param cause the error behind it, if there is one
	 */
	public BlockDeviceFailedEvent(UblkDevice device, String reason, @Nullable Throwable cause) {
		super(device);
		this.reason = reason;
		this.cause = cause;
	}

	/**
	 * Returns what happened.
	 * @return a sentence
	 */
	public String reason() {
		return this.reason;
	}

	/**
	 * Returns the error behind it.
	 * @return the error, {@code null} if there is none
	 */
	public @Nullable Throwable cause() {
		return this.cause;
	}

}
