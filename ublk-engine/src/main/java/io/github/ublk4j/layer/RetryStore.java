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
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Supplier;

import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockStore;

/**
 * Tries requests again that the store below has failed, after a pause that doubles each
 * time and varies by half. What is left of the error after the last attempt is that of
 * the store.
 * <p>
 * Errors that another attempt would not help are passed on at once: EINVAL, EOPNOTSUPP,
 * ENOSPC, ENODATA and EILSEQ. So are all errors of FLUSH: storage that has lost data may
 * say so once only, and a second flush that succeeds would hide it.
 * <p>
 * A write that is tried again may take effect late, but never after it has completed.
 */
public final class RetryStore extends ForwardingBlockStore {

	private static final Set<BlockErrno> FINAL = EnumSet.of(BlockErrno.EINVAL, BlockErrno.EOPNOTSUPP, BlockErrno.ENOSPC,
			BlockErrno.ENODATA, BlockErrno.EILSEQ);

	private final Retry retry;

	/**
	 * Creates a layer.
	 * @param below the store below
	 * @param attempts how often a request is tried again, at least once
	 * @param firstBackoff about how long the first pause is
	 * @param maxBackoff how long a pause is at most
	 * @throws InvalidLayerException if one of them is out of bounds
	 */
	public RetryStore(BlockStore below, int attempts, Duration firstBackoff, Duration maxBackoff) {
		super(below);
		if (attempts < 1) {
			throw new InvalidLayerException("attempts", attempts, "Use 1 or more, or leave the layer out.");
		}
		if (firstBackoff.isNegative() || firstBackoff.isZero()) {
			throw new InvalidLayerException("firstBackoff", firstBackoff, "Use more than 0, such as 10ms.");
		}
		if (maxBackoff.compareTo(firstBackoff) < 0) {
			throw new InvalidLayerException("maxBackoff", maxBackoff,
					"Use at least the first backoff, " + firstBackoff + ".");
		}
		this.retry = Retry.backoff(attempts, firstBackoff)
			.maxBackoff(maxBackoff)
			.filter((failure) -> !FINAL.contains(BlockIoException.errnoOf(failure)))
			.onRetryExhaustedThrow((spec, last) -> last.failure());
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		// each attempt gets a view of its own: it leaves the position anywhere
		return retried(() -> below().read(offset, destination.duplicate()));
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		return retried(() -> below().write(offset, source.duplicate()));
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return retried(() -> below().discard(offset, length));
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return retried(() -> below().writeZeroes(offset, length, mayUnmap));
	}

	private Mono<Void> retried(Supplier<Mono<Void>> request) {
		return Mono.defer(request).retryWhen(this.retry);
	}

}
