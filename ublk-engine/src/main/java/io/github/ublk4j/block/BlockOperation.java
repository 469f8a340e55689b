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
 * What the kernel asks of a disk. The names are those of the block layer
 * ({@code REQ_OP_*}).
 */
public enum BlockOperation {

	/** Fill a buffer from the disk. Every disk must support it. */
	READ,

	/** Store a buffer on the disk. Every disk that is not read-only must support it. */
	WRITE,

	/**
	 * Make every write that has completed so far durable. A disk that does not support it
	 * promises that a write is durable when it completes.
	 */
	FLUSH,

	/** Forget a range. A later read of it returns zeros. */
	DISCARD,

	/** Make a range read as zeros, without a transfer of data. */
	WRITE_ZEROES

}
