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

import java.util.UUID;

import io.github.ublk4j.store.StoreUnavailableException;

/**
 * What a volume is, stored beside its chunks. It never changes.
 *
 * @param id tells a volume from one that was made later under the same name
 * @param size capacity in bytes
 * @param chunkSize bytes of each chunk; the last one of a volume can be shorter
 * @param formatVersion what the chunks mean, see {@link #FORMAT_VERSION}
 */
public record VolumeDescriptor(UUID id, long size, int chunkSize, int formatVersion) {

	/** The format that this version writes: chunk {@code n} is the data, as it is. */
	public static final int FORMAT_VERSION = 1;

	/** Smallest chunk, in bytes. */
	public static final int MIN_CHUNK_SIZE = 4 << 10;

	/** Largest chunk, in bytes. */
	public static final int MAX_CHUNK_SIZE = 32 << 20;

	/**
	 * Creates a descriptor.
	 * @param id tells a volume from others
	 * @param size capacity in bytes
	 * @param chunkSize bytes of each chunk
	 * @param formatVersion what the chunks mean
	 * @throws IllegalArgumentException if no volume can be like that
	 */
	public VolumeDescriptor {
		if (size <= 0) {
			throw new IllegalArgumentException("A volume cannot have " + size + " bytes. Use 1 or more.");
		}
		if (!isChunkSize(chunkSize)) {
			throw new IllegalArgumentException("A volume cannot have chunks of " + chunkSize
					+ " bytes. Use a power of two from " + MIN_CHUNK_SIZE + " to " + MAX_CHUNK_SIZE + ".");
		}
	}

	/**
	 * Describes a new volume of the current format.
	 * @param size capacity in bytes
	 * @param chunkSize bytes of each chunk
	 * @return a descriptor with a new id
	 */
	public static VolumeDescriptor create(long size, int chunkSize) {
		return new VolumeDescriptor(UUID.randomUUID(), size, chunkSize, FORMAT_VERSION);
	}

	/**
	 * Reads what {@link #text()} has written.
	 * @param text the text
	 * @param place where it was, for the message
	 * @return the descriptor
	 * @throws StoreUnavailableException if it is something else
	 */
	public static VolumeDescriptor parse(String text, String place) {
		String[] parts = text.split(" ", -1);
		try {
			return new VolumeDescriptor(UUID.fromString(parts[1]), Long.parseLong(parts[2]), Integer.parseInt(parts[3]),
					Integer.parseInt(parts[0]));
		}
		catch (IllegalArgumentException | ArrayIndexOutOfBoundsException ex) {
			throw new StoreUnavailableException("The " + place + " does not describe a volume: " + text + ".",
					"Restore it, or use another name.", ex);
		}
	}

	/**
	 * Returns a line for servers that keep texts.
	 * @return format, id, size and size of a chunk, with blanks between them
	 */
	public String text() {
		return this.formatVersion + " " + this.id + " " + this.size + " " + this.chunkSize;
	}

	int chunkLength(long index) {
		return (int) Math.min(this.chunkSize, this.size - index * this.chunkSize);
	}

	/**
	 * Refuses to use a volume as something else than it is.
	 * @param volume what it is, for the message
	 * @param wantedSize bytes, or 0 for any
	 * @param wantedChunkSize bytes, or 0 for any
	 */
	void require(Object volume, long wantedSize, int wantedChunkSize) {
		if (this.formatVersion != FORMAT_VERSION) {
			throw new StoreUnavailableException(
					"The " + volume + " has the format " + this.formatVersion + "; this version of ublk4j knows "
							+ FORMAT_VERSION + ".",
					"Serve it with the version that made it, or copy it to a new volume with that.");
		}
		if (wantedSize != 0 && wantedSize != this.size) {
			throw new StoreUnavailableException(
					"The " + volume + " was made with " + this.size + " bytes, not " + wantedSize + ".",
					"Leave the size out, make it the same, or use another volume.");
		}
		if (wantedChunkSize != 0 && wantedChunkSize != this.chunkSize) {
			throw new StoreUnavailableException("The " + volume + " was made with chunks of " + this.chunkSize
					+ " bytes, not " + wantedChunkSize + ".",
					"Leave the chunk size out, make it the same, or use another volume.");
		}
	}

	/**
	 * Returns whether chunks can have a size.
	 * @param bytes the size
	 * @return whether it is a power of two within the bounds
	 */
	public static boolean isChunkSize(long bytes) {
		return bytes >= MIN_CHUNK_SIZE && bytes <= MAX_CHUNK_SIZE && Long.bitCount(bytes) == 1;
	}

}
