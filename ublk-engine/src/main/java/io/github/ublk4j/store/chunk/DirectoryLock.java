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

package io.github.ublk4j.store.chunk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import io.github.ublk4j.store.StoreUnavailableException;

/**
 * The right to write the volume of a directory. It ends with the process.
 */
final class DirectoryLock implements AutoCloseable {

	/** For those that only read. */
	static final DirectoryLock NONE = new DirectoryLock(null, null);

	/**
	 * The directories that this JVM writes. The lock of a file belongs to the process,
	 * which loses it when it closes any descriptor of the file.
	 */
	private static final Set<Path> HELD = new HashSet<>();

	private final @Nullable Path directory;

	private final @Nullable FileChannel channel;

	private DirectoryLock(@Nullable Path directory, @Nullable FileChannel channel) {
		this.directory = directory;
		this.channel = channel;
	}

	static DirectoryLock acquire(Path directory, String holder) throws IOException {
		Path real = directory.toRealPath();
		synchronized (HELD) {
			if (!HELD.add(real)) {
				throw new StoreUnavailableException("The directory " + directory + " is already served by this JVM.",
						"Close the other store, or use another directory.");
			}
			boolean acquired = false;
			try {
				DirectoryLock lock = new DirectoryLock(real, lock(directory, holder));
				acquired = true;
				return lock;
			}
			finally {
				if (!acquired) {
					HELD.remove(real);
				}
			}
		}
	}

	private static FileChannel lock(Path directory, String holder) throws IOException {
		Path file = directory.resolve("volume.lock");
		FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
		try {
			FileLock lock = channel.tryLock();
			if (lock == null) {
				throw new StoreUnavailableException(
						"The directory " + directory + " is served by " + Files.readString(file).strip() + ".",
						"Stop it, or use another directory; the lock goes with the process.");
			}
			channel.truncate(0).write(ByteBuffer.wrap((holder + "\n").getBytes(StandardCharsets.UTF_8)));
			return channel;
		}
		catch (IOException | RuntimeException ex) {
			channel.close();
			throw ex;
		}
	}

	@Override
	public void close() throws IOException {
		if (this.directory == null || this.channel == null) {
			return;
		}
		synchronized (HELD) {
			this.channel.close();
			HELD.remove(this.directory);
		}
	}

}
