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

package io.github.ublk4j.engine.linux;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file that rings use while others may close it: the descriptor is closed when
 * the last use has ended, so that its number never stands for another file meanwhile, and
 * the locks of the process on the file stay. Any thread.
 */
public final class SharedFile implements AutoCloseable {

	// beside the number of uses
	private static final int RETIRED = Integer.MIN_VALUE;

	private final String name;

	private final int fd;

	private final Runnable release;

	private final LostWrites lostWrites = new LostWrites();

	private final AtomicInteger uses = new AtomicInteger();

	private final AtomicBoolean released = new AtomicBoolean();

	private final Set<Runnable> listeners = ConcurrentHashMap.newKeySet();

	private volatile boolean closing;

	/**
	 * Shares an open file.
	 * @param name names it in messages
	 * @param fd its descriptor
	 * @param release closes the descriptor; called once
	 */
	public SharedFile(String name, int fd, Runnable release) {
		this.name = name;
		this.fd = fd;
		this.release = release;
	}

	/**
	 * Shares an open file.
	 * @param file the file, from now on closed by this object
	 * @return the shared file
	 */
	public static SharedFile owning(LinuxFile file) {
		return new SharedFile(file.path(), file.fd(), file::close);
	}

	/**
	 * Begins a use, which keeps the descriptor open until {@link #endUse()}.
	 * @return the descriptor
	 * @throws IllegalStateException if the file is closed
	 */
	public int use() {
		int current;
		do {
			current = this.uses.get();
			if (current < 0) {
				throw new IllegalStateException(this.name + " is closed; stop the disk before its file or store");
			}
		}
		while (!this.uses.compareAndSet(current, current + 1));
		return this.fd;
	}

	/**
	 * Ends a use.
	 */
	public void endUse() {
		if (this.uses.decrementAndGet() == RETIRED) {
			unused();
		}
	}

	private void unused() {
		synchronized (this) {
			notifyAll();
		}
		// those that could not let go of it while others used it
		this.listeners.forEach(Runnable::run);
		if (this.closing) {
			release();
		}
	}

	private void release() {
		if (this.released.compareAndSet(false, true)) {
			this.release.run();
		}
	}

	/**
	 * Returns whether nobody uses the file now.
	 * @return whether no use has begun without having ended
	 */
	public boolean isUnused() {
		return (this.uses.get() & ~RETIRED) == 0;
	}

	/**
	 * Returns whether no further use can begin.
	 * @return whether the file is closed, or is about to be
	 */
	public boolean isRetired() {
		return this.uses.get() < 0;
	}

	/**
	 * Lets no further use begin. Idempotent.
	 */
	public void retire() {
		if (this.uses.getAndUpdate((current) -> current | RETIRED) >= 0) {
			this.listeners.forEach(Runnable::run);
		}
	}

	/**
	 * Waits until every use of a retired file has ended. An interrupt is kept for later:
	 * to close the file under running I/O would be worse.
	 * @param bound how long to wait
	 * @return whether all have
	 */
	public synchronized boolean awaitUnused(Duration bound) {
		boolean interrupted = false;
		long end = System.nanoTime() + bound.toNanos();
		long left = bound.toNanos();
		while (!isUnused() && left > 0) {
			try {
				wait(left / 1_000_000, (int) (left % 1_000_000));
			}
			catch (InterruptedException ex) {
				interrupted = true;
			}
			left = end - System.nanoTime();
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
		return isUnused();
	}

	/**
	 * Retires the file and closes its descriptor, now or when the last use has ended.
	 * Idempotent.
	 */
	@Override
	public void close() {
		this.closing = true;
		retire();
		if (isUnused()) {
			release();
		}
	}

	/**
	 * Returns what the kernel has lost of the file.
	 * @return the same object all the time
	 */
	public LostWrites lostWrites() {
		return this.lostWrites;
	}

	/**
	 * Adds a listener.
	 * @param listener called when the file is retired, and when the last use of a retired
	 * file has ended, by the thread that does it
	 */
	public void addListener(Runnable listener) {
		this.listeners.add(listener);
	}

	/**
	 * Removes a listener.
	 * @param listener one that was added
	 */
	public void removeListener(Runnable listener) {
		this.listeners.remove(listener);
	}

	@Override
	public String toString() {
		return this.name;
	}

}
