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
 * What becomes of a disk whose server dies, or hands it on. A write that was acknowledged
 * before is where the disk has put it; what the next server must know of it, a disk has
 * to keep outside of its process.
 */
public enum Recovery {

	/** The disk disappears; what is in flight, and mounted on it, fails. */
	NONE,

	/**
	 * The disk stays. Requests in flight fail, those to come wait for the next server
	 * ({@code UBLK_F_USER_RECOVERY}).
	 */
	QUEUE,

	/**
	 * The disk stays. Requests in flight and those to come wait for the next server, and
	 * nobody who uses the disk notices more than a pause. A write may be done twice, so
	 * the store must not mind ({@code UBLK_F_USER_RECOVERY_REISSUE}).
	 */
	REISSUE,

	/**
	 * The disk stays. Requests in flight and those to come fail until the next server is
	 * there; Linux 6.14 or later ({@code UBLK_F_USER_RECOVERY_FAIL_IO}).
	 */
	FAIL_IO

}
