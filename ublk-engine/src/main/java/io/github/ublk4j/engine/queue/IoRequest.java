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
import java.time.Duration;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.engine.linux.SharedFile;
import io.github.ublk4j.engine.uring.IoUring;
import io.github.ublk4j.metrics.InFlightRequest;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * One request, and at the same time the subscriber of the {@code Mono} that answers it.
 * Objects are recycled by {@link RequestPool}.
 * <p>
 * The state decides who ends a request: whoever moves it from ACTIVE to ENDED. The loop
 * begins requests; any thread may end one.
 */
abstract class IoRequest extends LoopTask implements BlockRequest, CoreSubscriber<Void> {

	private static final Logger logger = LoggerFactory.getLogger(IoRequest.class);

	private static final int IDLE = 0;

	private static final int ACTIVE = 1;

	private static final int ENDED = 2;

	private static final int CANCELLED = 3;

	// stands in the place of the buffer after the end of the request
	private static final IoBuffer SURRENDERED = new IoBuffer(ByteBuffer.allocate(0), 0);

	// ... while a thread makes one
	private static final IoBuffer BEING_MADE = new IoBuffer(ByteBuffer.allocate(0), 0);

	// ... when transfers move the data without one, and after they have filled a read
	private static final IoBuffer TRANSFERRED = new IoBuffer(ByteBuffer.allocate(0), 0);

	private static final VarHandle STATE;

	private static final VarHandle BUFFER;

