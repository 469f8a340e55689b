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

import java.util.List;

/**
 * Carries the requests of one queue from the driver and the results back. Opened, used
 * and closed by the queue's thread, except for {@link #wakeUp()}.
 */
public interface QueueTransport extends AutoCloseable {

	/**
	 * Arms a tag for its first request, with the next {@link #exchange(boolean)}.
	 * @param tag the tag
	 * @param address where the driver copies to and from, or 0
	 */
	void fetch(int tag, long address);

	/**
	 * Completes the request of a tag and arms the tag again, with the next
	 * {@link #exchange(boolean)}.
	 * @param tag the tag
	 * @param result bytes transferred, or a negative error number
	 * @param address where the driver copies to and from for the next request, or 0
	 */
	void commitAndFetch(int tag, int result, long address);

	/**
	 * Begins a transfer between a request and a file, with the next
	 * {@link #exchange(boolean)}.
	 * @param operation what to do
	 * @param slot the number that its completion carries
	 */
	void transfer(RingOperation operation, int slot);

	/**
	 * Registers the pages of a request as the fixed buffer of its tag, before the
	 * transfer that follows at once.
	 * @param tag the tag
	 */
	void registerPages(int tag);

	/**
	 * Removes the pages of a request from the fixed buffers, before its commit.
	 * @param tag the tag
	 */
	void unregisterPages(int tag);

	/**
	 * Makes memory the fixed buffers of the ring, so that transfers need not look for its
	 * pages each time. Once, where no pages of requests are registered.
	 * @param memory what the buffers 0 and up are
	 * @return whether transfers may name them; otherwise they go by addresses, as before
	 */
	default boolean registerMemory(List<BufferMemory> memory) {
		return false;
	}

	/**
	 * Asks for a transfer to be broken off. Its completion arrives nevertheless.
	 * @param slot the number that its completion carries
	 */
	void cancelTransfer(int slot);

	/**
	 * Hands everything queued to the driver.
	 * @param wait whether to wait until an event or a wake-up is there
	 */
	void exchange(boolean wait);

	/**
	 * Delivers the events that are there.
	 * @param events what receives them; it may queue commits
	 */
	void poll(Events events);

	/**
	 * Returns what the request of a tag asks for, valid from its arrival to its commit.
	 * @param tag the tag
	 * @return operation and flags as in {@code struct ublksrv_io_desc}
	 */
	int operationAndFlags(int tag);

	/**
	 * Returns where the request of a tag begins.
	 * @param tag the tag
	 * @return a sector of 512 bytes
	 */
	long startSector(int tag);

	/**
	 * Returns how much the request of a tag covers.
	 * @param tag the tag
	 * @return sectors of 512 bytes, unsigned
	 */
	int sectors(int tag);

	/**
	 * Ends a wait in {@link #exchange(boolean)}, now or the next time. Any thread.
	 */
	void wakeUp();

	/**
	 * Returns the kernel's number of the thread that serves the queue. Any thread.
	 * @return its {@code gettid(2)}; 0 where there is none
	 */
	default int kernelThread() {
		return 0;
	}

	/**
	 * Returns how often the driver was entered.
	 * @return the number of system calls made by {@link #exchange(boolean)}
	 */
	long enters();

	@Override
	void close();

	/**
	 * Receives the events of a queue.
	 */
	interface Events {

		/**
		 * A request has arrived.
		 * @param tag its tag
		 */
		void arrived(int tag);

		/**
		 * A tag is given up by the driver and takes no more requests.
		 * @param tag the tag
		 * @param error the positive error number; ENODEV is the regular end
		 */
		void aborted(int tag, int error);

		/**
		 * A transfer has ended.
		 * @param slot its number
		 * @param result bytes transferred or 0, or the negative error number
		 */
		void transferred(int slot, int result);

		/**
		 * The pages of a request could not be registered; the transfer after that is
		 * cancelled.
		 * @param tag the tag
		 * @param error the positive error number
		 */
		void pagesUnavailable(int tag, int error);

	}

	/**
	 * Opens the transport of a queue on the queue's thread.
	 */
	@FunctionalInterface
	interface Factory {

		/**
		 * Opens the transport.
		 * @param queue the index of the queue
		 * @return the open transport; an exception leaves nothing open
		 */
		QueueTransport open(int queue);

	}

}
