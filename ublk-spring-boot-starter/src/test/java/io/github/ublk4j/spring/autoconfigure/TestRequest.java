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

package io.github.ublk4j.spring.autoconfigure;

import java.nio.ByteBuffer;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import reactor.core.publisher.Mono;

/**
 * Requests without an engine.
 */
abstract class TestRequest implements BlockRequest {

	private final BlockOperation operation;

	private final long offset;

	private final long length;

	TestRequest(BlockOperation operation, long offset, long length) {
		this.operation = operation;
		this.offset = offset;
		this.length = length;
	}

	@Override
	public BlockOperation operation() {
		return this.operation;
	}

	@Override
	public long offset() {
		return this.offset;
	}

	@Override
	public long length() {
		return this.length;
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
		throw new IllegalStateException("completed by the Mono");
	}

	@Override
	public void fail(Throwable cause) {
		throw new IllegalStateException("completed by the Mono");
	}

	static final class Read extends TestRequest implements ReadRequest {

		private final ByteBuffer buffer;

		Read(long offset, int length) {
			super(BlockOperation.READ, offset, length);
			this.buffer = ByteBuffer.allocateDirect(length);
		}

		@Override
		public ByteBuffer buffer() {
			return this.buffer;
		}

		byte[] bytes() {
			byte[] bytes = new byte[this.buffer.capacity()];
			this.buffer.get(0, bytes);
			return bytes;
		}

		@Override
		public Mono<Void> transferFrom(BackingFile file, long position) {
			throw new UnsupportedOperationException();
		}

	}

	static final class Write extends TestRequest implements WriteRequest {

		private final ByteBuffer buffer;

		private final boolean forceUnitAccess;

		Write(long offset, byte[] data, boolean forceUnitAccess) {
			super(BlockOperation.WRITE, offset, data.length);
			this.buffer = ByteBuffer.allocateDirect(data.length).put(0, data);
			this.forceUnitAccess = forceUnitAccess;
		}

		@Override
		public ByteBuffer buffer() {
			return this.buffer;
		}

		@Override
		public Mono<Void> transferTo(BackingFile file, long position) {
			throw new UnsupportedOperationException();
		}

		@Override
		public boolean forceUnitAccess() {
			return this.forceUnitAccess;
		}

	}

	static final class Flush extends TestRequest implements FlushRequest {

		Flush() {
			super(BlockOperation.FLUSH, 0, 0);
		}

		@Override
		public Mono<Void> sync(BackingFile file) {
			throw new UnsupportedOperationException();
		}

	}

	static final class Discard extends TestRequest implements DiscardRequest {

		Discard(long offset, long length) {
			super(BlockOperation.DISCARD, offset, length);
		}

		@Override
		public Mono<Void> punchHole(BackingFile file, long position) {
			throw new UnsupportedOperationException();
		}

	}

	static final class WriteZeroes extends TestRequest implements WriteZeroesRequest {

		WriteZeroes(long offset, long length) {
			super(BlockOperation.WRITE_ZEROES, offset, length);
		}

		@Override
		public boolean mayUnmap() {
			return true;
		}

		@Override
		public Mono<Void> zeroRange(BackingFile file, long position) {
			throw new UnsupportedOperationException();
		}

	}

}
