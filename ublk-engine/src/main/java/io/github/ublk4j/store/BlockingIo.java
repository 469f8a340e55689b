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

package io.github.ublk4j.store;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;

/**
 * Runs blocking I/O for callers that must not block, on threads of its own.
 * <p>
 * A {@link java.nio.channels.FileChannel} closes itself when a thread inside it is
 * interrupted, which would be the end of the disk. Cancelling work here does therefore
 * not interrupt it, as it would on a Reactor scheduler, and the threads ignore any other
 * interrupt.
 * <p>
 * A change that was cancelled when it had begun, because the time of its request was over
 * for example, is <em>late</em>: it holds its range until its thread has ended. Whatever
 * touches the range meanwhile waits, so that a late change never lands on top of what was
 * acknowledged after it, and nobody has read what was there before it.
 */
final class BlockingIo {

	private static final long IDLE_SECONDS = 10;

	private final String owner;

	private final ThreadPoolExecutor executor;

	/** Changed with the lock of {@link #waiting}; empty but for hangs. */
	private final List<Execution> late = new CopyOnWriteArrayList<>();

	/** What waits for late changes. Guards itself. */
	private final List<Execution> waiting = new ArrayList<>();

	/**
	 * Creates the threads, when they are needed.
	 * @param owner what the I/O is done to, for messages
	 * @param threadName the beginning of the names of the threads
	 * @param threads how many at most; they end when idle
	 */
	BlockingIo(String owner, String threadName, int threads) {
		this.owner = owner;
		AtomicInteger number = new AtomicInteger();
		this.executor = new ThreadPoolExecutor(threads, threads, IDLE_SECONDS, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(),
				(runnable) -> new IoThread(runnable, threadName + "-" + number.incrementAndGet()));
		this.executor.allowCoreThreadTimeOut(true);
	}

