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
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import reactor.core.publisher.Mono;

/**
 * Storage addressed by byte offset, the part that ready-made disks and layers are built
 * from. Offsets, lengths and sizes are bytes; the engine calls with multiples of the
 * logical block size inside {@link #size()}.
 * <p>
 * A method may do its work when it is called or when its {@code Mono} is subscribed;
 * whoever subscribes again (a retry) wraps the call in {@code Mono.defer}. Buffers belong
 * to the caller and are valid until the {@code Mono} terminates, not until it is
 * cancelled: work that has begun may use its buffer until it ends. Their position is left
 * anywhere. All methods may be called concurrently, and must not block the caller.
 */
public interface BlockStore extends AutoCloseable {

	/**
	 * Returns the capacity.
	 * @return bytes
	 */
	long size();

	/**
	 * Fills a buffer. Space never written reads as zeros.
	 * @param offset where to begin, in bytes
	 * @param destination filled from its position to its limit
	 * @return completes when the buffer is full
	 */
	Mono<Void> read(long offset, ByteBuffer destination);

	/**
	 * Stores a buffer.
	 * @param offset where to begin, in bytes
	 * @param source stored from its position to its limit
	 * @return completes when the data can be read back; durability takes a
	 * {@link #flush()}, unless the store does not support it
	 */
	Mono<Void> write(long offset, ByteBuffer source);

	/**
	 * Makes all completed writes durable.
	 * @return completes when they are
	 */
	default Mono<Void> flush() {
		return Mono.error(new BlockIoException(BlockErrno.EOPNOTSUPP, "FLUSH is not supported by this store"));
	}

	/**
	 * Makes a range read as zeros and gives its space back.
	 * @param offset where to begin, in bytes
	 * @param length bytes
	 * @return completes when the range reads as zeros
	 */
	default Mono<Void> discard(long offset, long length) {
		return Mono.error(new BlockIoException(BlockErrno.EOPNOTSUPP, "DISCARD is not supported by this store"));
	}

	/**
	 * Makes a range read as zeros.
	 * @param offset where to begin, in bytes
	 * @param length bytes
	 * @param mayUnmap whether the space may be given back
	 * @return completes when the range reads as zeros
	 */
	default Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return Mono.error(new BlockIoException(BlockErrno.EOPNOTSUPP, "WRITE_ZEROES is not supported by this store"));
	}

	/**
	 * Returns what the store supports. A layer answers for the store below.
	 * @return READ and WRITE by default
	 */
	default Set<BlockOperation> operations() {
		return EnumSet.of(BlockOperation.READ, BlockOperation.WRITE);
	}

	/**
	 * Returns whether every successful read fills its whole buffer, see
	 * {@link BlockDeviceHandler#fillsReadBuffers()}. A layer answers for the store below.
	 * @return {@code false} by default
	 */
	default boolean fillsReadBuffers() {
		return false;
	}

	/**
	 * Returns the stores that this one is made of: the one below a layer, the members of
	 * a mirror. Whoever looks for something in a stack of stores follows them; reading
	 * and writing them is up to this store.
	 * @return the stores, none by default
	 */
	default List<BlockStore> parts() {
		return List.of();
	}

	/**
	 * Returns what serves this store as a disk. A store that can move data without a
	 * buffer brings its own.
	 * @return a {@link BlockStoreHandler} by default
	 */
	default BlockDeviceHandler handler() {
		return new BlockStoreHandler(this);
	}

	/**
	 * Releases what the store holds. Called after the device stopped; idempotent.
	 */
	@Override
	void close();

}
