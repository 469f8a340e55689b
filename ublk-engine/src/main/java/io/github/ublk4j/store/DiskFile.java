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
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Set;

import io.github.ublk4j.engine.linux.ExclusiveFile;
import io.github.ublk4j.engine.linux.ExclusiveFile.TakenException;

/**
 * An open file or block device that nobody else serves.
 */
final class DiskFile implements AutoCloseable {

	/** {@code S_IFMT} and {@code S_IFBLK} of {@code stat(2)}. */
	private static final int TYPE_MASK = 0xF000;

	private static final int BLOCK_DEVICE = 0x6000;

	private static final Object CREATION = new Object();

	private final ExclusiveFile file;

	private final long size;

	private DiskFile(ExclusiveFile file, long size) {
		this.file = file;
		this.size = size;
	}

	FileChannel channel() {
		return this.file.channel();
	}

	long size() {
		return this.size;
	}

	/**
	 * Opens a file.
	 * @param path the file
	 * @param size its size in bytes at least, 0 if it does not matter
	 * @param create whether to create it if it is missing
	 * @param readOnly whether it is only read
	 * @return the file, locked
	 */
	static DiskFile open(Path path, long size, boolean create, boolean readOnly) {
		synchronized (CREATION) {
			if (Files.notExists(path)) {
				create(path, size, create && !readOnly);
			}
		}
		ExclusiveFile file = take(path, readOnly);
		try {
			return new DiskFile(file, checkedSize(path, file.channel(), size));
		}
		catch (RuntimeException ex) {
			closeQuietly(file);
			throw ex;
		}
	}

	private static void create(Path path, long size, boolean create) {
		Path parent = Objects.requireNonNull(path.toAbsolutePath().getParent(), "the root is missing");
		if (!create) {
			throw new StoreUnavailableException(path + " does not exist.",
					"Correct the path, or create the file (truncate -s SIZE " + path + ").");
		}
		if (size == 0) {
			throw new StoreUnavailableException(path + " does not exist, and no size is given to create it with.",
					"Give the disk a size, or correct the path.");
		}
		if (!Files.isDirectory(parent)) {
			throw new StoreUnavailableException(
					path + " cannot be created: " + parent
							+ (Files.exists(parent) ? " is not a directory." : " does not exist."),
					"Correct the path, or create the directory (mkdir -p " + parent + ").");
		}
		try {
			Files.createFile(path);
		}
		catch (IOException ex) {
			throw unavailable(path, "created", ex);
		}
		try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
			file.setLength(size);
		}
		catch (IOException ex) {
			path.toFile().delete();
			throw new StoreUnavailableException(
					path + " cannot be created with " + size + " bytes: " + ex.getMessage() + ".",
					"Use a smaller size, or a file system that has files of this size.", ex);
		}
	}

	private static Object identify(Path path) {
		try {
			BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
			// Before it is opened: to open a pipe waits for its writer.
			if (!attributes.isRegularFile() && !isBlockDevice(path, attributes)) {
				throw attributes.isDirectory()
						? new StoreUnavailableException(path + " is a directory.",
								"Name a file, such as " + path.resolve("disk.img") + ".")
						: new StoreUnavailableException(path + " is neither a regular file nor a block device.",
								"Name a regular file or a block device.");
			}
			return (attributes.fileKey() != null) ? attributes.fileKey() : path.toRealPath();
		}
		catch (IOException ex) {
			throw unavailable(path, "opened", ex);
		}
	}

	private static boolean isBlockDevice(Path path, BasicFileAttributes attributes) throws IOException {
		return attributes.isOther() && path.getFileSystem().supportedFileAttributeViews().contains("unix")
				&& ((int) Files.getAttribute(path, "unix:mode") & TYPE_MASK) == BLOCK_DEVICE;
	}

	private static FileChannel open(Path path, boolean readOnly) {
		Set<OpenOption> options = readOnly ? Set.of(StandardOpenOption.READ)
				: Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
		try {
			return FileChannel.open(path, options);
		}
		catch (IOException ex) {
			throw unavailable(path, readOnly ? "read" : "read and written", ex);
		}
	}

	private static ExclusiveFile take(Path path, boolean readOnly) {
		try {
			return ExclusiveFile.take(identify(path), () -> open(path, readOnly), readOnly);
		}
		catch (TakenException ex) {
			throw ex.isByThisProcess()
					? new StoreUnavailableException(path + " is already served by this JVM.",
							"Close the other store, or use another file.")
					: new StoreUnavailableException(path + " is locked by another server.",
							"Stop it (fuser -v " + path + " names it), or use another file.");
		}
		catch (IOException ex) {
			throw new StoreUnavailableException(path + " cannot be locked: " + ex.getMessage() + ".",
					"Use a file system that supports locks.", ex);
		}
	}

	private static long checkedSize(Path path, FileChannel channel, long declared) {
		long actual;
		try {
			actual = channel.size();
		}
		catch (IOException ex) {
			throw unavailable(path, "measured", ex);
		}
		if (actual == 0 && declared == 0) {
			throw new StoreUnavailableException(path + " is empty, and no size is given.",
					"Make it as large as the disk (truncate -s SIZE " + path + ").");
		}
		if (actual < declared) {
			throw new StoreUnavailableException(
					path + " has " + actual + " bytes, fewer than the " + declared + " of the disk.",
					"Make the disk smaller, or the file larger (truncate -s " + declared + " " + path + ").");
		}
		return (declared > 0) ? declared : actual;
	}

	static StoreUnavailableException unavailable(Path path, String action, IOException cause) {
		String problem = path + " cannot be " + action + ": " + reason(path, cause) + ".";
		String remedy = (cause instanceof AccessDeniedException)
				? "Give the user '" + System.getProperty("user.name") + "' access to the file and its directories"
						+ (action.equals("read and written") ? ", or make the disk read-only." : ".")
				: "Correct the path, or what it names.";
		return new StoreUnavailableException(problem, remedy, cause);
	}

	private static String reason(Path path, IOException cause) {
		if (cause instanceof AccessDeniedException) {
			return "permission denied";
		}
		if (cause instanceof FileAlreadyExistsException || cause instanceof NoSuchFileException) {
			return Files.isSymbolicLink(path) ? "it is a symbolic link to nothing"
					: "it is being created or deleted by somebody else";
		}
		String reason = (cause instanceof FileSystemException fileSystem) ? fileSystem.getReason() : null;
		return (reason != null) ? reason : String.valueOf(cause.getMessage());
	}

	private static void closeQuietly(ExclusiveFile file) {
		try {
			file.close();
		}
		catch (IOException ex) {
			// What matters is the error that led here.
		}
	}

	/**
	 * Undoes an open of which nothing has come.
	 */
	void release() {
		closeQuietly(this.file);
	}

	/**
	 * Closes the file and lets others serve it.
	 * @throws IOException if the operating system reports a late error
	 */
	@Override
	public void close() throws IOException {
		this.file.close();
	}

}
