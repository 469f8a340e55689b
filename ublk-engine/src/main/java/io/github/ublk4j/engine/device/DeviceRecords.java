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
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * The records of devices in a directory, a file for each disk. Whoever serves a disk
 * holds a lock on its file, which ends with the process. A file is never removed: two
 * processes could each hold a lock then, on the old file and on the new one. Any thread.
 */
public final class DeviceRecords {

	private final Path directory;

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
	 * @throws IOException if the directory or the file cannot be used
	 */
	public @Nullable DeviceClaim claim(String disk) throws IOException {
		Files.createDirectories(this.directory);
		FileChannel channel = FileChannel.open(this.directory.resolve(disk), StandardOpenOption.CREATE,
				StandardOpenOption.READ, StandardOpenOption.WRITE);
		try {
			FileLock lock = channel.tryLock();
			if (lock != null) {
				return new DeviceClaim(channel);
			}
		}
		catch (OverlappingFileLockException ex) {
			// another engine of this process
		}
		catch (IOException ex) {
			channel.close();
			throw ex;
		}
		channel.close();
		return null;
	}

	/**
	 * Returns what is on record about a disk, without taking it.
	 * @param disk the name of the disk
	 * @return the record, {@code null} if there is none
	 */
	public @Nullable DeviceRecord find(String disk) {
		try {
			return DeviceRecord.decode(Files.readString(this.directory.resolve(disk), StandardCharsets.UTF_8));
		}
		catch (IOException ex) {
			return null;
		}
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
