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

import org.jspecify.annotations.Nullable;

/**
 * The transfers of a request that are under way. Used by the loop alone.
 */
final class RequestTransfers {

	private final RequestLoop home;

	private final IoRequest request;

	private int inFlight;

	private int reads;

	// those that move data while the request has no buffer
	private int unbuffered;

	// whether one of those has put the data of a read where it belongs
	private boolean filled;

	// the memory that they share
	private @Nullable IoBuffer lent;

	private int borrowers;

	// waits for an earlier one, which may still write where it would
	private @Nullable RingTransfer deferredRead;

	private boolean awaited;

	RequestTransfers(RequestLoop home, IoRequest request) {
		this.home = home;
		this.request = request;
	}

	/**
	 * Forgets an earlier life of the request.
	 */
	void reset() {
		this.filled = false;
		this.deferredRead = null;
		this.awaited = false;
	}

	/**
	 * Returns whether the data of a read is there although it has no buffer.
	 */
	boolean filled() {
		return this.filled;
	}

	/**
	 * Lets a read from a file wait for an earlier one of this request that was cancelled
	 * and has not ended: it may still write where the new one would.
	 * @return whether it waits, and is begun again later
	 */
	boolean defers(RingTransfer read) {
		if (this.reads == 0 || this.deferredRead != null || !this.home.transfers().hasCancelled(this.request)) {
			return false;
		}
		this.deferredRead = read;
		return true;
	}

	/**
	 * Lends the request memory for its data, one piece for all its transfers, as the
	 * memory of a queue is planned. Two writes copy the same into it; two reads at the
	 * same time fill the same request anyway.
	 */
	IoBuffer borrow(DataPath path, int length) {
		IoBuffer current = this.lent;
		if (current == null) {
			current = path.lend(length);
			this.lent = current;
		}
		this.borrowers++;
		return current;
	}

	void giveBack(DataPath path) {
		IoBuffer current = this.lent;
		if (--this.borrowers == 0 && current != null) {
			this.lent = null;
			path.takeBack(current);
		}
	}

	/**
	 * Counts a transfer that begins. One that moves data has claimed the buffer.
	 */
	void begun(RingOperation operation) {
		this.inFlight++;
		if (operation.isRead()) {
			this.reads++;
		}
		if (operation.unbuffered(operation.movesData() && this.request.ownBuffer() == null)) {
			this.unbuffered++;
		}
	}

	/**
	 * Takes note of the end of a transfer, and does what has waited for it: a read, or
	 * the commit of the request.
	 * @param success whether all data was moved
	 */
	void ended(RingOperation operation, boolean success) {
		if (operation.unbuffered()) {
			this.unbuffered--;
			this.filled |= success && operation.isRead();
			if (this.unbuffered == 0 && !this.filled) {
				this.request.unclaimBuffer();
			}
		}
		this.inFlight--;
		if (operation.isRead()) {
			this.reads--;
			RingTransfer next = this.deferredRead;
			if (next != null && this.reads == 0) {
				this.deferredRead = null;
				next.begin();
			}
		}
		if (this.inFlight == 0 && this.awaited) {
			this.awaited = false;
			this.home.commit(this.request);
		}
	}

	/**
	 * Returns whether the kernel still works on the data of the request, so that its
	 * commit must wait.
	 */
	boolean await() {
		this.awaited = this.inFlight > 0;
		return this.awaited;
	}

	/**
	 * Stops waiting for transfers that do not end.
	 * @return whether the request has ended and waited for some; it is then never used
	 * again
	 */
	boolean stopWaiting() {
		boolean waited = this.awaited;
		this.awaited = false;
		return waited;
	}

}
