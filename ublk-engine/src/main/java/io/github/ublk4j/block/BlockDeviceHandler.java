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

import java.util.Set;

import reactor.core.publisher.Mono;

/**
 * A disk, written like a controller: one method per operation. The engine subscribes to
 * the returned {@code Mono} once; its completion completes the request, its error fails
 * it with {@link BlockIoException#errnoOf(Throwable) an errno}.
 * <p>
 * <strong>Threads.</strong> Methods are called on the queue's own thread, and
 * concurrently by the threads of several queues. They must not block; the {@code Mono}
 * may terminate on any thread and in any order.
 * <p>
 * <strong>Buffers</strong> belong to the engine and are valid until the {@code Mono}
 * terminates.
 * <p>
 * FLUSH, DISCARD and WRITE_ZEROES are offered to the kernel only if the class overrides
 * their method, or {@link #operations()} says so.
 */
@FunctionalInterface
public interface BlockDeviceHandler {

	/**
	 * Fills {@link ReadRequest#buffer()} from the disk.
	 * @param request the range to read
	 * @return completes when the buffer is filled
	 */
	Mono<Void> read(ReadRequest request);

	/**
	 * Stores {@link WriteRequest#buffer()} on the disk. Without an override the disk must
	 * be read-only.
	 * @param request the range to write and its data
	 * @return completes when the data can be read back, and, with
	 * {@link WriteRequest#forceUnitAccess()}, when it is durable
	 */
	default Mono<Void> write(WriteRequest request) {
		return unsupported(request);
	}

	/**
	 * Makes all completed writes durable. Overriding it tells the kernel that the disk
	 * has a volatile cache.
	 * @param request the flush
	 * @return completes when every write completed before is durable
	 */
	default Mono<Void> flush(FlushRequest request) {
		return unsupported(request);
	}

	/**
	 * Forgets a range.
	 * @param request the range
	 * @return completes when the range reads as zeros
	 */
	default Mono<Void> discard(DiscardRequest request) {
		return unsupported(request);
	}

	/**
	 * Zeroes a range.
	 * @param request the range
	 * @return completes when the range reads as zeros
	 */
	default Mono<Void> writeZeroes(WriteZeroesRequest request) {
		return unsupported(request);
	}

	/**
	 * Returns what the disk supports. By default {@link BlockOperation#READ} and whatever
	 * the class overrides. A decorator answers for its delegate.
	 * @return the operations, asked once when the device is created
	 */
	default Set<BlockOperation> operations() {
		return OverriddenOperations.of(getClass());
	}

	/**
	 * Returns whether every successful read fills its whole buffer. If so, the engine
	 * need not clear the buffer before it calls {@link #read(ReadRequest)}. A disk that
	 * says so and leaves a part unfilled hands out what the memory held before: the data
	 * of an earlier request, or of anybody in the kernel.
	 * @return {@code false} by default
	 */
	default boolean fillsReadBuffers() {
		return false;
	}

	/**
	 * Returns whether reads and writes move their data by transfers to and from files
	 * alone, never through {@code buffer()}. It decides what {@link DataMode#AUTO} means.
	 * @return {@code false} by default
	 */
	default boolean transfersOnly() {
		return false;
	}

	private static Mono<Void> unsupported(BlockRequest request) {
		return Mono
			.error(new BlockIoException(BlockErrno.EOPNOTSUPP, request.operation() + " is not supported by this disk"));
	}

}
