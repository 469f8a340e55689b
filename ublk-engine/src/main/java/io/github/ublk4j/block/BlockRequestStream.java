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

import java.util.EnumSet;
import java.util.Set;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A disk, written as a pipeline over its requests: group them, merge neighbours, limit
 * their rate. Each request ends with {@link BlockRequest#complete()} or
 * {@link BlockRequest#fail(Throwable)}.
 */
@FunctionalInterface
public interface BlockRequestStream {

	/**
	 * Serves the requests of one queue. The engine calls it once per queue, when the
	 * device starts, and subscribes to the result.
	 * <p>
	 * The {@code Flux} emits on the queue's thread, only on demand; nothing is buffered:
	 * a request that is not asked for stays in its tag. It allows one subscriber; one
	 * that cancels ({@code take}, {@code retry}) ends the disk as termination does. It
	 * completes when the device stops.
	 * <p>
	 * A request that the pipeline drops ({@code filter}, {@code sample}) without ending
	 * it stays in flight: its reader waits until the device stops.
	 * @param requests the requests of one queue; {@link ReadRequest},
	 * {@link WriteRequest}, {@link FlushRequest}, {@link DiscardRequest} or
	 * {@link WriteZeroesRequest}
	 * @return the running pipeline; when it terminates before the device stops, every
	 * request that is in flight or arrives later fails with EIO
	 */
	Mono<Void> serve(Flux<BlockRequest> requests);

	/**
	 * Returns what the disk supports.
	 * @return READ and WRITE by default
	 */
	default Set<BlockOperation> operations() {
		return EnumSet.of(BlockOperation.READ, BlockOperation.WRITE);
	}

	/**
	 * Returns whether every successful read fills its whole buffer, see
	 * {@link BlockDeviceHandler#fillsReadBuffers()}.
	 * @return {@code false} by default
	 */
	default boolean fillsReadBuffers() {
		return false;
	}

}