	static {
		try {
			STATE = MethodHandles.lookup().findVarHandle(IoRequest.class, "state", int.class);
			BUFFER = MethodHandles.lookup().findVarHandle(IoRequest.class, "buffer", IoBuffer.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final RequestLoop home;

	private final BlockOperation operation;

	private final RequestTransfers transfers;

	@SuppressWarnings("UnusedVariable") // through STATE
	private volatile int state;

	private volatile @Nullable Subscription subscription;

	private boolean streamed;

	private int tag;

	private long offset;

	private long length;

	private int result;

	private BlockErrno givenUpWith = BlockErrno.EIO;

	private int generation;

	// System.nanoTime(); 0 where nobody observes
	private long arrivedAt;

	private long dispatchedAt;

	private long endedAt;

	@SuppressWarnings("UnusedVariable") // through BUFFER
	private @Nullable IoBuffer buffer;

	// whether a thread other than the loop may be in the middle of asking for the buffer
	private volatile boolean shared;

	private Pages pages = Pages.UNAVAILABLE;

	private @Nullable RingTransfer transfer;

	IoRequest(RequestLoop home, BlockOperation operation) {
		this.home = home;
		this.operation = operation;
		this.transfers = new RequestTransfers(home, this);
	}

	/**
	 * Begins a request. Called by the loop.
	 */
	final void begin(int tag, long offset, long length, boolean streamed, @Nullable IoBuffer initialBuffer,
			long arrivedAt) {
		this.generation++;
		// for those who look from outside, see inFlight()
		VarHandle.storeStoreFence();
		this.arrivedAt = arrivedAt;
		this.dispatchedAt = 0;
		this.endedAt = 0;
		this.givenUpWith = BlockErrno.EIO;
		this.tag = tag;
		this.offset = offset;
		this.length = length;
		this.streamed = streamed;
		this.subscription = null;
		this.buffer = initialBuffer;
		this.transfers.reset();
		STATE.setRelease(this, ACTIVE);
	}

	/**
	 * Takes the request away from whoever serves it, if it has not ended. Called by the
	 * loop.
	 * @param errno what the kernel is told
	 * @return whether the request had not ended; it is then never recycled, since signals
	 * may still come
	 */
	final boolean cancel(BlockErrno errno) {
		if (!STATE.compareAndSet(this, ACTIVE, CANCELLED)) {
			return false;
		}
		this.givenUpWith = errno;
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
	 * Sets what the kernel is told although the request has ended otherwise.
	 */
	final void giveUpWith(BlockErrno errno) {
		this.givenUpWith = errno;
	}

	/**
	 * Returns what the kernel is told about a request that was taken away. Used by the
	 * loop alone.
	 */
	final BlockErrno givenUpWith() {
		return this.givenUpWith;
	}

	/**
	 * Makes every use of the object fail until it begins again. Called by the loop.
	 */
	final void retire() {
		STATE.setRelease(this, IDLE);
	}

	/**
	 * Returns whether the loop has taken the request away from whoever served it.
	 */
	final boolean isCancelled() {
		return (int) STATE.getAcquire(this) == CANCELLED;
	}

	final boolean isActive() {
		return (int) STATE.getAcquire(this) == ACTIVE;
	}

	/**
	 * Returns whether data belongs to the request, which transfers may move.
	 */
	final boolean movesData() {
		return this.operation == BlockOperation.READ || this.operation == BlockOperation.WRITE;
	}

	final BlockOperation kind() {
		return this.operation;
	}

	final int tagInFlight() {
		return this.tag;
	}

	final long offsetInFlight() {
		return this.offset;
	}

	final long lengthInFlight() {
		return this.length;
	}

	final long arrivedAt() {
		return this.arrivedAt;
	}

	/**
	 * Corrects the time of arrival. Called by the loop.
	 */
	final void arrivedAt(long time) {
		this.arrivedAt = time;
	}

	/**
	 * Notes when the disk is called. Called by the loop.
	 */
	final void dispatched(long now) {
		this.dispatchedAt = now;
	}

	final long dispatchedAt() {
		return this.dispatchedAt;
	}

	/**
	 * Notes when the loop took the request away from the disk.
	 */
	final void gaveUp(long now) {
		this.endedAt = now;
	}

	/**
	 * Returns when the request ended. Called by the loop.
	 */
	final long endedAt() {
		return this.endedAt;
	}

	/**
	 * Describes the request if it is being served. Any thread: what is read while the
	 * loop begins another request with this object is thrown away.
	 */
	final @Nullable InFlightRequest inFlight(long now) {
		if (!isActive()) {
			return null;
		}
		int seen = this.generation;
		InFlightRequest found = new InFlightRequest(this.tag, this.operation, this.offset, this.length,
				Duration.ofNanos(Math.max(0, now - this.arrivedAt)));
		VarHandle.loadLoadFence();
		return (seen == this.generation && isActive()) ? found : null;
	}

	final int result() {
		return this.result;
	}

	/**
	 * Returns whether nobody but the loop can be using the object, so that it may serve
	 * another request. Called by the loop after the end.
	 */
	final boolean reusable() {
		return !this.streamed && !this.shared;
	}

	/**
	 * Commits the request.
	 */
	@Override
	final void run() {
		this.home.commit(this);
	}

	@Override
	final void reject() {
		// the driver has failed it already
	}

	final int generation() {
		return this.generation;
	}

	/**
	 * Returns whether the request of a generation has not ended. Called by the loop.
	 */
	final boolean isActive(int expectedGeneration) {
		return this.generation == expectedGeneration && isActive();
	}

	/**
	 * Where the pages of the request are. Used by the loop alone.
	 */
	final Pages pages() {
		return this.pages;
	}

	final void pages(Pages pages) {
		this.pages = pages;
	}

	/**
	 * Returns what wakes the loop.
	 */
	final Runnable loopWaker() {
		return this.home.waker();
	}

	/**
	 * The transfers of the request. Used by the loop alone.
	 */
	final RequestTransfers transfers() {
		return this.transfers;
	}

	/**
	 * Returns the buffer that the request has now. Any thread.
	 */
	final @Nullable IoBuffer ownBuffer() {
		IoBuffer current = (IoBuffer) BUFFER.getAcquire(this);
		return isReal(current) ? current : null;
	}

	private static boolean isReal(@Nullable IoBuffer candidate) {
		return candidate != BEING_MADE && candidate != TRANSFERRED && candidate != SURRENDERED;
	}

	/**
	 * Decides how a transfer moves the data: through the buffer, if there is one, or else
	 * so that nobody gets a buffer meanwhile. Called by the loop.
	 * @return {@code false} if another thread is just making a buffer
	 */
	final boolean claimBuffer() {
		return BUFFER.compareAndExchange(this, null, TRANSFERRED) != BEING_MADE;
	}

	/**
	 * Lets the request have a buffer again. Called by the loop.
	 */
	final void unclaimBuffer() {
		BUFFER.compareAndSet(this, TRANSFERRED, null);
	}

	// One thread at a time, so that a request never has two; another finds what the first
	// has made
	private IoBuffer makeBuffer() {
		synchronized (this.transfers) {
			if (BUFFER.compareAndSet(this, null, BEING_MADE)) {
				IoBuffer made = null;
				try {
					made = this.home.dataPath().provide(this);
				}
				finally {
					// fails if the request has ended meanwhile
					if (!BUFFER.compareAndSet(this, BEING_MADE, made) && made != null) {
						this.home.dataPath().takeBack(made);
					}
				}
			}
			IoBuffer current = (IoBuffer) BUFFER.getAcquire(this);
			if (current == SURRENDERED) {
				throw inactive(ENDED);
			}
			if (current == null || current == TRANSFERRED) {
				throw new IllegalStateException("This " + this.operation + " request is "
						+ ((this.operation == BlockOperation.READ) ? "filled" : "stored")
						+ " by a transfer without a buffer; take the buffer before the transfer to see the data");
			}
			return current;
		}
	}

	/**
	 * Takes the buffer away for ever. Called by the loop.
	 * @return the buffer, if there was one
	 */
	final @Nullable IoBuffer surrenderBuffer() {
		IoBuffer last = (IoBuffer) BUFFER.getAndSet(this, SURRENDERED);
		return isReal(last) ? last : null;
	}

	/**
	 * Lets go of a buffer that stays with the tag: as long as this object waits to serve
	 * another request, it must not keep one alive that was given up since. Called by the
	 * loop.
	 */
	final void forgetBuffer() {
		this.buffer = SURRENDERED;
	}

	/**
	 * Reports a failure after the disk has succeeded. Called by the loop.
	 */
	final void reportLate(Throwable failure) {
		this.home.failures()
			.report(this.operation, this.offset, this.length, BlockIoException.errnoOf(failure), failure);
	}

	/**
	 * Ends the request with success.
	 * @return whether it had not ended before
	 */
	final boolean succeed() {
		// Always the whole length: the driver would take a write cut short as complete.
		// Only
		// reads and writes have bytes to report; a discard may exceed what fits
		return end(movesData() ? (int) this.length : 0);
	}

	/**
	 * Ends the request with an error.
	 * @return whether it had not ended before
	 */
	final boolean failWith(Throwable failure) {
		// decided before the end: afterwards the object may serve another request
		BlockErrno errno = BlockIoException.errnoOf(failure);
		RequestLoop queue = this.home;
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
		this.endedAt = this.home.timestamp();
		this.home.ended(this);
		return true;
	}

	final void requireActive() {
		int current = (int) STATE.getAcquire(this);
		if (current != ACTIVE) {
			throw inactive(current);
		}
	}

	// A pipeline may come to a request that was taken away meanwhile: that must not end
	// it, and the object still is what it was
	final void requireActiveOrTakenAway() {
		int current = (int) STATE.getAcquire(this);
		if (current != ACTIVE && current != CANCELLED) {
			throw inactive(current);
		}
	}

	// volatile: not before the store that precedes it
	private void requireActiveAfterStore() {
		int current = (int) STATE.getVolatile(this);
		if (current != ACTIVE) {
			throw inactive(current);
		}
	}

	private IllegalStateException inactive(int current) {
		return new IllegalStateException("This " + this.operation + " request is " + switch (current) {
			case ENDED -> "completed";
			case CANCELLED -> "cancelled, because it took too long, its device stopped or its request stream ended";
			default -> "completed and may be reused";
		} + "; a request must not be used after its completion");
	}

	@Override
	public final BlockOperation operation() {
		requireActiveOrTakenAway();
		return this.operation;
	}

	@Override
	public final long offset() {
		requireActiveOrTakenAway();
		return this.offset;
	}

	@Override
	public final long length() {
		requireActiveOrTakenAway();
		return this.length;
	}

	@Override
	public final int queue() {
		requireActiveOrTakenAway();
		return this.home.index();
	}

	@Override
	public final int tag() {
		requireActiveOrTakenAway();
		return this.tag;
	}

	final ByteBuffer requestBuffer() {
		requireActive();
		IoBuffer current = ownBuffer();
		if (current == null) {
			if (!this.home.isLoopThread()) {
				// looked at by the loop after the state has changed, so that this object
				// does not become another request between here and there
				this.shared = true;
				requireActiveAfterStore();
			}
			current = makeBuffer();
		}
		return current.bytes();
	}

	/**
	 * Returns a transfer of this request. The object of an earlier life is used again.
	 */
	final Mono<Void> transfer(int opcode, BackingFile file, long position, long length, int flags) {
		requireActive();
		if (position < 0) {
			return Mono.error(new IllegalArgumentException("The position in " + file + " is " + position));
		}
		SharedFile shared = file.unwrap(SharedFile.class);
		RingTransfer current = this.transfer;
		if (current == null || !current.claim(this.generation)) {
			current = new RingTransfer(this.home, this);
			this.transfer = current;
		}
		current.operation().define(opcode, shared, position, length, flags);
		current.defined(this.generation);
		return current;
	}

	@Override
	public final void complete() {
		requireStreamed("complete()");
		if (!succeed()) {
			requireActiveOrTakenAway();
		}
	}

	@Override
	public final void fail(Throwable cause) {
		requireStreamed("fail(...)");
		if (!failWith(cause)) {
			requireActiveOrTakenAway();
		}
	}

	private void requireStreamed(String method) {
		requireActiveOrTakenAway();
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

	/**
	 * Where the pages of a request can be found by a transfer.
	 */
	enum Pages {

		/** Nowhere. */
		UNAVAILABLE,

		/** Nowhere yet: they can be registered. */
		UNREGISTERED,

		/** In the fixed buffer of the tag; the driver has put them there. */
		REGISTERED,

		/** In the fixed buffer of the tag, from where a command has to remove them. */
		REGISTERED_BY_COMMAND

	}

	static IoRequest create(RequestLoop home, BlockOperation operation) {
		return switch (operation) {
			case READ -> new Read(home);
			case WRITE -> new Write(home);
			case FLUSH -> new Flush(home);
			case DISCARD -> new Discard(home);
			case WRITE_ZEROES -> new WriteZeroes(home);
		};
	}

	static final class Read extends IoRequest implements ReadRequest {

		Read(RequestLoop home) {
			super(home, BlockOperation.READ);
		}

		@Override
		public ByteBuffer buffer() {
			return requestBuffer();
		}

		@Override
		public Mono<Void> transferFrom(BackingFile file, long position) {
			return transfer(IoUring.OP_READ, file, position, length(), 0);
		}

	}

	static final class Write extends IoRequest implements WriteRequest {

		private boolean forceUnitAccess;

		Write(RequestLoop home) {
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
		public Mono<Void> transferTo(BackingFile file, long position) {
			return transfer(IoUring.OP_WRITE, file, position, length(), this.forceUnitAccess ? IoUring.RWF_DSYNC : 0);
		}

		@Override
		public boolean forceUnitAccess() {
			requireActiveOrTakenAway();
			return this.forceUnitAccess;
		}

	}

	static final class Flush extends IoRequest implements FlushRequest {

		Flush(RequestLoop home) {
			super(home, BlockOperation.FLUSH);
		}

		@Override
		public Mono<Void> sync(BackingFile file) {
			return transfer(IoUring.OP_FSYNC, file, 0, 0, IoUring.FSYNC_DATASYNC);
		}

	}

	static final class Discard extends IoRequest implements DiscardRequest {

		Discard(RequestLoop home) {
			super(home, BlockOperation.DISCARD);
		}

		@Override
		public Mono<Void> punchHole(BackingFile file, long position) {
			return transfer(IoUring.OP_FALLOCATE, file, position, length(),
					LinuxFile.FALLOC_FL_KEEP_SIZE | LinuxFile.FALLOC_FL_PUNCH_HOLE);
		}

	}

	static final class WriteZeroes extends IoRequest implements WriteZeroesRequest {

		private boolean mayUnmap;

		WriteZeroes(RequestLoop home) {
			super(home, BlockOperation.WRITE_ZEROES);
		}

		void mayUnmap(boolean mayUnmap) {
			this.mayUnmap = mayUnmap;
		}

		@Override
		public Mono<Void> zeroRange(BackingFile file, long position) {
			return transfer(IoUring.OP_FALLOCATE, file, position, length(), LinuxFile.FALLOC_FL_KEEP_SIZE
					| (this.mayUnmap ? LinuxFile.FALLOC_FL_PUNCH_HOLE : LinuxFile.FALLOC_FL_ZERO_RANGE));
		}

		@Override
		public boolean mayUnmap() {
			requireActiveOrTakenAway();
			return this.mayUnmap;
		}

	}

}
