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

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.metrics.AnsweredRequests;

/**
 * Collects the requests that one exchange gives back to the driver. Belongs to the loop.
 */
final class AnsweredBatch implements AnsweredRequests {

	private static final int ARRIVED = 0;

	private static final int DISPATCHED = 1;

	private static final int ENDED = 2;

	private static final int TAKEN = 3;

	private static final int OFFSET = 4;

	private static final int LENGTH = 5;

	private static final int NUMBERS = 6;

	private final BlockOperation[] operations;

	private final int[] results;

	private final boolean[] handedOver;

	// one row after the other
	private final long[] numbers;

	private int size;

	private long submitted;

	AnsweredBatch(int depth) {
		this.operations = new BlockOperation[depth];
		this.results = new int[depth];
		this.handedOver = new boolean[depth];
		this.numbers = new long[depth * NUMBERS];
	}

	/**
	 * Adds a request, unless it came before anybody observed.
	 * @param taken when the loop got the answer of another thread, in the clock of the
	 * request; 0 if the loop itself ended the request
	 */
	void add(IoRequest request, int result, long taken) {
		long arrived = request.arrivedAt();
		long dispatched = request.dispatchedAt();
		long ended = request.endedAt();
		if (dispatched == 0 || ended == 0) {
			return;
		}
		int index = this.size++;
		this.operations[index] = request.kind();
		this.results[index] = result;
		this.handedOver[index] = taken != 0;
		int row = index * NUMBERS;
		this.numbers[row + ARRIVED] = arrived;
		this.numbers[row + DISPATCHED] = dispatched;
		this.numbers[row + ENDED] = ended;
		// what comes while the mailbox is emptied does not wait for it
		this.numbers[row + TAKEN] = (taken - ended > 0 && taken != 0) ? taken : ended;
		this.numbers[row + OFFSET] = request.offsetInFlight();
		this.numbers[row + LENGTH] = request.lengthInFlight();
	}

	void submitted(long now) {
		this.submitted = now;
	}

	void clear() {
		this.size = 0;
	}

	@Override
	public int size() {
		return this.size;
	}

	@Override
	public BlockOperation operation(int index) {
		return this.operations[index];
	}

	@Override
	public long offset(int index) {
		return number(index, OFFSET);
	}

	@Override
	public long length(int index) {
		return number(index, LENGTH);
	}

	@Override
	public int errno(int index) {
		return Math.max(0, -this.results[index]);
	}

	@Override
	public boolean handedOver(int index) {
		return this.handedOver[index];
	}

	@Override
	public long dispatchNanos(int index) {
		return number(index, DISPATCHED) - number(index, ARRIVED);
	}

	@Override
	public long handlerNanos(int index) {
		return number(index, ENDED) - number(index, DISPATCHED);
	}

	@Override
	public long handoverNanos(int index) {
		return number(index, TAKEN) - number(index, ENDED);
	}

	@Override
	public long commitNanos(int index) {
		return this.submitted - number(index, TAKEN);
	}

	@Override
	public long totalNanos(int index) {
		return this.submitted - number(index, ARRIVED);
	}

	private long number(int index, int column) {
		return this.numbers[index * NUMBERS + column];
	}

}
