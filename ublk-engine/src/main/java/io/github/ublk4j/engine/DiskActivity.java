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

import java.time.Duration;

import io.github.ublk4j.block.BlockOperation;

/**
 * A request that a device has answered.
 *
 * @param queue the index of its queue
 * @param operation what it asked for
 * @param offset the byte on the disk where it began
 * @param length its length in bytes
 * @param errno 0 for success, or else the positive error number that the kernel was told
 * @param dispatch how long it waited for others of the same batch before the disk was
 * called
 * @param handler how long the disk took
 * @param handover how long the answer, if another thread gave it, waited for the queue's
 * thread
 * @param commit how long the answer waited for the rest of its batch, and for transfers
 * under way
 */
public record DiskActivity(int queue, BlockOperation operation, long offset, long length, int errno, Duration dispatch,
		Duration handler, Duration handover, Duration commit) {

	/**
	 * Returns whether the request succeeded.
	 * @return whether there was no error
	 */
	public boolean succeeded() {
		return this.errno == 0;
	}

	/**
	 * Returns how long the request took, from the moment that the queue's thread saw it.
	 * @return the sum of the four stages
	 */
	public Duration total() {
		return this.dispatch.plus(this.handler).plus(this.handover).plus(this.commit);
	}

}
