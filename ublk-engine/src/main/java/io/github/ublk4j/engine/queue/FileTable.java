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

import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.SharedFile;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files that are registered with the ring of a queue, which saves the kernel some
 * work at every operation. A registered file is open as long as it has its place: a file
 * that its owner has closed gives it up, and one that was not used for a while makes room
 * for another. Used by the loop alone.
 */
final class FileTable {

	private static final Logger logger = LoggerFactory.getLogger(FileTable.class);

	/** The file has no place. */
	static final int NOT_REGISTERED = -1;

	private static final int EMPTY = -1;

	// To give a place away costs a system call: more than to go without one
	static final int IDLE_LOOKUPS = 1024;

	private final Registration registration;

	private final int first;

	private final @Nullable SharedFile[] files;

	private final long[] lastLookups;

	// places beyond were never used
	private int used;

	private long lookups;

	private @Nullable Runnable waker;

	/**
	 * Creates an empty table.
	 * @param registration puts a file into the ring's own table
	 * @param first the first place
	 * @param count how many places there are
	 */
	FileTable(Registration registration, int first, int count) {
		this.registration = registration;
		this.first = first;
		this.files = new SharedFile[count];
		this.lastLookups = new long[count];
	}

	/**
	 * Finds the place of a file, or gives it one.
	 * @param file a file in use
	 * @param fd its descriptor
	 * @param waker wakes the loop, always the same
	 * @return the index in the ring's table, or {@link #NOT_REGISTERED} if there is no
	 * room
	 */
	int indexOf(SharedFile file, int fd, Runnable waker) {
		this.lookups++;
		int place = find(file);
		if (place == NOT_REGISTERED) {
			place = findRoom();
			if (place == NOT_REGISTERED || !register(place, file, fd, waker)) {
				return NOT_REGISTERED;
			}
		}
		this.lastLookups[place] = this.lookups;
		return this.first + place;
	}

	private int find(SharedFile file) {
		for (int place = 0; place < this.files.length; place++) {
			if (this.files[place] == file) {
				return place;
			}
		}
		return NOT_REGISTERED;
	}

	private int findRoom() {
		int oldest = NOT_REGISTERED;
		for (int place = 0; place < this.files.length; place++) {
			SharedFile file = this.files[place];
			if (file == null) {
				return place;
			}
			// the kernel looks for the file when an operation begins, not when it is
			// submitted: it must not find another
			if (file.isUnused() && (oldest == NOT_REGISTERED || this.lastLookups[place] < this.lastLookups[oldest])) {
				oldest = place;
			}
		}
		boolean idle = oldest != NOT_REGISTERED && this.lookups - this.lastLookups[oldest] > IDLE_LOOKUPS;
		return idle ? oldest : NOT_REGISTERED;
	}

	private boolean register(int place, SharedFile file, int fd, Runnable loopWaker) {
		forget(place);
		try {
			this.registration.register(this.first + place, fd);
		}
		catch (LinuxException ex) {
			// the operation itself tells what is wrong with the file
			return false;
		}
		this.files[place] = file;
		this.used = Math.max(this.used, place + 1);
		this.waker = loopWaker;
		file.addListener(loopWaker);
		return true;
	}

	private void forget(int place) {
		SharedFile before = this.files[place];
		if (before != null && this.waker != null) {
			before.removeListener(this.waker);
		}
		this.files[place] = null;
	}

	/**
	 * Lets go of files that were closed by their owners.
	 */
	void dropRetired() {
		for (int place = 0; place < this.used; place++) {
			SharedFile file = this.files[place];
			if (file != null && file.isRetired() && file.isUnused()) {
				forget(place);
				empty(place);
			}
		}
	}

	private void empty(int place) {
		try {
			this.registration.register(this.first + place, EMPTY);
		}
		catch (LinuxException ex) {
			// no reason to end the queue: the place is filled anew, or goes with the ring
			logger.warn("The ring does not let go of a file that was closed", ex);
		}
	}

	/**
	 * Forgets all files: the ring is gone.
	 */
	void close() {
		for (int place = 0; place < this.files.length; place++) {
			forget(place);
		}
	}

	/**
	 * The ring's own table.
	 */
	@FunctionalInterface
	interface Registration {

		/**
		 * Fills a place.
		 * @param index the place
		 * @param fd a descriptor, or -1 to empty it
		 * @throws LinuxException if the kernel refuses
		 */
		void register(int index, int fd);

	}

}
