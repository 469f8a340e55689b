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

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

import io.github.ublk4j.engine.driver.IoOperation;

/**
 * Plays the driver of one queue: a request waits for an armed tag, arrives, and is
 * answered by a commit. {@link #stop()} aborts every tag as STOP_DEV does, after the
 * requests in flight have been answered.
 */
class DriverDouble implements QueueTransport, QueueTransport.Factory {

	private final ByteBuffer[] buffers;

	// where the driver copies to and from
	private final ByteBuffer[] driverBuffers;

	private final Request[] inFlight;

	private final boolean[] armed;

	private final boolean[] aborted;

	private final Queue<Request> submitted = new ArrayDeque<>();

	private final List<Runnable> queued = new ArrayList<>();

	private boolean stopping;

	private boolean awake;

	private boolean closed;

	private int wakeUps;

	private long enters;

	DriverDouble(int depth, int bufferSize) {
		this.buffers = new ByteBuffer[depth];
		for (int tag = 0; tag < depth; tag++) {
			this.buffers[tag] = ByteBuffer.allocateDirect(bufferSize);
		}
		this.driverBuffers = this.buffers.clone();
		this.inFlight = new Request[depth];
		this.armed = new boolean[depth];
		this.aborted = new boolean[depth];
	}

	@Override
	public QueueTransport open(int queue) {
		return this;
	}

	/**
	 * Issues a read.
	 * @return the bytes that the reader receives, or the errno as an exception
	 */
	CompletableFuture<byte[]> read(long offset, int length) {
		return submit(new Request(IoOperation.READ, offset, length, new byte[0]));
	}

	CompletableFuture<byte[]> write(long offset, byte[] data, int flags) {
		return submit(new Request(IoOperation.WRITE | flags, offset, data.length, data));
	}

	CompletableFuture<byte[]> other(int operationAndFlags, long offset, long length) {
		return submit(new Request(operationAndFlags, offset, length, new byte[0]));
	}

	private synchronized CompletableFuture<byte[]> submit(Request request) {
		this.submitted.add(request);
		notifyAll();
		return request.answer;
	}

	synchronized void stop() {
		this.stopping = true;
		notifyAll();
	}

	synchronized int wakeUps() {
		return this.wakeUps;
	}

	synchronized boolean closed() {
		return this.closed;
	}

	@Override
	public ByteBuffer buffer(int tag) {
		return this.buffers[tag];
	}

	// the whole buffer, whatever limit the queue has set on its view
	private ByteBuffer memory(int tag) {
		return this.driverBuffers[tag].duplicate().clear();
	}

	@Override
	public void detachBuffer(int tag) {
		this.driverBuffers[tag] = ByteBuffer.allocateDirect(this.buffers[tag].capacity());
	}

	@Override
	public void fetch(int tag) {
		this.queued.add(() -> this.armed[tag] = true);
	}

	@Override
	public void commitAndFetch(int tag, int result) {
		this.queued.add(() -> {
			Request request = this.inFlight[tag];
			if (request == null) {
				throw new AssertionError("commit of tag " + tag + ", which has no request");
			}
			this.inFlight[tag] = null;
			this.armed[tag] = true;
			if (result < 0) {
				request.answer.completeExceptionally(new ErrnoException(-result));
				return;
			}
			byte[] bytes = new byte[(request.operation() == IoOperation.READ) ? result : 0];
			memory(tag).get(0, bytes);
			request.answer.complete(bytes);
		});
	}

	@Override
	public synchronized void exchange(boolean wait) {
		this.enters++;
		this.queued.forEach(Runnable::run);
		this.queued.clear();
		while (wait && !this.awake && !eventPending()) {
			try {
				wait();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}
		this.awake = false;
	}

	private boolean eventPending() {
		for (int tag = 0; tag < this.armed.length; tag++) {
			if (this.armed[tag] && (this.stopping || !this.submitted.isEmpty())) {
				return true;
			}
		}
		return false;
	}

	@Override
	public void poll(Events events) {
		for (int tag = 0; tag < this.armed.length; tag++) {
			boolean arrives = false;
			boolean aborts = false;
			synchronized (this) {
				if (this.armed[tag] && !this.submitted.isEmpty()) {
					Request request = this.submitted.remove();
					this.armed[tag] = false;
					this.inFlight[tag] = request;
					if (request.data.length > 0) {
						memory(tag).put(0, request.data);
					}
					arrives = true;
				}
				else if (this.armed[tag] && this.stopping) {
					this.armed[tag] = false;
					this.aborted[tag] = true;
					aborts = true;
				}
			}
			if (arrives) {
				events.arrived(tag);
			}
			else if (aborts) {
				events.aborted(tag, 19);
			}
		}
	}

	@Override
	public int operationAndFlags(int tag) {
		return this.inFlight[tag].operationAndFlags;
	}

	@Override
	public long startSector(int tag) {
		return this.inFlight[tag].offset >> 9;
	}

	@Override
	public int sectors(int tag) {
		return (int) (this.inFlight[tag].length >> 9);
	}

	@Override
	public synchronized void wakeUp() {
		this.awake = true;
		this.wakeUps++;
		notifyAll();
	}

	@Override
	public long enters() {
		return this.enters;
	}

	@Override
	public synchronized void close() {
		this.closed = true;
		for (Request request : this.inFlight) {
			if (request != null) {
				request.answer.completeExceptionally(new ErrnoException(5));
			}
		}
	}

	/**
	 * How the reader or writer sees a failed request.
	 */
	static final class ErrnoException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		ErrnoException(int errno) {
			super("errno " + errno);
		}

	}

	private static final class Request {

		private final CompletableFuture<byte[]> answer = new CompletableFuture<>();

		private final int operationAndFlags;

		private final long offset;

		private final long length;

		private final byte[] data;

		Request(int operationAndFlags, long offset, long length, byte[] data) {
			this.operationAndFlags = operationAndFlags;
			this.offset = offset;
			this.length = length;
			this.data = data;
		}

		int operation() {
			return this.operationAndFlags & IoOperation.MASK;
		}

	}

}
