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

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A file descriptor that this object owns. May be used from any thread; whoever closes it
 * makes sure that nobody uses it any more.
 */
public final class LinuxFile implements AutoCloseable {

	/** Opens for reading. */
	public static final int O_RDONLY = 0;

	/** Opens for reading and writing. */
	public static final int O_RDWR = 2;

	/**
	 * {@code O_EXCL}: for a block device, fail with EBUSY if a mount or another device
	 * has it.
	 */
	public static final int O_EXCL = 0200;

	/**
	 * Passes the page cache by. Buffers, positions and lengths must be aligned as the
	 * file system wants it.
	 */
	public static final int O_DIRECT = System.getProperty("os.arch", "").equals("aarch64") ? 0x10000 : 0x4000;

	/** {@code fallocate(2)} leaves the size of the file as it is. */
	public static final int FALLOC_FL_KEEP_SIZE = 1;

	/** {@code fallocate(2)} gives the space back. */
	public static final int FALLOC_FL_PUNCH_HOLE = 1 << 1;

	/** {@code fallocate(2)} zeroes the range and keeps its space. */
	public static final int FALLOC_FL_ZERO_RANGE = 1 << 4;

	private static final int O_CLOEXEC = 0x80000;

	// linux/fs.h: _IO(0x12, 97)
	private static final long BLKFLSBUF = 0x1261;

	private final String path;

	private final int fd;

	private final AtomicBoolean closed = new AtomicBoolean();

	private LinuxFile(String path, int fd) {
		this.path = path;
		this.fd = fd;
	}

	/**
	 * Takes over an open descriptor.
	 * @param what names it in messages
	 * @param fd the descriptor, from now on closed by this object
	 * @return the open file
	 */
	public static LinuxFile owning(String what, int fd) {
		return new LinuxFile(what, fd);
	}

	/**
	 * Opens an existing file; it is not inherited by child processes.
	 * @param path the path
	 * @param flags {@code O_*} flags
	 * @return the open file
	 * @throws LinuxException if the kernel refuses
	 */
	public static LinuxFile open(String path, int flags) {
		return owning(path, Libc.check(Libc.open(path, flags | O_CLOEXEC, 0), "open " + path));
	}

	/**
	 * Returns the descriptor.
	 * @return the number of the open descriptor
	 * @throws IllegalStateException if closed: the number may belong to another file
	 */
	public int fd() {
		if (this.closed.get()) {
			throw new IllegalStateException(this.path + " is closed");
		}
		return this.fd;
	}

	/**
	 * Reads into memory ({@code pread(2)}).
	 * @param address where to put the data
	 * @param length bytes
	 * @param position where to begin in the file, in bytes
	 * @return how many bytes were read, or the negative error number
	 */
	public int read(long address, int length, long position) {
		return RequestPathCalls.pread(fd(), address, length, position);
	}

	/**
	 * Writes from memory ({@code pwrite(2)}).
	 * @param address where the data is
	 * @param length bytes
	 * @param position where to begin in the file, in bytes
	 * @return how many bytes were written, or the negative error number
	 */
	public int write(long address, int length, long position) {
		return RequestPathCalls.pwrite(fd(), address, length, position);
	}

	/**
	 * Changes the space of a part of the file ({@code fallocate(2)}). May block.
	 * @param mode {@code FALLOC_FL_*}
	 * @param offset where to begin, in bytes
	 * @param length bytes
	 * @throws LinuxException if the file system refuses
	 */
	public void fallocate(int mode, long offset, long length) {
		int result;
		do {
			result = Libc.fallocate(fd(), mode, offset, length);
		}
		while (result == -1 && Libc.errno() == Errno.EINTR);
		Libc.check(result, "fallocate of " + length + " bytes at " + offset + " in " + this.path);
	}

	/**
	 * Writes what the kernel has kept of a disk and its partitions to it: of the file
	 * systems that are mounted from them, or else of their own page caches. Waits for
	 * that, uninterruptibly. Needs {@code CAP_SYS_ADMIN}.
	 * @param device the path of the disk
	 * @throws LinuxException if the kernel refuses; of writes that fail it tells nothing
	 */
	public static void syncDisk(Path device) {
		for (Path part : KernelFiles.diskAndPartitions(Path.of("/sys/class/block"), device.getFileName())) {
			String node = device.resolveSibling(part.getFileName()).toString();
			try (LinuxFile file = open(node, O_RDONLY)) {
				Libc.check(Libc.ioctl(file.fd(), BLKFLSBUF, 0), "sync " + node);
			}
		}
	}

	/**
	 * Returns what was opened.
	 * @return the path
	 */
	public String path() {
		return this.path;
	}

	/**
	 * Closes the descriptor. Idempotent.
	 */
	@Override
	public void close() {
		if (this.closed.compareAndSet(false, true)) {
			// Linux releases the descriptor even when close() reports an error
			Libc.close(this.fd);
		}
	}

	@Override
	public String toString() {
		return this.path + " (fd " + this.fd + ")";
	}

}
