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

package io.github.ublk4j.metrics;

import io.github.ublk4j.block.BlockOperation;

/**
 * A batch of answered requests, and where the time of each went. Its four stages follow
 * each other without a gap, from the moment that the queue's thread saw the request to
 * the system call that hands the answer to the driver. Belongs to the queue's thread,
 * which uses the object again for the next batch.
 */
public interface AnsweredRequests {

	/**
	 * Returns how many requests there are.
	 * @return at least 1
	 */
	int size();

	/**
	 * Returns what a request asked for.
	 * @param index from 0 to below the size
	 * @return the operation
	 */
	BlockOperation operation(int index);

	/**
	 * Returns where a request began.
	 * @param index from 0 to below the size
	 * @return the byte on the disk
	 */
	long offset(int index);

	/**
	 * Returns how much a request was about.
	 * @param index from 0 to below the size
	 * @return bytes
	 */
	long length(int index);

	/**
	 * Returns how a request ended.
	 * @param index from 0 to below the size
	 * @return 0 for success, or else the positive error number that the kernel is told
	 */
	int errno(int index);

	/**
	 * Returns whether a request was completed by another thread than the queue's.
	 * @param index from 0 to below the size
	 * @return whether it was handed over
	 */
	boolean handedOver(int index);

	/**
	 * Returns how long a request waited for others of the same batch before the disk was
	 * called.
	 * @param index from 0 to below the size
	 * @return nanoseconds
	 */
	long dispatchNanos(int index);

	/**
	 * Returns how long the disk took: from its call to the end of its {@code Mono}.
	 * @param index from 0 to below the size
	 * @return nanoseconds
	 */
	long handlerNanos(int index);

	/**
	 * Returns how long an answer that another thread gave waited for the queue's thread.
	 * @param index from 0 to below the size
	 * @return nanoseconds, 0 for a request that was not handed over
	 */
	long handoverNanos(int index);

	/**
	 * Returns how long an answer waited for the rest of its batch, and for transfers of
	 * the request that were still under way, before the driver got it.
	 * @param index from 0 to below the size
	 * @return nanoseconds
	 */
	long commitNanos(int index);

	/**
	 * Returns how long a request took in all.
	 * @param index from 0 to below the size
	 * @return the sum of the four stages in nanoseconds
	 */
	default long totalNanos(int index) {
		return dispatchNanos(index) + handlerNanos(index) + handoverNanos(index) + commitNanos(index);
	}

}
