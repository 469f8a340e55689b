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

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;

import io.github.ublk4j.engine.linux.Errno;

/**
 * Opens the files behind the descriptors of this process once more, by what Linux shows
 * of them in {@code /proc}: no system call of this library's own is needed.
 */
final class OpenDescriptor {

	private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

	private static final Path DESCRIPTIONS = Path.of("/proc/self/fdinfo");

	// O_ACCMODE, and the modes that allow one direction only
	private static final int ACCESS = 3;

	private static final int READ_ONLY = 0;

	private static final int WRITE_ONLY = 1;

	private OpenDescriptor() {
	}

	static boolean areAccessible() {
		return Files.isDirectory(DESCRIPTORS);
	}

	/**
	 * Opens the file of a descriptor, if the descriptor allows what is asked for.
	 */
	static FileChannel open(int fd, boolean forWriting) throws IOException {
		if (accessOf(fd) == (forWriting ? READ_ONLY : WRITE_ONLY)) {
			throw new NoSuchFileException("descriptor " + fd);
		}
		OpenOption option = forWriting ? StandardOpenOption.WRITE : StandardOpenOption.READ;
		return FileChannel.open(DESCRIPTORS.resolve(String.valueOf(fd)), option);
	}

	private static int accessOf(int fd) throws IOException {
		try (Stream<String> lines = Files.lines(DESCRIPTIONS.resolve(String.valueOf(fd)))) {
			return lines.filter((line) -> line.startsWith("flags:"))
				.mapToInt((line) -> Integer.parseInt(line.substring("flags:".length()).strip(), 8) & ACCESS)
				.findFirst()
				.orElseThrow(() -> new IOException("descriptor " + fd + " has no flags"));
		}
	}

	/**
	 * Returns the positive error number of a failure, which Java tells by its text alone.
	 */
	static int errnoOf(Exception failure) {
		if (failure instanceof NoSuchFileException) {
			return Errno.EBADF;
		}
		return String.valueOf(failure.getMessage()).contains("No space left") ? Errno.ENOSPC : Errno.EIO;
	}

}
