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

package io.github.ublk4j.layer;

import java.nio.ByteBuffer;
import java.util.function.Supplier;

import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockStore;

/**
 * Shows a part of the store below as a whole one, as a partition does. Nothing outside of
 * it can be read or written.
 */
public final class WindowStore extends ForwardingBlockStore {

	private final long start;

	private final long size;

	/**
	 * Creates a window.
	 * @param below the store below
	 * @param start where the window begins in it, in bytes
	 * @param size bytes; 0 for all that is left
	 * @throws InvalidLayerException if the store below is smaller
	 */
	public WindowStore(BlockStore below, long start, long size) {
		super(below);
		if (start < 0 || start >= below.size()) {
			throw new InvalidLayerException("offset", start,
					"Use 0 to " + (below.size() - 1) + ", inside the store below.");
		}
		long left = below.size() - start;
		if (size < 0 || size > left) {
			throw new InvalidLayerException("length", size,
					"Use 1 to " + left + ", what the store below has after the offset " + start + ", or 0 for all.");
		}
		this.start = start;
		this.size = (size > 0) ? size : left;
	}

	@Override
	public long size() {
		return this.size;
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		return inside(offset, destination.remaining(), () -> below().read(this.start + offset, destination));
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		return inside(offset, source.remaining(), () -> below().write(this.start + offset, source));
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return inside(offset, length, () -> below().discard(this.start + offset, length));
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return inside(offset, length, () -> below().writeZeroes(this.start + offset, length, mayUnmap));
	}

	private Mono<Void> inside(long offset, long length, Supplier<Mono<Void>> request) {
		// no sum of offset and length: it may overflow
		if (offset < 0 || length < 0 || offset > this.size || length > this.size - offset) {
			return Mono.error(new BlockIoException(BlockErrno.EINVAL, length + " bytes at offset " + offset
					+ " are not inside the window, which has " + this.size + " bytes"));
		}
		return request.get();
	}

}
