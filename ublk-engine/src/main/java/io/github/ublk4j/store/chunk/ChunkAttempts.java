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

import java.io.Serial;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import reactor.core.publisher.Mono;
import reactor.core.publisher.SynchronousSink;
import reactor.util.context.Context;
import reactor.util.retry.Retry;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;

/**
 * Asks a chunk store several times, so that a moment without the network does not turn a
 * file system read-only. A change is repeated with a token that keeps earlier attempts
 * from taking effect later, and nothing is read before there is one.
 */
final class ChunkAttempts {

	private final ChunkVolume volume;

	private final ChunkStore chunks;

	private final VolumeFence fence;

	private final AnswerTimeout timeout;

	private final Retry retry;

	ChunkAttempts(ChunkVolume volume, ChunkStore chunks, VolumeFence fence, Duration timeout, int retries,
			Duration firstPause) {
		this.volume = volume;
		this.chunks = chunks;
		this.fence = fence;
		this.timeout = new AnswerTimeout(timeout);
		this.retry = Retry.backoff(retries, firstPause)
			.filter(this::mayPass)
			.onRetryExhaustedThrow((spec, last) -> last.failure());
	}

	private boolean mayPass(Throwable failure) {
		return this.fence.loss() == null && !isFull(failure);
	}

	private static boolean isFull(Throwable failure) {
		return failure instanceof BlockIoException known && known.errno() == BlockErrno.ENOSPC;
	}

	/**
	 * Reads a part of a chunk.
	 * @return empty if the chunk is not there
	 */
	Mono<ByteBuffer> read(long index, int offset, int length) {
		return this.fence.settled()
			.then(this.timeout.of(Mono.defer(() -> this.chunks.get(index, offset, length))))
			.handle((ByteBuffer data, SynchronousSink<ByteBuffer> sink) -> {
				if (data.remaining() == length) {
					sink.next(data);
				}
				else {
					sink.error(new BlockIoException(BlockErrno.ENODATA, "it has " + data.remaining() + " bytes at "
							+ offset + " instead of " + length + "; somebody else has changed it"));
				}
			})
			.retryWhen(this.retry)
			.onErrorMap((failure) -> explain("read", index, failure));
	}

	/**
	 * Returns which chunks of a range may be there.
	 */
	Mono<Set<Long>> existing(long first, long last) {
		return this.fence.settled()
			.then(this.timeout.of(this.chunks.existing(first, last).collect(Collectors.toSet())))
			.retryWhen(this.retry)
			.onErrorMap((failure) -> explain("looked for", first, failure));
	}

	/**
	 * Changes a chunk.
	 * @param index the chunk
	 * @param change the change, given a token
	 * @return whether the first attempt succeeded, so that none was given up
	 */
	Mono<Boolean> change(long index, LongFunction<Mono<Void>> change) {
		return Mono.defer(() -> {
			AtomicInteger attempts = new AtomicInteger();
			return this.fence.current()
				.flatMap((token) -> this.timeout.of(begin(() -> change.apply(token)))
					.doOnSubscribe((subscription) -> attempts.incrementAndGet())
					.doOnError((failure) -> {
						// a full store has changed nothing, and may not have room for a
						// token
						if (!isFull(failure)) {
							this.fence.suspect(token);
						}
					})
					.onErrorMap((failure) -> this.fence.isRenewedAfter(token), OvertakenException::new))
				// others have failed, not this one, so it does not count
				.retryWhen(Retry.indefinitely().filter((failure) -> failure instanceof OvertakenException))
				.retryWhen(this.retry)
				.then(Mono.fromSupplier(() -> attempts.get() == 1));
		}).onErrorMap((failure) -> explain("changed", index, failure));
	}

	/**
	 * Fails a change that has thrown an error of the JVM when it began: it may be on its
	 * way, and its token has to be replaced.
	 */
	private static Mono<Void> begin(Supplier<Mono<Void>> change) {
		return Mono.create((end) -> {
			try {
				end.onDispose(change.get().subscribe(null, end::error, end::success, Context.of(end.contextView())));
			}
			catch (Throwable ex) {
				end.error(BlockIoException.ofThrown(ex));
			}
		});
	}

	private BlockIoException explain(String verb, long index, Throwable failure) {
		FencedException loss = this.fence.loss();
		return (loss != null) ? loss : new BlockIoException(BlockIoException.errnoOf(failure),
				"Chunk " + index + " of the " + this.volume + " cannot be " + verb + ": " + failure.getMessage(),
				failure);
	}

	/**
	 * This server itself has taken a new token meanwhile.
	 */
	private static final class OvertakenException extends RuntimeException {

		@Serial
		private static final long serialVersionUID = 1L;

		OvertakenException(Throwable cause) {
			super(cause);
		}

	}

}
