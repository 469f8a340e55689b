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

package io.github.ublk4j.store.chunk;

import java.nio.ByteBuffer;
import java.util.stream.LongStream;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The chunks of a volume that has been claimed. Keys are numbers from 0; a chunk that is
 * not there reads as zeros.
 * <p>
 * <strong>Order.</strong> Methods are called concurrently and must not block. A
 * {@link #get} that begins after a {@link #put} has completed finds its data. There is
 * never more than one put or delete of the same chunk under way, but for those that have
 * failed or been cancelled: they may still take effect until {@link #nextToken()} has
 * completed.
 * <p>
 * <strong>Fencing.</strong> A put or delete with a token that is not the latest one of
 * the volume changes nothing and fails with a {@link FencedException}. This check and the
 * change are one: no token can be given out in between.
 * <p>
 * <strong>Full.</strong> A put that fails with ENOSPC has changed nothing and never will.
 */
public interface ChunkStore {

	/**
	 * Returns the token that came with the claim.
	 * @return the token, 0 for one that only reads
	 */
	long token();

	/**
	 * Reads a part of a chunk.
	 * @param index the chunk
	 * @param offset where to begin in the chunk, in bytes
	 * @param length bytes
	 * @return exactly so many bytes, which are the caller's; empty if the chunk is not
	 * there
	 */
	Mono<ByteBuffer> get(long index, int offset, int length);

	/**
	 * Returns which chunks may be there, so that a discard of a large disk with little on
	 * it need not ask for each. At least those are named that are there when this begins.
	 * @param first the first chunk of a range
	 * @param last the last one
	 * @return their numbers, in any order; by default all
	 */
	default Flux<Long> existing(long first, long last) {
		return Flux.fromStream(() -> LongStream.rangeClosed(first, last).boxed());
	}

	/**
	 * Stores a whole chunk.
	 * @param token the latest token of this claim
	 * @param index the chunk
	 * @param chunk its data, from its position to its limit, valid and unchanged until
	 * the {@code Mono} completes or the next token has been given out; the position must
	 * stay
	 * @return completes when {@link #get} finds the data; durable at the latest after
	 * {@link #flush()}
	 */
	Mono<Void> put(long token, long index, ByteBuffer chunk);

	/**
	 * Removes a chunk, if it is there.
	 * @param token the latest token of this claim
	 * @param index the chunk
	 * @return completes when the chunk is gone; durable at the latest after
	 * {@link #flush()}
	 */
	Mono<Void> delete(long token, long index);

	/**
	 * Makes all completed puts and deletes durable. Once it has failed for good, it must
	 * never succeed again.
	 * @return completes when they are; at once by default, for a store whose puts are
	 */
	default Mono<Void> flush() {
		return Mono.empty();
	}

	/**
	 * Takes a new token, so that no put or delete of an earlier one can take effect any
	 * more. Called after one whose outcome is unknown.
	 * @return the token; fails with a {@link FencedException} if the claim is lost
	 */
	Mono<Long> nextToken();

	/**
	 * Gives a sign of life. Called several times per {@link VolumeClaim#lease()}.
	 * @return completes when others have seen it; fails with a {@link FencedException} if
	 * the claim is lost
	 */
	default Mono<Void> renewLease() {
		return Mono.empty();
	}

	/**
	 * Gives the claim up, if it is not lost, and closes what the claim has opened. Called
	 * once, last.
	 * @return completes when others can claim the volume
	 */
	Mono<Void> release();

}
