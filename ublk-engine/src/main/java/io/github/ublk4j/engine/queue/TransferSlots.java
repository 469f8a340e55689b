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

import java.util.Arrays;
import java.util.Collection;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.ublk4j.engine.linux.Errno;
import org.jspecify.annotations.Nullable;

/**
 * The transfers that the kernel works on, by the number that their completion carries.
 * Used by the loop alone.
 */
final class TransferSlots {

	/** No number. */
	static final int NONE = -1;

	// the kernel may still use the memory of transfers whose ring was closed
	private static final Queue<Collection<RingTransfer>> ABANDONED = new ConcurrentLinkedQueue<>();

	private @Nullable RingTransfer[] transfers;

	private int[] free;

	private int freeCount;

	private RingTransfer[] pending;

	private int pendingCount;

	/**
	 * Makes room for some transfers; it grows when they are more.
	 */
	TransferSlots(int capacity) {
		this.transfers = new RingTransfer[capacity];
		this.free = new int[capacity];
		this.pending = new RingTransfer[capacity];
		freeFrom(0);
	}

	private void freeFrom(int first) {
		for (int slot = this.transfers.length - 1; slot >= first; slot--) {
			this.free[this.freeCount++] = slot;
		}
	}

	int add(RingTransfer transfer) {
		if (this.freeCount == 0) {
			int before = this.transfers.length;
			this.transfers = Arrays.copyOf(this.transfers, before * 2);
			this.free = new int[before * 2];
			freeFrom(before);
		}
		int slot = this.free[--this.freeCount];
		this.transfers[slot] = transfer;
		return slot;
	}

	/**
	 * Keeps a transfer, or the rest of one, until the next {@link #submit}.
	 */
	void queue(RingTransfer transfer) {
		if (this.pendingCount == this.pending.length) {
			this.pending = Arrays.copyOf(this.pending, 2 * this.pendingCount);
		}
		this.pending[this.pendingCount++] = transfer;
	}

	/**
	 * Submits what is pending. Before a request is answered, and before a transfer is
	 * cancelled, it must have been submitted.
	 */
	void submit(QueueTransport transport) {
		for (int i = 0; i < this.pendingCount; i++) {
			RingTransfer transfer = this.pending[i];
			if (transfer.operation().data().needsRegistration()) {
				transport.registerPages(transfer.request().tagInFlight());
			}
			transport.transfer(transfer.operation(), transfer.slot());
		}
		this.pendingCount = 0;
	}

	RingTransfer get(int slot) {
		RingTransfer transfer = (slot >= 0 && slot < this.transfers.length) ? this.transfers[slot] : null;
		if (transfer == null) {
			throw new IllegalStateException("No transfer has the number " + slot);
		}
		return transfer;
	}

	/**
	 * Returns whether the kernel works on a transfer of a request that was cancelled.
	 */
	boolean hasCancelled(IoRequest request) {
		for (RingTransfer transfer : this.transfers) {
			if (transfer != null && transfer.request() == request && transfer.isCancelled()) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Returns whether the kernel works on none.
	 */
	boolean isEmpty() {
		return this.freeCount == this.transfers.length;
	}

	/**
	 * Cancels all transfers.
	 */
	void cancelAll() {
		for (RingTransfer transfer : this.transfers) {
			if (transfer != null) {
				transfer.cancel();
			}
		}
	}

	/**
	 * Cancels the transfers of a request.
	 */
	void cancelAll(IoRequest request) {
		for (RingTransfer transfer : this.transfers) {
			if (transfer != null && transfer.request() == request) {
				transfer.cancel();
			}
		}
	}

	void remove(int slot) {
		this.transfers[slot] = null;
		this.free[this.freeCount++] = slot;
	}

	/**
	 * Keeps the memory of those that the kernel may still use, after the ring was closed.
	 */
	void abandon() {
		Collection<RingTransfer> left = Arrays.stream(this.transfers).filter(Objects::nonNull).toList();
		if (!left.isEmpty()) {
			ABANDONED.add(left);
			// the kernel tells once that writes were lost, and maybe to one of these
			left.forEach((transfer) -> transfer.noteLostWrites(-Errno.EIO));
		}
	}

}
