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

package io.github.ublk4j.engine.queue;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;

/**
 * One request, and at the same time the subscriber of the {@code Mono} that answers it.
 * Objects are recycled by {@link RequestPool}.
 * <p>
 * The state decides who ends a request: whoever moves it from ACTIVE to ENDED. The loop
 * begins requests; any thread may end one.
 */
abstract class IoRequest implements BlockRequest, CoreSubscriber<Void> {

	private static final Logger logger = LoggerFactory.getLogger(IoRequest.class);

	private static final int IDLE = 0;

	private static final int ACTIVE = 1;

	private static final int ENDED = 2;

	private static final int CANCELLED = 3;

	private static final VarHandle STATE;

	static {
		try {
			STATE = MethodHandles.lookup().findVarHandle(IoRequest.class, "state", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	/** The next request in the mailbox. */
	@Nullable IoRequest next;

	private final BlockQueue home;

	private final BlockOperation operation;

	@SuppressWarnings("UnusedVariable") // through STATE
	private volatile int state;

	private volatile @Nullable Subscription subscription;

	private boolean streamed;

	private int tag;

	private long offset;

	private long length;

	private int result;

	IoRequest(BlockQueue home, BlockOperation operation) {
		this.home = home;
		this.operation = operation;
	}

	/**
	 * Begins a request. Called by the loop.
	 */
	final void begin(int tag, long offset, long length, boolean streamed) {
		this.tag = tag;
		this.offset = offset;
		this.length = length;
		this.streamed = streamed;
		this.subscription = null;
		STATE.setRelease(this, ACTIVE);
	}

	/**
	 * Takes the request away from whoever serves it, if it has not ended. Called by the
	 * loop.
	 * @return whether the request had not ended; it is then never recycled, since signals
	 * may still come
	 */
	final boolean cancel() {
		if (!STATE.compareAndSet(this, ACTIVE, CANCELLED)) {
			return false;
		}
		Subscription current = this.subscription;
		if (current != null) {
			try {
				current.cancel();
			}
			// a cancel hook of the handler must not end the queue
			catch (Throwable ex) {
				logger.warn("Cancelling {} failed", this, ex);
			}
		}
		return true;
	}

	/**
	 * Makes every use of the object fail until it begins again. Called by the loop.
	 */
	final void retire() {
		STATE.setRelease(this, IDLE);
	}

	final boolean isActive() {
		return (int) STATE.getAcquire(this) == ACTIVE;
	}

	final BlockOperation kind() {
		return this.operation;
	}

	final int tagOfLoop() {
		return this.tag;
	}

	final int result() {
		return this.result;
	}

	/**
	 * Ends the request with success.
	 * @return whether it had not ended before
	 */
	final boolean succeed() {
		// Always the whole length: the driver would take a write cut short as complete.
		// Only
		// reads and writes have bytes to report; a discard may exceed what fits
		boolean data = this.operation == BlockOperation.READ || this.operation == BlockOperation.WRITE;
		return end(data ? (int) this.length : 0);
	}

	/**
	 * Ends the request with an error.
	 * @return whether it had not ended before
	 */
	final boolean failWith(Throwable failure) {
		// decided before the end: afterwards the object may serve another request
		BlockErrno errno = BlockIoException.errnoOf(failure);
		BlockQueue queue = this.home;
		BlockOperation failed = this.operation;
		long where = this.offset;
		long size = this.length;
		if (!end(-errno.number())) {
			return false;
		}
		queue.failures().report(failed, where, size, errno, failure);
		return true;
	}

	private boolean end(int result) {
		if (!STATE.compareAndSet(this, ACTIVE, ENDED)) {
			return false;
		}
		// published to the loop by the mailbox
		this.result = result;
		this.home.ended(this);
		return true;
	}

	final void requireActive() {
		int current = (int) STATE.getAcquire(this);
		if (current != ACTIVE) {
			throw new IllegalStateException("This " + this.operation + " request is " + switch (current) {
				case ENDED -> "completed";
				case CANCELLED -> "cancelled, because its device stopped or its request stream ended";
				default -> "completed and may be reused";
			} + "; a request must not be used after its completion");
		}
	}

	@Override
	public final BlockOperation operation() {
		requireActive();
		return this.operation;
	}

	@Override
	public final long offset() {
		requireActive();
		return this.offset;
	}

	@Override
	public final long length() {
		requireActive();
		return this.length;
	}

	@Override
	public final int queue() {
		requireActive();
		return this.home.index();
	}

	@Override
	public final int tag() {
		requireActive();
		return this.tag;
	}

	final ByteBuffer requestBuffer() {
		requireActive();
		return this.home.buffer(this.tag);
	}

	@Override
	public final void complete() {
		requireStreamed("complete()");
		if (!succeed()) {
			requireActive();
		}
	}

	@Override
	public final void fail(Throwable cause) {
		requireStreamed("fail(...)");
		if (!failWith(cause)) {
			requireActive();
		}
	}

	private void requireStreamed(String method) {
		requireActive();
		if (!this.streamed) {
			throw new IllegalStateException(
					method + " is for request streams; here the Mono of the handler completes the request");
		}
	}

	@Override
	public final void onSubscribe(Subscription subscription) {
		this.subscription = subscription;
		// volatile: not before the store above, so that either side of a cancel sees the
		// other
		if ((int) STATE.getVolatile(this) == CANCELLED) {
			subscription.cancel();
			return;
		}
		subscription.request(Long.MAX_VALUE);
	}

	@Override
	public final void onNext(Void nothing) {
		// a Mono<Void> has no value
	}

	@Override
	public final void onComplete() {
		succeed();
	}

	@Override
	public final void onError(Throwable failure) {
		failWith(failure);
	}

	@Override
	public final String toString() {
		return this.operation + " request (tag " + this.tag + ", offset " + this.offset + ", length " + this.length
				+ ")";
	}

	static IoRequest create(BlockQueue home, BlockOperation operation) {
		return switch (operation) {
			case READ -> new Read(home);
			case WRITE -> new Write(home);
			case FLUSH -> new Flush(home);
			case DISCARD -> new Discard(home);
			case WRITE_ZEROES -> new WriteZeroes(home);
		};
	}

	static final class Read extends IoRequest implements ReadRequest {

		Read(BlockQueue home) {
			super(home, BlockOperation.READ);
		}

		@Override
		public ByteBuffer buffer() {
			return requestBuffer();
		}

	}

	static final class Write extends IoRequest implements WriteRequest {

		private boolean forceUnitAccess;

		Write(BlockQueue home) {
			super(home, BlockOperation.WRITE);
		}

		void forceUnitAccess(boolean forceUnitAccess) {
			this.forceUnitAccess = forceUnitAccess;
		}

		@Override
		public ByteBuffer buffer() {
			return requestBuffer();
		}

		@Override
		public boolean forceUnitAccess() {
			requireActive();
			return this.forceUnitAccess;
		}

	}

	static final class Flush extends IoRequest implements FlushRequest {

		Flush(BlockQueue home) {
			super(home, BlockOperation.FLUSH);
		}

	}

	static final class Discard extends IoRequest implements DiscardRequest {

		Discard(BlockQueue home) {
			super(home, BlockOperation.DISCARD);
		}

	}

	static final class WriteZeroes extends IoRequest implements WriteZeroesRequest {

		private boolean mayUnmap;

		WriteZeroes(BlockQueue home) {
			super(home, BlockOperation.WRITE_ZEROES);
		}

		void mayUnmap(boolean mayUnmap) {
			this.mayUnmap = mayUnmap;
		}

		@Override
		public boolean mayUnmap() {
			requireActive();
			return this.mayUnmap;
		}

	}

}
