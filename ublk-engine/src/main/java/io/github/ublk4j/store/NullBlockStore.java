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

package io.github.ublk4j.store;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * Reads as zeros and forgets what is written, to measure all but the storage. No file
 * system survives on it.
 * <p>
 * Every method does its work on the calling thread, and may be called concurrently. There
 * is no FLUSH, since there is nothing to keep.
 */
public final class NullBlockStore implements BlockStore {

	private static final Set<BlockOperation> OPERATIONS = Collections.unmodifiableSet(
			EnumSet.of(BlockOperation.READ, BlockOperation.WRITE, BlockOperation.DISCARD, BlockOperation.WRITE_ZEROES));

	private final long size;

	private volatile boolean closed;

	/**
	 * Creates a store.
	 * @param size bytes, 1 or more
	 */
	public NullBlockStore(long size) {
		if (size <= 0) {
			throw new IllegalArgumentException("A null store cannot have " + size + " bytes. Use 1 or more.");
		}
		this.size = size;
	}

	@Override
	public long size() {
		return this.size;
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		BlockIoException refusal = refusal(offset, destination.remaining());
		if (refusal != null) {
			return Mono.error(refusal);
		}
		Zeros.fill(destination, destination.position(), destination.remaining());
		return Mono.empty();
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		return answer(offset, source.remaining());
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return answer(offset, length);
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return answer(offset, length);
	}

	private Mono<Void> answer(long offset, long length) {
		BlockIoException refusal = refusal(offset, length);
		return (refusal != null) ? Mono.error(refusal) : Mono.empty();
	}

	private @Nullable BlockIoException refusal(long offset, long length) {
		if (this.closed) {
			return new BlockIoException(BlockErrno.EIO, "The null store is closed");
		}
		return BlockIoException.outside(this.size, offset, length);
	}

	@Override
	public Set<BlockOperation> operations() {
		return OPERATIONS;
	}

	@Override
	public boolean fillsReadBuffers() {
		return true;
	}

	/**
	 * Lets later requests fail with EIO.
	 */
	@Override
	public void close() {
		this.closed = true;
	}

	@Override
	public String toString() {
		return "null store";
	}

}
