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

package io.github.ublk4j.store;

import java.nio.file.Path;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import io.github.ublk4j.engine.linux.SharedFile;

/**
 * Opens the files that requests are transferred to and from.
 */
public final class BackingFiles {

	private BackingFiles() {
	}

	/**
	 * Opens a file or block device that is only read.
	 * @param path an existing file
	 * @return the open file
	 * @throws StoreUnavailableException if it cannot be opened
	 */
	public static BackingFile openReadOnly(Path path) {
		return open(path, LinuxFile.O_RDONLY);
	}

	/**
	 * Opens a file or block device that is read and written.
	 * @param path an existing file
	 * @return the open file
	 * @throws StoreUnavailableException if it cannot be opened
	 */
	public static BackingFile open(Path path) {
		return open(path, LinuxFile.O_RDWR);
	}

	/**
	 * Opens a file or block device that is read and written past the page cache. Memory,
	 * positions and lengths of transfers must be aligned as the file system wants it,
	 * which is the logical block size of the device below it.
	 * @param path an existing file
	 * @return the open file
	 * @throws StoreUnavailableException if it cannot be opened
	 */
	public static BackingFile openDirect(Path path) {
		return open(path, LinuxFile.O_RDWR | LinuxFile.O_DIRECT);
	}

	/**
	 * Opens a file or block device that is only read, past the page cache, aligned as
	 * with {@link #openDirect(Path)}.
	 * @param path an existing file
	 * @return the open file
	 * @throws StoreUnavailableException if it cannot be opened
	 */
	public static BackingFile openDirectReadOnly(Path path) {
		return open(path, LinuxFile.O_RDONLY | LinuxFile.O_DIRECT);
	}

	static boolean areSupported() {
		return LinuxPlatform.isLinux() && LinuxPlatform.unsupportedReason() == null;
	}

	private static BackingFile open(Path path, int flags) {
		return wrap(share(path, flags));
	}

	static BackingFile wrap(SharedFile file) {
		return BackingFile.of(file, file::close);
	}

	static SharedFile share(Path path, int flags) {
		if (!areSupported()) {
			throw new StoreUnavailableException(path + " cannot be used for transfers.", "Transfers need Linux.");
		}
		try {
			return SharedFile.owning(LinuxFile.open(path.toString(), flags));
		}
		catch (LinuxException ex) {
			boolean notDirect = ex.errno() == Errno.EINVAL && (flags & LinuxFile.O_DIRECT) != 0;
			throw new StoreUnavailableException(path + " cannot be opened: " + Errno.describe(ex.errno()) + ".",
					notDirect ? "Its file system has no direct I/O; open it without."
							: "Check the path, the rights to the file and the limit on open files (ulimit -n).",
					ex);
		}
	}

}
