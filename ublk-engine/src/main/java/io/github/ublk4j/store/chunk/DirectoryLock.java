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
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

import io.github.ublk4j.engine.linux.ExclusiveFile;
import io.github.ublk4j.engine.linux.ExclusiveFile.TakenException;
import io.github.ublk4j.store.StoreUnavailableException;
import org.jspecify.annotations.Nullable;

/**
 * The right to write the volume of a directory. It ends with the process.
 */
final class DirectoryLock implements AutoCloseable {

	/** For those that only read. */
	static final DirectoryLock NONE = new DirectoryLock(null);

	private static final int LONGEST_HOLDER = 1024;

	private final @Nullable ExclusiveFile file;

	private DirectoryLock(@Nullable ExclusiveFile file) {
		this.file = file;
	}

	static DirectoryLock acquire(Path directory, String holder) throws IOException {
		Path file = directory.resolve("volume.lock");
		Path key = directory.toRealPath();
		ExclusiveFile taken;
		try {
			taken = ExclusiveFile.take(key, () -> FileChannel.open(file, StandardOpenOption.CREATE,
					StandardOpenOption.READ, StandardOpenOption.WRITE), false);
		}
		catch (TakenException ex) {
			throw ex.isByThisProcess() ? servedHere(directory) : servedBy(directory, holder(key, file));
		}
		try {
			taken.channel().truncate(0).write(ByteBuffer.wrap((holder + "\n").getBytes(StandardCharsets.UTF_8)));
			return new DirectoryLock(taken);
		}
		catch (IOException ex) {
			taken.close();
			throw ex;
		}
	}

	private static StoreUnavailableException servedHere(Path directory) {
		return new StoreUnavailableException("The directory " + directory + " is already served by this JVM.",
				"Close the other store, or use another directory.");
	}

	private static StoreUnavailableException servedBy(Path directory, String holder) {
		return new StoreUnavailableException("The directory " + directory + " is served by " + holder + ".",
				"Stop it, or use another directory; the lock goes with the process.");
	}

	// not by a descriptor of its own: this process may have got the lock meanwhile
	private static String holder(Path key, Path file) throws IOException {
		String found = ExclusiveFile.lookAt(key, () -> FileChannel.open(file, StandardOpenOption.READ), (channel) -> {
			ByteBuffer text = ByteBuffer.allocate(LONGEST_HOLDER);
			channel.read(text, 0);
			return StandardCharsets.UTF_8.decode(text.flip()).toString().strip();
		});
		return Objects.requireNonNullElse(found, "another process");
	}

	@Override
	public void close() throws IOException {
		if (this.file != null) {
			this.file.close();
		}
	}

}
