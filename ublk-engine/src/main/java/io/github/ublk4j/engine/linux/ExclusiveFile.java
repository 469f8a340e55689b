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

import java.io.IOException;
import java.io.Serial;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * An open file that nobody else takes, in this process or another, until it is closed or
 * the process ends. A process loses its lock on a file when it closes any descriptor of
 * that file: so whoever wants the same file in this process is refused before it opens
 * it, and looks at it through the channel that is open. Any thread.
 */
public final class ExclusiveFile implements AutoCloseable {

	// of the files that are taken, or that somebody is about to take or to look at
	private static final Map<Object, Place> PLACES = new HashMap<>();

	private final Object key;

	private final FileChannel channel;

	private ExclusiveFile(Object key, FileChannel channel) {
		this.key = key;
		this.channel = channel;
	}

	/**
	 * Takes a file.
	 * @param key identifies the file in this process
	 * @param opening opens it
	 * @param shared whether other processes may take it too, if they say so as well
	 * @return the file, locked
	 * @throws TakenException if somebody else has it
	 * @throws IOException if it cannot be opened or locked
	 */
	public static ExclusiveFile take(Object key, Opening opening, boolean shared) throws IOException, TakenException {
		Place place = enter(key);
		// may take its time, which must not keep others from other files
		synchronized (place) {
			try {
				if (place.taken != null) {
					throw new TakenException(true);
				}
				place.taken = new ExclusiveFile(key, openLocked(opening, shared));
				return place.taken;
			}
			finally {
				leave(key, place);
			}
		}
	}

	private static Place enter(Object key) {
		synchronized (PLACES) {
			Place place = PLACES.computeIfAbsent(key, (unknown) -> new Place());
			place.visitors++;
			return place;
		}
	}

	private static void leave(Object key, Place place) {
		synchronized (PLACES) {
			place.visitors--;
			if (place.visitors == 0 && place.taken == null) {
				PLACES.remove(key);
			}
		}
	}

	private static FileChannel openLocked(Opening opening, boolean shared) throws IOException, TakenException {
		FileChannel channel = opening.open();
		boolean locked = false;
		try {
			locked = tryLock(channel, shared);
		}
		finally {
			if (!locked) {
				channel.close();
			}
		}
		if (!locked) {
			throw new TakenException(false);
		}
		return channel;
	}

	private static boolean tryLock(FileChannel channel, boolean shared) throws IOException {
		try {
			FileLock lock = channel.tryLock(0, Long.MAX_VALUE, shared);
			return lock != null;
		}
		catch (OverlappingFileLockException ex) {
			// a copy of this class in another class loader has it
			return false;
		}
	}

	/**
	 * Looks at a file, whoever has it.
	 * @param <T> the type of what is found
	 * @param key identifies the file in this process
	 * @param opening opens it if nobody in this process has it
	 * @param look takes what is wanted from the channel, and does not close it
	 * @return what was found, {@code null} if nothing
	 * @throws IOException if it cannot be opened or read
	 */
	public static <T> @Nullable T lookAt(Object key, Opening opening, Look<T> look) throws IOException {
		Place place = enter(key);
		synchronized (place) {
			try {
				ExclusiveFile taken = place.taken;
				if (taken != null) {
					return look.at(taken.channel);
				}
				try (FileChannel channel = opening.open()) {
					return look.at(channel);
				}
			}
			finally {
				leave(key, place);
			}
		}
	}

	/**
	 * Returns the channel, which ends with {@link #close()} and not before.
	 * @return the channel
	 */
	public FileChannel channel() {
		return this.channel;
	}

	/**
	 * Closes the file and lets others take it. Idempotent.
	 * @throws IOException if the operating system reports a late error
	 */
	@Override
	public void close() throws IOException {
		try {
			// may take its time, which must not keep others from their files
			this.channel.close();
		}
		finally {
			Place place = enter(this.key);
			synchronized (place) {
				if (place.taken == this) {
					place.taken = null;
				}
				leave(this.key, place);
			}
		}
	}

	/**
	 * One file of this process. Its monitor is held while the file is opened, locked or
	 * looked at.
	 */
	private static final class Place {

		private @Nullable ExclusiveFile taken;

		// guarded by the map of all places
		private int visitors;

	}

	/**
	 * Opens a file.
	 */
	@FunctionalInterface
	public interface Opening {

		/**
		 * Opens it.
		 * @return its channel
		 * @throws IOException if it cannot be opened
		 */
		FileChannel open() throws IOException;

	}

	/**
	 * Takes something from a file.
	 *
	 * @param <T> the type of what is found
	 */
	@FunctionalInterface
	public interface Look<T> {

		/**
		 * Reads.
		 * @param channel the file
		 * @return what was found, {@code null} if nothing
		 * @throws IOException if it cannot be read
		 */
		@Nullable T at(FileChannel channel) throws IOException;

	}

	/**
	 * Somebody has the file.
	 */
	public static final class TakenException extends Exception {

		@Serial
		private static final long serialVersionUID = 1L;

		private final boolean byThisProcess;

		TakenException(boolean byThisProcess) {
			super("The file is taken by " + (byThisProcess ? "this process" : "another process"));
			this.byThisProcess = byThisProcess;
		}

		/**
		 * Returns who has it.
		 * @return whether it is this process
		 */
		public boolean isByThisProcess() {
			return this.byThisProcess;
		}

	}

}
