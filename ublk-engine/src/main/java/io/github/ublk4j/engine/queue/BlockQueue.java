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

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.metrics.InFlightRequest;
import io.github.ublk4j.metrics.QueueMetrics;
import org.jspecify.annotations.Nullable;

/**
 * One queue of a device, as others see it: any thread may use it. Its own thread serves
 * the requests, see {@code RequestLoop}.
 */
public final class BlockQueue {

	private final String disk;

	private final int index;

	private final DataPath dataPath;

	private final RequestLoop loop;

	private BlockQueue(String disk, int index, int depth, QueueTransport.Factory transports, DataPath dataPath,
			Function<RequestLoop, RequestServer> server, Listener listener) {
		this.disk = disk;
		this.index = index;
		this.dataPath = dataPath;
		this.loop = new RequestLoop(disk, index, depth, transports, dataPath, server, listener);
	}

	/**
	 * Creates the queue of a handler.
	 * @param disk the name of the disk
	 * @param index the index of the queue
	 * @param depth its tags
	 * @param transports opens its transport
	 * @param dataPath moves the data of its requests
	 * @param handler what serves its requests
	 * @param listener told when it fails
	 * @return the queue, not started
	 */
	public static BlockQueue forHandler(String disk, int index, int depth, QueueTransport.Factory transports,
			DataPath dataPath, BlockDeviceHandler handler, Listener listener) {
		return new BlockQueue(disk, index, depth, transports, dataPath, (loop) -> new HandlerServer(handler), listener);
	}

	/**
	 * Creates the queue of a request stream.
	 * @param disk the name of the disk
	 * @param index the index of the queue
	 * @param depth its tags
	 * @param transports opens its transport
	 * @param dataPath moves the data of its requests
	 * @param stream what serves its requests
	 * @param listener told when it fails
	 * @return the queue, not started
	 */
	public static BlockQueue forStream(String disk, int index, int depth, QueueTransport.Factory transports,
			DataPath dataPath, BlockRequestStream stream, Listener listener) {
		return new BlockQueue(disk, index, depth, transports, dataPath, (loop) -> new StreamServer(loop, stream, depth),
				listener);
	}

	/**
	 * Sets who observes the queue. Called before the start.
	 * @param metrics the observer
	 * @return this queue
	 */
	public BlockQueue observedBy(QueueMetrics metrics) {
		this.loop.observedBy(metrics);
		return this;
	}

	/**
	 * Sets how long a request may take. Called before the start.
	 * @param timeout from the arrival to the end; zero for ever
	 * @return this queue
	 */
	public BlockQueue answeringWithin(Duration timeout) {
		this.loop.answeringWithin(timeout);
		return this;
	}

