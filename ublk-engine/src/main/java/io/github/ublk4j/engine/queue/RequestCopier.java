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

package io.github.ublk4j.engine.queue;

/**
 * Copies between a request and memory, on behalf of a queue in user-copy mode. Any
 * thread.
 */
interface RequestCopier {

	/**
	 * Copies the data of a write.
	 * @param tag the tag of the request
	 * @param target where to put it
	 * @param length bytes
	 */
	void fromRequest(int tag, IoBuffer target, int length);

	/**
	 * Copies the data of a read.
	 * @param tag the tag of the request
	 * @param source where it is
	 * @param length bytes
	 */
	void toRequest(int tag, IoBuffer source, int length);

	/**
	 * Zeroes the data of a read.
	 * @param tag the tag of the request
	 * @param length bytes
	 */
	void zeroRequest(int tag, int length);

}
