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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * Fails requests with ETIMEDOUT that the store below has not answered in time.
 * <p>
 * The store may still work on such a request. It is therefore given buffers of its own,
 * at the cost of a copy; and a request for a range of which a change has timed out waits
 * until the store has answered that one, as long as its own time allows. So what is
 * written late never lands on top of what was written after it, and layers above never
 * keep what a read finds before it lands.
 * <p>
 * A late request keeps its copy until the store has answered it. While there are
 * {@value #MOST_LATE} late ones, further requests fail at once, also with ETIMEDOUT, so
 * that a store that never answers does not fill the heap.
 */
public final class TimeoutStore extends ForwardingBlockStore {

	/** How many requests can be late, before others fail without being tried. */
	public static final int MOST_LATE = 256;

	private final Duration timeout;

	private final RangeLock changes = new RangeLock();

	private final AtomicInteger late = new AtomicInteger();

	/**
	 * Creates a layer.
	 * @param below the store below
	 * @param timeout how long a request may take
	 * @throws InvalidLayerException if that is not more than 0
	 */
	public TimeoutStore(BlockStore below, Duration timeout) {
		super(below);
		if (timeout.isNegative() || timeout.isZero()) {
			throw new InvalidLayerException("after", timeout, "Use more than 0, such as 10s.");
		}
		this.timeout = timeout;
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		int position = destination.position();
		int length = destination.remaining();
		// the claim ends before the read, which nothing has to wait for if it is late
		return limited(BlockOperation.READ, offset, length, () -> readOwn(offset, length),
				(turn) -> this.changes.shared(offset, length, Mono::empty).then(turn))
			.doOnNext((own) -> destination.put(position, own, 0, length))
			.then();
	}

	private Mono<ByteBuffer> readOwn(long offset, int length) {
		return Guarded.defer(() -> {
			ByteBuffer own = ByteBuffer.allocate(length);
			return below().read(offset, own.duplicate()).thenReturn(own);
		});
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		int length = source.remaining();
		ByteBuffer data = source.slice();
		return Mono.defer(() -> {
			ByteBuffer own = ByteBuffer.allocate(length).put(0, data, 0, length);
			return change(BlockOperation.WRITE, offset, length, () -> below().write(offset, own.duplicate()));
		});
	}

	@Override
	public Mono<Void> flush() {
		return limited(BlockOperation.FLUSH, 0, 0, () -> below().flush(), (turn) -> turn);
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return change(BlockOperation.DISCARD, offset, length, () -> below().discard(offset, length));
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return change(BlockOperation.WRITE_ZEROES, offset, length, () -> below().writeZeroes(offset, length, mayUnmap));
	}

	private Mono<Void> change(BlockOperation operation, long offset, long length, Supplier<Mono<Void>> request) {
		return limited(operation, offset, length, request,
				(turn) -> this.changes.exclusive(offset, length, () -> turn));
	}

	/**
	 * Limits the time of a request, which may have to wait before it begins.
	 * @param request makes it, and holds its copy
	 * @param waiting makes what waits for the turn of the request, and then takes it
	 */
	private <T> Mono<T> limited(BlockOperation operation, long offset, long length, Supplier<Mono<T>> request,
			UnaryOperator<Mono<T>> waiting) {
		return Mono.defer(() -> {
			if (this.late.get() >= MOST_LATE) {
				return Mono.error(failure(operation, offset, length, "was not tried: the store has " + MOST_LATE
						+ " requests that are late, or were cancelled, and that it has not answered"));
			}
			// taken by the first of two: its turn, or the end of its time before it
			AtomicReference<@Nullable Supplier<Mono<T>>> notBegun = new AtomicReference<>(request);
			Mono<T> turn = Mono.defer(() -> {
				Supplier<Mono<T>> begun = notBegun.getAndSet(null);
				return (begun != null) ? begun.get() : Mono.empty();
			});
			// not cancelled, so that the store tells when it lets go of the range
			CompletableFuture<T> answer = waiting.apply(turn).toFuture();
			Runnable giveUp = () -> {
				notBegun.set(null);
				this.late.incrementAndGet();
				answer.whenComplete((result, failure) -> this.late.decrementAndGet());
			};
			return Mono.fromFuture(answer, true).timeout(this.timeout, Mono.error(() -> {
				giveUp.run();
				return failure(operation, offset, length, "was not answered within " + this.timeout);
			})).doOnCancel(giveUp);
		});
	}

	private static BlockIoException failure(BlockOperation operation, long offset, long length, String what) {
		return new BlockIoException(BlockErrno.ETIMEDOUT,
				operation + " of " + length + " bytes at offset " + offset + " " + what);
	}

}
