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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;

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
 */
public final class TimeoutStore extends ForwardingBlockStore {

	private final Duration timeout;

	private final RangeLock changes = new RangeLock();

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
		return Mono.defer(() -> {
			ByteBuffer own = ByteBuffer.allocate(length);
			// the claim ends before the read, which nothing has to wait for if it is late
			Mono<Void> changed = this.changes.shared(offset, length, Mono::empty);
			return decided(BlockOperation.READ, offset, length,
					(decided) -> changed.then(begin(decided, () -> below().read(offset, own.duplicate()))))
				.then(Mono.fromRunnable(() -> destination.put(position, own, 0, length)));
		});
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		ByteBuffer own = ByteBuffer.allocate(source.remaining());
		own.put(0, source, source.position(), own.capacity());
		return change(BlockOperation.WRITE, offset, own.capacity(), () -> below().write(offset, own.duplicate()));
	}

	@Override
	public Mono<Void> flush() {
		return Mono.defer(() -> limited(BlockOperation.FLUSH, 0, 0, below().flush()));
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
		return Mono.defer(() -> decided(operation, offset, length,
				(decided) -> this.changes.exclusive(offset, length, () -> begin(decided, request))));
	}

	/**
	 * Limits a request that may have to wait before it begins.
	 * @param request makes it; it is told what is set by the first of two: the request
	 * that begins, or the timeout before it
	 */
	private Mono<Void> decided(BlockOperation operation, long offset, long length,
			Function<AtomicBoolean, Mono<Void>> request) {
		AtomicBoolean decided = new AtomicBoolean();
		return limited(operation, offset, length, request.apply(decided)).doOnError((ex) -> decided.set(true));
	}

	private static Mono<Void> begin(AtomicBoolean decided, Supplier<Mono<Void>> request) {
		return Mono.defer(() -> decided.compareAndSet(false, true) ? request.get() : Mono.empty());
	}

	private Mono<Void> limited(BlockOperation operation, long offset, long length, Mono<Void> request) {
		// not cancelled, so that the store tells when it lets go of the range
		return Mono.fromFuture(request.toFuture(), true)
			.timeout(this.timeout, Mono.error(() -> new BlockIoException(BlockErrno.ETIMEDOUT, operation + " of "
					+ length + " bytes at offset " + offset + " was not answered within " + this.timeout)));
	}

}
