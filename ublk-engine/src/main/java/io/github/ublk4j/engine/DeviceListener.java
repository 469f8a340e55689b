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

import org.jspecify.annotations.Nullable;

/**
 * Told what becomes of the devices of an engine. For one device the methods are called
 * one after the other, in the order of what happened; for different devices perhaps at
 * the same time. They are called on control threads of the engine, never on the thread of
 * a queue and never under a lock, so they may block and may use the device; but a start
 * or stop that nobody else is being told about completes only when they have returned. An
 * exception is logged and goes no further.
 */
public interface DeviceListener {

	/**
	 * A device shows its disk and serves its requests.
	 * @param device the device
	 */
	default void live(UblkDevice device) {
	}

	/**
	 * A device that was live has failed: a queue or a request stream has ended by itself,
	 * or the device could not be stopped. Called at most once for a device. A device that
	 * does not come up at all is reported by the error of its start alone.
	 * @param device the device
	 * @param reason what happened
	 * @param cause the error behind it, {@code null} if there is none
	 */
	default void failed(UblkDevice device, String reason, @Nullable Throwable cause) {
	}

	/**
	 * A device that was live is gone, and nothing of it is left.
	 * @param device the device
	 */
	default void stopped(UblkDevice device) {
	}

	/**
	 * A device that was live has been left to the next server; its disk stays.
	 * @param device the device
	 */
	default void quiesced(UblkDevice device) {
	}

}
