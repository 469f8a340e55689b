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

import java.io.IOException;
import java.nio.file.Path;

import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.engine.linux.LinuxPlatform;

/**
 * Lets the file system zero a range of a file: as a hole where the space may be given
 * back, as allocated zeros otherwise.
 * <p>
 * It holds a descriptor of its own, since a {@code FileChannel} does not show its own. It
 * must stay open as long as the channel: closing any descriptor of a file drops the
 * process's lock on it.
 */
final class FallocateZeroer implements RangeZeroer {

	private final LinuxFile file;

	private FallocateZeroer(LinuxFile file) {
		this.file = file;
	}

	/**
	 * Opens a file that can be written.
	 * @return what zeroes it; {@link RangeZeroer#NONE} where the system has no fallocate
	 */
	static RangeZeroer open(Path path) throws IOException {
		if (!LinuxPlatform.isLinux() || LinuxPlatform.unsupportedReason() != null) {
			return NONE;
		}
		try {
			return new FallocateZeroer(LinuxFile.open(path.toString(), LinuxFile.O_RDWR));
		}
		catch (LinuxException ex) {
			throw new IOException(ex.getMessage(), ex);
		}
	}

	@Override
	public boolean zero(long offset, long length, boolean mayUnmap) throws IOException {
		int how = LinuxFile.FALLOC_FL_KEEP_SIZE
				| (mayUnmap ? LinuxFile.FALLOC_FL_PUNCH_HOLE : LinuxFile.FALLOC_FL_ZERO_RANGE);
		try {
			this.file.fallocate(how, offset, length);
			return true;
		}
		catch (LinuxException ex) {
			// not every file system can do both, nor every block device any range
			if (ex.errno() == Errno.EOPNOTSUPP || ex.errno() == Errno.EINVAL) {
				return false;
			}
			throw new IOException(ex.getMessage(), ex);
		}
	}

	@Override
	public void close() {
		this.file.close();
	}

}