	/**
	 * Starts the thread and waits until all tags are armed.
	 * @param timeout how long to wait
	 * @throws IllegalStateException if the queue cannot start; its cause says why
	 */
	public void start(Duration timeout) {
		this.loop.thread().start();
		try {
			this.loop.ready().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (ExecutionException ex) {
			Throwable cause = Objects.requireNonNullElse(ex.getCause(), ex);
			throw new IllegalStateException(
					"Queue " + this.index + " of disk '" + this.disk + "' could not start: " + cause.getMessage(),
					cause);
		}
		catch (TimeoutException ex) {
			throw new IllegalStateException("Queue " + this.index + " of disk '" + this.disk + "' did not start within "
					+ timeout.toSeconds() + " s", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(
					"Interrupted while queue " + this.index + " of disk '" + this.disk + "' started", ex);
		}
	}

	/**
	 * Fails every request in flight and every later one with EIO. Any thread.
	 */
	public void failEverything() {
		this.loop.failEverything();
	}

	/**
	 * Fails the requests that take longer than they may, with ETIMEDOUT. Any thread; to
	 * be called now and then.
	 * @param nextLook how long until the next call, zero if that is not known; where
	 * nobody observes the queue, a request may seem younger than it is by twice as much
	 */
	public void failOverdue(Duration nextLook) {
		this.loop.failOverdue(nextLook);
	}

	/**
	 * Returns whether requests that took too long hold so many buffers that others may
	 * soon have none. The garbage collector gives those back that nobody uses. Any
	 * thread.
	 * @return whether it should run
	 */
	public boolean isShortOfBuffers() {
		return this.dataPath.isShort();
	}

	/**
	 * Keeps requests that arrive from now on until {@link #resume()}, or until they are
	 * failed. Any thread.
	 */
	public void pause() {
		this.loop.pause();
	}

	/**
	 * Serves the requests that were kept, and those to come. Any thread.
	 */
	public void resume() {
		this.loop.resume();
	}

	/**
	 * Ends the loop without waiting for the driver. Any thread.
	 */
	public void terminate() {
		this.loop.terminate();
	}

	/**
	 * Ends the loop as soon as nothing is in flight, although the driver still has the
	 * tags. Any thread.
	 */
	public void detach() {
		this.loop.detach();
	}

	/**
	 * Ends the loop at once. What is in flight gets no answer: the driver does with it
	 * what the recovery of the device says. Any thread.
	 */
	public void leave() {
		this.loop.leave();
	}

	/**
	 * Asks the thread for a sign of life. Any thread.
	 * @return completes when the thread has seen the question, has ended, or never began
	 */
	public CompletableFuture<@Nullable Void> ping() {
		if (this.loop.thread().getState() == Thread.State.NEW) {
			return CompletableFuture.completedFuture(null);
		}
		Ping ping = new Ping();
		this.loop.handOver(ping);
		return ping.answer;
	}

	/**
	 * Waits until the thread has closed its transport and ended.
	 * @param timeout how long to wait
	 * @return whether it has ended
	 */
	public boolean awaitEnd(Duration timeout) {
		Thread thread = this.loop.thread();
		if (thread.getState() == Thread.State.NEW) {
			return true;
		}
		try {
			thread.join(Math.max(1, timeout.toMillis()));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		return !thread.isAlive();
	}

	/**
	 * Returns whether the thread was started and serves no more, for whatever reason. Any
	 * thread.
	 * @return whether nobody answers its requests
	 */
	public boolean hasEnded() {
		return this.loop.ended().isDone();
	}

	/**
	 * Returns whether the thread has ended by itself. Any thread.
	 * @return whether it died, so that nobody answers its requests
	 */
	public boolean isDead() {
		return this.loop.isDead();
	}

	/**
	 * Returns the requests that are being served. Any thread: a request that begins or
	 * ends meanwhile may be missing.
	 * @return the requests by tag
	 */
	public List<InFlightRequest> inFlight() {
		return this.loop.inFlight();
	}

	/**
	 * Returns how the queue is now. Any thread.
	 * @return a snapshot
	 */
	public Snapshot snapshot() {
		return this.loop.snapshot();
	}

	/**
	 * Returns whether the calling thread is one that serves requests, which must not wait
	 * for anything.
	 * @return whether it is the thread of a queue
	 */
	public static boolean isQueueThread() {
		return Thread.currentThread() instanceof RequestLoop.QueueThread;
	}

	private static final class Ping extends LoopTask {

		private final CompletableFuture<@Nullable Void> answer = new CompletableFuture<>();

		@Override
		void run() {
			this.answer.complete(null);
		}

		@Override
		void reject() {
			this.answer.complete(null);
		}

	}

	/**
	 * Told when a queue fails by itself.
	 */
	@FunctionalInterface
	public interface Listener {

		/**
		 * A queue has failed: it answers every request with EIO.
		 * @param queue its index
		 * @param reason what happened
		 * @param failure the error behind it
		 */
		void failed(int queue, String reason, @Nullable Throwable failure);

		/**
		 * The thread of a queue has ended by itself: its requests get no answer until the
		 * character device is closed.
		 * @param queue its index
		 * @param reason what happened
		 * @param failure the error behind it
		 */
		default void died(int queue, String reason, Throwable failure) {
			failed(queue, reason, failure);
		}

	}

	/**
	 * A snapshot of a queue.
	 *
	 * @param queue its index
	 * @param thread the name of its thread
	 * @param alive whether the thread serves it
	 * @param depth its tags
	 * @param inFlight the requests being served
	 * @param requests the requests that arrived
	 * @param errors the requests that failed
	 * @param handovers the completions from another thread
	 * @param wakeUps how often one had to wake the thread
	 * @param enters the calls into the driver
	 * @param timeouts the requests that were not answered in time
	 * @param paused whether arriving requests are kept
	 * @param kernelThread the kernel's number of its thread, 0 if it has none
	 */
	public record Snapshot(int queue, String thread, boolean alive, int depth, int inFlight, long requests, long errors,
			long handovers, long wakeUps, long enters, long timeouts, boolean paused, int kernelThread) {

	}

}
