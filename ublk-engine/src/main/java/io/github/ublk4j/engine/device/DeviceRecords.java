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

package io.github.ublk4j.engine.device;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.github.ublk4j.engine.linux.ExclusiveFile;
import io.github.ublk4j.engine.linux.ExclusiveFile.TakenException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records of devices in a directory, a file for each disk. Whoever serves a disk
 * holds a lock on its file, which ends with the process. A file is never removed: two
 * processes could each hold a lock then, on the old file and on the new one. What other
 * users may have written is not read, and said so once: it could name the device of
 * somebody else. Any thread.
 */
public final class DeviceRecords {

	private static final Set<OpenOption> WRITE_OPTIONS = Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ,
			StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);

	private static final Logger logger = LoggerFactory.getLogger(DeviceRecords.class);

	private final Path directory;

	private final Set<String> objections = ConcurrentHashMap.newKeySet();

	/**
	 * Creates the records of a directory, which is made when the first one is written.
	 * @param directory where they are; it should not outlive a restart of the host
	 */
	public DeviceRecords(Path directory) {
		this.directory = directory;
	}

	/**
	 * Takes a disk, so that no other process serves it.
	 * @param disk the name of the disk
	 * @return the claim, {@code null} if somebody else has it
	 * @throws IOException if the directory or the file cannot be used, or other users may
	 * have written them; a link is not followed
	 */
	public @Nullable DeviceClaim claim(String disk) throws IOException {
		Files.createDirectories(this.directory, StatePermissions.ofDirectory());
		Path file = this.directory.toRealPath().resolve(disk);
		requireBelievable(file.getParent());
		try {
			return new DeviceClaim(ExclusiveFile.take(file, () -> open(file), false));
		}
		catch (TakenException ex) {
			return null;
		}
	}

	private static FileChannel open(Path file) throws IOException {
		if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !isRecord(file)) {
			throw new IOException(file + " is not a regular file; remove it");
		}
		FileChannel channel = FileChannel.open(file, WRITE_OPTIONS, StatePermissions.ofFile());
		try {
			// also what somebody has made just before
			requireBelievable(file);
			return channel;
		}
		catch (IOException ex) {
			channel.close();
			throw ex;
		}
	}

	/**
	 * Returns what is on record about a disk, without taking it.
	 * @param disk the name of the disk
	 * @return the record, {@code null} if there is none
	 */
	public @Nullable DeviceRecord find(String disk) {
		try {
			Path file = this.directory.toRealPath().resolve(disk);
			return ExclusiveFile.lookAt(file, () -> openToRead(file), DeviceRecord::read);
		}
		catch (IOException ex) {
			return null;
		}
	}

	private FileChannel openToRead(Path file) throws IOException {
		if (!isRecord(file) || !isBelievable(file.getParent()) || !isBelievable(file)) {
			throw new NoSuchFileException(file.toString());
		}
		return FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
	}

	private static void requireBelievable(@Nullable Path path) throws IOException {
		String objection = (path != null) ? StatePermissions.objection(path) : null;
		if (objection != null) {
			throw new IOException(objection);
		}
	}

	private boolean isBelievable(@Nullable Path path) throws IOException {
		String objection = (path != null) ? StatePermissions.objection(path) : null;
		if (objection != null && this.objections.add(objection)) {
			logger.warn("A record of devices is ignored: {}", objection);
		}
		return objection == null;
	}

	// to read from a pipe would be to wait for a writer
	private static boolean isRecord(Path file) {
		return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
	}

	/**
	 * Returns the names of the disks on record.
	 * @return the names by the token of their device
	 */
	public Map<Long, String> names() {
		Map<Long, String> names = new HashMap<>();
		if (Files.isDirectory(this.directory)) {
			try (DirectoryStream<Path> files = Files.newDirectoryStream(this.directory)) {
				for (Path file : files) {
					String disk = String.valueOf(file.getFileName());
					DeviceRecord device = find(disk);
					if (device != null) {
						names.put(device.token(), disk);
					}
				}
			}
			catch (IOException ex) {
				return names;
			}
		}
		return names;
	}

	@Override
	public String toString() {
		return this.directory.toString();
	}

}
