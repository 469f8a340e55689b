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

/**
 * The life of a {@link UblkDevice}.
 */
public enum DeviceState {

	/** Being made; the kernel does not show the disk yet. */
	STARTING,

	/** The disk exists and its requests are served. */
	LIVE,

	/** The kernel is removing the disk; requests in flight are being finished. */
	STOPPING,

	/** The disk is gone and nothing of it is left. */
	STOPPED,

	/**
	 * The disk is there, without a server: its requests wait for the next one, or fail.
	 */
	QUIESCED,

	/**
	 * A queue or request stream ended by itself, or a stop failed; requests fail. Stop
	 * the device.
	 */
	FAILED

}