	/**
	 * Returns a Mono that does some work per subscription. Cancelled before the work
	 * begins, it is not done; afterwards it runs to its end and nobody is told.
	 * @param range what the work touches
	 * @param work what to do
	 * @return terminates on a thread of this object
	 */
	Mono<Void> run(Range range, Work work) {
		return new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Void> actual) {
				Execution execution = new Execution(range, work, actual);
				actual.onSubscribe(execution);
				// it may have been cancelled at once
				if (execution.get() == Execution.WAITING && !waits(execution)) {
					execute(execution);
				}
			}

		};
	}

	/**
	 * Returns whether there is any change that was cancelled and has not ended.
	 */
	boolean hasLateChanges() {
		return !this.late.isEmpty();
	}

	private boolean waits(Execution execution) {
		if (this.late.isEmpty()) {
			return false;
		}
		synchronized (this.waiting) {
			if (this.executor.isShutdown() || execution.get() != Execution.WAITING || !touchesLate(execution)) {
				return false;
			}
			this.waiting.add(execution);
			return true;
		}
	}

	private boolean touchesLate(Execution execution) {
		return this.late.stream().anyMatch((change) -> change.range.overlaps(execution.range));
	}

	private void execute(Execution execution) {
		try {
			this.executor.execute(execution);
		}
		catch (RejectedExecutionException ex) {
			execution.reject();
		}
		catch (OutOfMemoryError ex) {
			// there can be no more threads, which Reactor would not tell whoever waits
			execution.fail(BlockIoException.ofThrown(ex));
		}
	}

	/**
	 * Forgets what was cancelled before it has begun. It holds a buffer, which can be
	 * used again when nobody does, and what it waits for may hang for ever.
	 */
	private void forget(Execution execution) {
		if (!this.executor.remove(execution)) {
			synchronized (this.waiting) {
				this.waiting.remove(execution);
			}
		}
	}

	/** Holds the range of a change that has begun, unless it has ended. */
	private void hold(Execution change) {
		synchronized (this.waiting) {
			this.late.add(change);
			if (!change.compareAndSet(Execution.BEGUN, Execution.LATE)) {
				this.late.remove(change);
			}
		}
	}

	private void letGo(Execution change) {
		List<Execution> free = new ArrayList<>();
		synchronized (this.waiting) {
			this.late.remove(change);
			this.waiting.removeIf((execution) -> !touchesLate(execution) && free.add(execution));
		}
		free.forEach(this::execute);
	}

	/**
	 * Accepts no more work and waits for what it has accepted, but for what waits for
	 * late changes: that fails.
	 * @param bound how long to wait
	 * @return whether all of it has ended; if not, what has not begun never will, and
	 * what runs goes on
	 */
	boolean close(Duration bound) {
		this.executor.shutdown();
		List<Execution> held;
		synchronized (this.waiting) {
			held = List.copyOf(this.waiting);
			this.waiting.clear();
		}
		held.forEach(Execution::reject);
		if (awaitEnd(bound)) {
			return true;
		}
		List<Runnable> queued = new ArrayList<>();
		this.executor.getQueue().drainTo(queued);
		queued.forEach((execution) -> ((Execution) execution).reject());
		return this.executor.isTerminated();
	}

	/**
	 * Waits until the last work has ended.
	 * @param bound how long to wait
	 * @return whether it has
	 */
	boolean awaitEnd(Duration bound) {
		boolean interrupted = false;
		long end = System.nanoTime() + bound.toNanos();
		try {
			while (true) {
				try {
					return this.executor.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS);
				}
				catch (InterruptedException ex) {
					// To leave now would close the file under running I/O.
					interrupted = true;
				}
			}
		}
		finally {
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
		}
	}

	/**
	 * Some blocking work.
	 */
	@FunctionalInterface
	interface Work {

		void run() throws IOException;

	}

	/**
	 * What some work touches.
	 *
	 * @param offset where it begins, in bytes
	 * @param length bytes, 0 for work that touches no data
	 * @param changed whether the work changes it
	 */
	record Range(long offset, long length, boolean changed) {

		boolean overlaps(Range other) {
			return this.offset < other.offset + other.length && other.offset < this.offset + this.length;
		}

	}

	private final class IoThread extends Thread {

		IoThread(Runnable runnable, String name) {
			super(runnable, name);
			setDaemon(true);
		}

		/**
		 * Ignored until the executor shuts down, which interrupts those that wait for
		 * work.
		 */
		@Override
		public void interrupt() {
			if (BlockingIo.this.executor.isShutdown()) {
				super.interrupt();
			}
		}

	}

	private final class Execution extends AtomicInteger implements Runnable, Subscription {

		private static final long serialVersionUID = 1L;

		private static final int WAITING = 0;

		private static final int BEGUN = 1;

		/** Before it has begun, or while it reads. */
		private static final int CANCELLED = 2;

		/** Cancelled while it changes its range. */
		private static final int LATE = 3;

		private static final int ENDED = 4;

		private final transient Range range;

		private final transient Work work;

		private final transient CoreSubscriber<? super Void> actual;

		Execution(Range range, Work work, CoreSubscriber<? super Void> actual) {
			this.range = range;
			this.work = work;
			this.actual = actual;
		}

		@Override
		public void run() {
			if (!compareAndSet(WAITING, BEGUN)) {
				return;
			}
			Throwable failure = null;
			try {
				this.work.run();
			}
			catch (Throwable ex) {
				// Whatever it is, the request must end.
				failure = ex;
			}
			end(failure);
		}

		void reject() {
			fail(new BlockIoException(BlockErrno.EIO, BlockingIo.this.owner + " is closed"));
		}

		void fail(Throwable failure) {
			if (compareAndSet(WAITING, BEGUN)) {
				end(failure);
			}
		}

		private void end(@Nullable Throwable failure) {
			boolean awaited = compareAndSet(BEGUN, ENDED);
			if (!awaited && get() == LATE) {
				letGo(this);
			}
			if (awaited && failure == null) {
				this.actual.onComplete();
			}
			else if (awaited) {
				this.actual.onError(failure);
			}
			else if (failure != null) {
				Operators.onErrorDropped(failure, this.actual.currentContext());
			}
		}

		@Override
		public void request(long n) {
			Operators.validate(n);
		}

		@Override
		public void cancel() {
			if (compareAndSet(WAITING, CANCELLED)) {
				forget(this);
			}
			else if (!this.range.changed()) {
				compareAndSet(BEGUN, CANCELLED);
			}
			else if (get() == BEGUN) {
				hold(this);
			}
		}

	}

}
