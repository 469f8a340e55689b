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
import java.nio.ByteOrder;
import java.time.Duration;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.engine.driver.IoOperation;
import io.github.ublk4j.engine.driver.UblkLayout;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.metrics.QueueMetrics;

/**
 * A queue and its driver in the same thread: every commit is answered with the next read
 * of the same tag, as many as {@link #serve(int)} asks for.
 */
final class EndlessDriver implements QueueTransport {

	static final int DEPTH = 32;

	static final int LENGTH = 4096;

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final ByteBuffer descriptors = ByteBuffer.allocateDirect(DEPTH * UblkLayout.IoDesc.SIZE)
		.order(ByteOrder.nativeOrder());

	private final int[] armed = new int[DEPTH];

	private final int[] transferred = new int[DEPTH];

	private final DataPath path;

	private final BlockQueue queue;

	private int armedCount;

	private int transferredCount;

	private int left;

	private long transfers;

	private long threadId;

	// guarded by this
	private int asked;

	// what was asked for has been taken up, and is not asked for only now
	private boolean serving;

	private boolean stopping;

	private boolean closed;

	EndlessDriver(BlockDeviceHandler handler, DataPath path) {
		this(handler, path, QueueMetrics.NONE);
	}

	EndlessDriver(BlockDeviceHandler handler, DataPath path, QueueMetrics metrics) {
		for (int tag = 0; tag < DEPTH; tag++) {
			int descriptor = tag * UblkLayout.IoDesc.SIZE;
			this.descriptors.putInt(descriptor + UblkLayout.IoDesc.OP_FLAGS, IoOperation.READ);
			this.descriptors.putInt(descriptor + UblkLayout.IoDesc.NR_SECTORS, LENGTH >> 9);
			this.descriptors.putLong(descriptor + UblkLayout.IoDesc.START_SECTOR, 8L * tag);
		}
		this.path = path;
		this.queue = BlockQueue
			.forHandler("endless", 0, DEPTH, (index) -> this, path, handler, (index, reason, failure) -> {
			})
			.observedBy(metrics);
		this.queue.start(PATIENCE);
	}

	static EndlessDriver copyMode(BlockDeviceHandler handler) {
		return new EndlessDriver(handler, new CopyPath(DEPTH, LENGTH, false));
	}

	/**
	 * Issues reads and waits until all are committed.
	 */
	synchronized void serve(int requests) throws InterruptedException {
		this.asked = requests;
		notifyAll();
		while (this.asked > 0) {
			if (this.closed) {
				throw new IllegalStateException("The queue has ended");
			}
			wait();
		}
	}

	/**
	 * Returns the thread of the queue.
	 */
	synchronized long threadId() {
		return this.threadId;
	}

	/**
	 * Returns how many transfers have been asked for.
	 */
	synchronized long transfers() {
		return this.transfers;
	}

	long requests() {
		return this.queue.snapshot().requests();
	}

	/**
	 * Ends the queue and releases its data path.
	 */
	void stop() {
		synchronized (this) {
			this.stopping = true;
			notifyAll();
		}
		if (!this.queue.awaitEnd(PATIENCE)) {
			throw new IllegalStateException("The queue does not end");
		}
		this.path.release();
	}

	private synchronized boolean awaitRequests() {
		this.threadId = Thread.currentThread().getId();
		if (this.serving) {
			this.serving = false;
			this.asked = 0;
			notifyAll();
		}
		try {
			while (this.asked == 0 && !this.stopping) {
				wait();
			}
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
		this.left = this.asked;
		this.serving = true;
		return !this.stopping;
	}

	@Override
	public void fetch(int tag, long address) {
		this.armed[this.armedCount++] = tag;
	}

	@Override
	public void commitAndFetch(int tag, int result, long address) {
		if (result != LENGTH) {
			throw new IllegalStateException("result " + result);
		}
		this.armed[this.armedCount++] = tag;
	}

	@Override
	public void transfer(RingOperation transfer, int slot) {
		this.transferred[this.transferredCount++] = slot;
		this.transfers++;
	}

	@Override
	public void registerPages(int tag) {
		throw new IllegalStateException("pages are registered from the start");
	}

	@Override
	public void unregisterPages(int tag) {
		throw new IllegalStateException("pages are registered from the start");
	}

	@Override
	public void cancelTransfer(int slot) {
		throw new IllegalStateException("no transfer fails");
	}

	@Override
	@SuppressWarnings("ThreadPriorityCheck")
	public void exchange(boolean wait) {
		// the next requests are there already, unless another thread has them all
		if (wait && this.armedCount == 0 && this.transferredCount == 0) {
			Thread.yield();
		}
	}

	@Override
	public void poll(Events events) {
		int transfers = this.transferredCount;
		this.transferredCount = 0;
		for (int i = 0; i < transfers; i++) {
			events.transferred(this.transferred[i], LENGTH);
		}
		boolean going = this.left > 0 || this.armedCount < DEPTH || awaitRequests();
		int count = this.armedCount;
		this.armedCount = 0;
		for (int i = 0; i < count; i++) {
			// a tag that is armed again meanwhile takes a place that has been read
			int tag = this.armed[i];
			if (!going) {
				events.aborted(tag, Errno.ENODEV);
			}
			else if (this.left > 0) {
				this.left--;
				events.arrived(tag);
			}
			else {
				this.armed[this.armedCount++] = tag;
			}
		}
	}

	@Override
	public int operationAndFlags(int tag) {
		return this.descriptors.getInt(tag * UblkLayout.IoDesc.SIZE + UblkLayout.IoDesc.OP_FLAGS);
	}

	@Override
	public long startSector(int tag) {
		return this.descriptors.getLong(tag * UblkLayout.IoDesc.SIZE + UblkLayout.IoDesc.START_SECTOR);
	}

	@Override
	public int sectors(int tag) {
		return this.descriptors.getInt(tag * UblkLayout.IoDesc.SIZE + UblkLayout.IoDesc.NR_SECTORS);
	}

	@Override
	public void wakeUp() {
		// never sleeps
	}

	@Override
	public long enters() {
		return 0;
	}

	@Override
	public synchronized void close() {
		this.closed = true;
		notifyAll();
	}

}
