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

package io.github.ublk4j.engine.driver;

/**
 * The state of a device as the driver sees it ({@code UBLK_S_DEV_*}). The order is that
 * of the driver's numbers.
 */
public enum DriverState {

	/** There is no disk. */
	DEAD,

	/** The disk is there and served. */
	LIVE,

	/** The disk is there; requests wait for a server. */
	QUIESCED,

	/** The disk is there; requests fail. */
	FAIL_IO

}
