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

package io.github.ublk4j.spring.actuate;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.metrics.AnsweredRequests;

/**
 * What is counted of the requests of one queue. The queue's thread alone counts, so plain
 * additions are enough; opaque writes let other threads read whole and recent values at
 * no cost. Nothing is allocated or looked up for a request.
 */
@SuppressWarnings("EnumOrdinal") // an index into arrays that live no longer than the
									// process
final class QueueTotals {

	static final int OPERATIONS = BlockOperation.values().length;

	static final int ERRORS = BlockErrno.values().length;

	private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

	// a row per operation and outcome: the stages in their order, then these
	private static final int STAGES = Stage.values().length;

	private static final int COUNT = STAGES;

	private static final int BYTES = STAGES + 1;

	// a power of two
	private static final int ROW = 8;

	private final long[] requests = new long[OPERATIONS * 2 * ROW];

	private final long[] errors = new long[OPERATIONS * ERRORS];

	private final long[] batches = new long[1];

	void count(AnsweredRequests answered) {
		add(this.batches, 0, 1);
		int size = answered.size();
		for (int i = 0; i < size; i++) {
			int operation = answered.operation(i).ordinal();
			int errno = answered.errno(i);
			int row = row(operation, errno == 0);
			add(this.requests, row + Stage.DISPATCH.ordinal(), answered.dispatchNanos(i));
			add(this.requests, row + Stage.HANDLER.ordinal(), answered.handlerNanos(i));
			add(this.requests, row + Stage.HANDOVER.ordinal(), answered.handoverNanos(i));
			add(this.requests, row + Stage.COMMIT.ordinal(), answered.commitNanos(i));
			add(this.requests, row + BYTES, answered.length(i));
			add(this.requests, row + COUNT, 1);
			if (errno != 0) {
				add(this.errors, operation * ERRORS + BlockErrno.of(errno).ordinal(), 1);
			}
		}
	}

	private static void add(long[] totals, int index, long value) {
		ELEMENT.setOpaque(totals, index, totals[index] + value);
	}

	private static long get(long[] totals, int index) {
		return (long) ELEMENT.getOpaque(totals, index);
	}

	private static int row(int operation, boolean success) {
		return (operation * 2 + (success ? 0 : 1)) * ROW;
	}

	long requests(BlockOperation operation, boolean success) {
		return get(this.requests, row(operation.ordinal(), success) + COUNT);
	}

	long requests() {
		long sum = 0;
		for (int row = 0; row < this.requests.length; row += ROW) {
			sum += get(this.requests, row + COUNT);
		}
		return sum;
	}

	long bytes(BlockOperation operation) {
		return get(this.requests, row(operation.ordinal(), true) + BYTES);
	}

	long nanos(BlockOperation operation, boolean success, Stage stage) {
		return get(this.requests, row(operation.ordinal(), success) + stage.ordinal());
	}

	long errors(BlockOperation operation, BlockErrno errno) {
		return get(this.errors, operation.ordinal() * ERRORS + errno.ordinal());
	}

	long batches() {
		return get(this.batches, 0);
	}

	/**
	 * Where the time of a request goes.
	 */
	enum Stage {

		DISPATCH, HANDLER, HANDOVER, COMMIT

	}

}
