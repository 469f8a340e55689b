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

import java.time.Duration;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes requests away from those who serve them: because their stream has ended, the
 * queue gives everything up, or they take too long. Used by the loop alone.
 */
final class RequestWithdrawal {

	private static final Logger logger = LoggerFactory.getLogger(RequestWithdrawal.class);

	private final RequestLoop loop;

	private final String disk;

	private final RequestSlots slots;

	RequestWithdrawal(RequestLoop loop, String disk, RequestSlots slots) {
		this.loop = loop;
		this.disk = disk;
		this.slots = slots;
	}

	/**
	 * Fails what has not ended, as soon as the kernel has let go of the data.
	 */
	void takeAllAway() {
		int failed = 0;
		for (int tag = 0; tag < this.slots.depth(); tag++) {
			IoRequest request = this.slots.get(tag);
			if (request != null && request.cancel(BlockErrno.EIO)) {
				failed++;
				this.loop.commit(request);
			}
		}
		if (failed > 0) {
			logger.warn("disk '{}': the request stream of queue {} has ended, so {} requests fail with EIO", this.disk,
					this.loop.index(), failed);
		}
	}

	/**
	 * Fails what has not ended, without waiting for the kernel.
	 */
	void failAll() {
		int failed = 0;
		String first = "";
		for (int tag = 0; tag < this.slots.depth(); tag++) {
			IoRequest request = this.slots.get(tag);
			// one that has just ended by itself comes through the mailbox
			if (request != null && (request.cancel(BlockErrno.EIO) || request.transfers().stopWaiting())) {
				first = (failed++ == 0) ? request.toString() : first;
				fail(request);
			}
		}
		if (failed > 0) {
			logger.warn(
					"disk '{}': {} requests of queue {} were not answered in time and failed with EIO, the first: {}",
					this.disk, failed, this.loop.index(), first);
		}
	}

	/**
	 * Fails what has not been answered in time. The kernel is asked to let go of the data
	 * first. It is waited for, however long that takes: data that it moves later would
	 * land in, or come from, another request of the tag, and space that it zeroes later
	 * may have been written again. A flush changes nothing, and is failed soon.
	 */
	void failOverdue(Duration timeout) {
		long now = System.nanoTime();
		long limit = timeout.toNanos();
		for (int tag = 0; tag < this.slots.depth(); tag++) {
			IoRequest request = this.slots.get(tag);
			long age = (request != null) ? now - request.arrivedAt() : -1;
			if (request == null || age < limit) {
				continue;
			}
			if (request.cancel(BlockErrno.ETIMEDOUT)) {
				this.loop.counters().timedOut();
				this.loop.failures().reportOverdue(request, timeout);
				this.loop.commit(request);
			}
			else if (age - limit > RequestLoop.TRANSFER_PATIENCE_NANOS && request.kind() == BlockOperation.FLUSH
					&& request.transfers().stopWaiting()) {
				request.giveUpWith(BlockErrno.ETIMEDOUT);
				fail(request);
			}
		}
	}

	/**
	 * Fails a request that was taken away, or that waits for the kernel in vain.
	 */
	void fail(IoRequest request) {
		// one that the disk has failed itself is counted already
		if (request.isCancelled() || request.result() >= 0) {
			this.loop.failures().count();
		}
		this.loop.giveUp(request, -request.givenUpWith().number());
	}

	/**
	 * Leaves what has not ended without an answer: the driver does not wait any more.
	 */
	void abandonAll() {
		for (int tag = 0; tag < this.slots.depth(); tag++) {
			IoRequest request = this.slots.get(tag);
			// also one that has just ended and is still in the mailbox
			if (request != null && (request.cancel(BlockErrno.EIO) || request.transfers().await())) {
				this.loop.dataPath().abandon(request, false);
			}
		}
	}

}
