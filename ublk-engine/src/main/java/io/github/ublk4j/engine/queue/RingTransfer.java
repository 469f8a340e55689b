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
import java.util.Objects;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.engine.linux.Errno;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * An operation on a file for a request, run by the queue's ring. It is its own
 * subscription; a second subscriber at the same time gets a copy.
 * <p>
 * While the kernel works on it, the request is not committed: its memory is in use.
 */
final class RingTransfer extends Mono<Void> implements Subscription {

	private static final int FREE = 0;

	private static final int DEFINED = 1;

	private static final int SUBSCRIBED = 2;

	private static final int ENDED = 3;

	private static final VarHandle STATE;

	static {
		try {
			STATE = MethodHandles.lookup().findVarHandle(RingTransfer.class, "state", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final RequestLoop home;

	private final IoRequest request;

	private final RingOperation operation;

	private final LoopTask start = new Start();

	@SuppressWarnings("UnusedVariable") // through STATE
	private volatile int state = FREE;

	private volatile boolean cancelled;

	private int generation;

	private @Nullable CoreSubscriber<? super Void> actual;

	// belongs to the loop
	private int slot = TransferSlots.NONE;

	RingTransfer(RequestLoop home, IoRequest request) {
		this.home = home;
		this.request = request;
		this.operation = new RingOperation(request);
	}

	/**
	 * Takes the object for a new life of its request, if it served an earlier one to the
	 * end and no other thread is faster. Any thread.
	 */
	boolean claim(int newGeneration) {
		if (!STATE.compareAndSet(this, ENDED, FREE)) {
			return false;
		}
		if (this.generation == newGeneration) {
			STATE.setRelease(this, ENDED);
			return false;
		}
		return true;
	}

	/**
	 * Returns what it does, to be set before it is {@linkplain #defined(int) offered}.
	 */
	RingOperation operation() {
		return this.operation;
	}

	/**
	 * Lets it be subscribed.
	 * @param generation the life of the request that it belongs to
	 */
	void defined(int generation) {
		this.generation = generation;
		this.cancelled = false;
		STATE.setRelease(this, DEFINED);
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> subscriber) {
		if (!STATE.compareAndSet(this, DEFINED, SUBSCRIBED) && !STATE.compareAndSet(this, ENDED, SUBSCRIBED)) {
			copy().subscribe(subscriber);
			return;
		}
		this.cancelled = false;
		this.actual = subscriber;
		subscriber.onSubscribe(this);
		if (this.home.isLoopThread()) {
			begin();
		}
		else {
			this.home.handOver(this.start);
		}
	}

	private RingTransfer copy() {
		RingTransfer copy = new RingTransfer(this.home, this.request);
		copy.operation.defineAs(this.operation);
		copy.defined(this.generation);
		return copy;
	}

	@Override
	public void request(long n) {
		Operators.validate(n);
	}

	@Override
	public void cancel() {
		this.cancelled = true;
		this.home.execute(new Cancel());
	}

	IoRequest request() {
		return this.request;
	}

	boolean isCancelled() {
		return this.cancelled;
	}

	int slot() {
		return this.slot;
	}

	/**
	 * Begins. Called by the loop.
	 */
	void begin() {
		if (this.cancelled) {
			free();
			return;
		}
		if (!this.request.isActive(this.generation)) {
			finish(new IllegalStateException("The transfer was subscribed after the end of its request"));
			return;
		}
		BlockIoException lost = this.operation.lostWrites();
		if (lost != null) {
			finish(lost);
			return;
		}
		if (this.operation.isRead() && this.request.transfers().defers(this)) {
			return;
		}
		if (this.operation.movesData() && !this.request.claimBuffer()) {
			// another thread is just taking it; once more when it has it
			this.home.handOver(this.start);
			return;
		}
		this.request.transfers().begun(this.operation);
		try {
			this.operation.begin(this.home.dataPath());
		}
		// a file that is closed, or no memory
		catch (RuntimeException | Error ex) {
			this.request.transfers().ended(this.operation, false);
			finish(ex);
			return;
		}
		this.slot = this.home.transfers().add(this);
		this.home.transfers().queue(this);
	}

	/**
	 * Notes what a failure says about the file, before any transfer of the same batch is
	 * {@linkplain #completed(int) completed}. Called by the loop.
	 * @param result the negative error number
	 */
	void noteLostWrites(int result) {
		this.operation.noteLostWrites(result, this.cancelled);
	}

	/**
	 * Takes the result of what was submitted. Called by the loop.
	 * @param reported as in {@link RingOperation#advance(int)}
	 */
	void completed(int reported) {
		int result = this.operation.isPossible(reported) ? reported : -Errno.EIO;
		boolean done = this.operation.advance(result);
		if (done) {
			deliver();
		}
		else if (result > 0 && this.operation.movesData() && !this.cancelled) {
			this.home.transfers().queue(this);
		}
		else if (this.operation.missedPages(result) && !this.cancelled) {
			transferThroughMemory();
		}
		else {
			end(this.cancelled ? null : this.operation.failure(result), false);
		}
	}

	private void deliver() {
		try {
			// who was told that it failed does not wait for its data
			if (this.home.isInFlight(this.request)) {
				this.operation.deliver(this.home.dataPath());
			}
		}
		catch (RuntimeException | Error ex) {
			end(ex, false);
			return;
		}
		end(this.operation.lostWrites(), true);
	}

	private void transferThroughMemory() {
		try {
			this.operation.locateData(this.home.dataPath());
			this.home.transfers().queue(this);
		}
		catch (RuntimeException | Error ex) {
			end(ex, false);
		}
	}

	private void end(@Nullable Throwable failure, boolean done) {
		this.home.transfers().remove(this.slot);
		this.slot = TransferSlots.NONE;
		this.operation.end(this.home.dataPath());
		// before the signal: the request that it ends need not wait for this transfer
		this.request.transfers().ended(this.operation, done);
		finish(failure);
	}

	// Whoever has cancelled wants to hear nothing; Reactor would log it as a dropped
	// error
	private void finish(@Nullable Throwable failure) {
		if (this.cancelled) {
			free();
		}
		else {
			signal(failure);
		}
	}

	private void free() {
		this.actual = null;
		STATE.setRelease(this, ENDED);
	}

	private void signal(@Nullable Throwable failure) {
		CoreSubscriber<? super Void> subscriber = Objects.requireNonNull(this.actual, "the transfer has no subscriber");
		free();
		try {
			if (failure == null) {
				subscriber.onComplete();
			}
			else {
				subscriber.onError(failure);
			}
		}
		// Reactor lets fatal errors through; they must not end the queue
		catch (Throwable ex) {
			this.request.failWith(ex);
		}
	}

	@Override
	public String toString() {
		return "transfer of " + this.request;
	}

	private final class Start extends LoopTask {

		@Override
		void run() {
			begin();
		}

		@Override
		void reject() {
			finish(new BlockIoException(BlockErrno.EIO, "The queue has ended"));
		}

	}

	private final class Cancel extends LoopTask {

		@Override
		void run() {
			if (RingTransfer.this.slot != TransferSlots.NONE) {
				RingTransfer.this.home.cancel(RingTransfer.this.slot);
			}
		}

		@Override
		void reject() {
			// the end of the ring cancels it
		}

	}

}
