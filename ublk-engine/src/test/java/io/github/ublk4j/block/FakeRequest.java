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

import java.nio.ByteBuffer;

import reactor.core.publisher.Mono;

/**
 * A request of every kind; nobody has to be told that it is completed.
 */
record FakeRequest(BlockOperation operation, long offset, long length, ByteBuffer buffer, boolean forceUnitAccess,
		boolean mayUnmap) implements ReadRequest, WriteRequest, FlushRequest, DiscardRequest, WriteZeroesRequest {

	static FakeRequest of(BlockOperation operation, long offset, int length) {
		return new FakeRequest(operation, offset, length, ByteBuffer.allocate(length), false, false);
	}

	FakeRequest withForcedUnitAccess() {
		return new FakeRequest(this.operation, this.offset, this.length, this.buffer, true, this.mayUnmap);
	}

	FakeRequest thatMayUnmap() {
		return new FakeRequest(this.operation, this.offset, this.length, this.buffer, this.forceUnitAccess, true);
	}

	@Override
	public int queue() {
		return 0;
	}

	@Override
	public int tag() {
		return 0;
	}

	@Override
	public void complete() {
		throw new IllegalStateException("completed by its Mono");
	}

	@Override
	public void fail(Throwable cause) {
		throw new IllegalStateException("completed by its Mono");
	}

	@Override
	public Mono<Void> transferFrom(BackingFile file, long position) {
		throw new AssertionError("there is no ring");
	}

	@Override
	public Mono<Void> transferTo(BackingFile file, long position) {
		throw new AssertionError("there is no ring");
	}

	@Override
	public Mono<Void> sync(BackingFile file) {
		throw new AssertionError("there is no ring");
	}

	@Override
	public Mono<Void> punchHole(BackingFile file, long position) {
		throw new AssertionError("there is no ring");
	}

	@Override
	public Mono<Void> zeroRange(BackingFile file, long position) {
		throw new AssertionError("there is no ring");
	}

}
