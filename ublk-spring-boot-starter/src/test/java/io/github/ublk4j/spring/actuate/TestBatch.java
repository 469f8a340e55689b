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

import java.util.List;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.metrics.AnsweredRequests;

/**
 * A batch of answered requests.
 *
 * @param requests the requests
 */
record TestBatch(List<Answer> requests) implements AnsweredRequests {

	static TestBatch of(Answer... requests) {
		return new TestBatch(List.of(requests));
	}

	static Answer success(BlockOperation operation, long length) {
		return new Answer(operation, length, 0, 10, 200, 30, 4);
	}

	static Answer error(BlockOperation operation, int errno) {
		return new Answer(operation, 512, errno, 1, 2, 3, 4);
	}

	@Override
	public int size() {
		return this.requests.size();
	}

	@Override
	public BlockOperation operation(int index) {
		return this.requests.get(index).operation();
	}

	@Override
	public long offset(int index) {
		return 0;
	}

	@Override
	public long length(int index) {
		return this.requests.get(index).length();
	}

	@Override
	public int errno(int index) {
		return this.requests.get(index).errno();
	}

	@Override
	public boolean handedOver(int index) {
		return handoverNanos(index) > 0;
	}

	@Override
	public long dispatchNanos(int index) {
		return this.requests.get(index).dispatch();
	}

	@Override
	public long handlerNanos(int index) {
		return this.requests.get(index).handler();
	}

	@Override
	public long handoverNanos(int index) {
		return this.requests.get(index).handover();
	}

	@Override
	public long commitNanos(int index) {
		return this.requests.get(index).commit();
	}

	/**
	 * An answered request.
	 *
	 * @param operation its operation
	 * @param length its bytes
	 * @param errno its error
	 * @param dispatch nanoseconds
	 * @param handler nanoseconds
	 * @param handover nanoseconds
	 * @param commit nanoseconds
	 */
	record Answer(BlockOperation operation, long length, int errno, long dispatch, long handler, long handover,
			long commit) {

	}

}
