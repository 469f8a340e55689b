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

package io.github.ublk4j.spring.s3;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;

import io.github.ublk4j.store.StoreUnavailableException;
import org.jspecify.annotations.Nullable;

/**
 * Which objects are the chunks of one segment of a volume, as an object says.
 *
 * @param token that of the server that wrote it
 * @param id different each time that it is written
 * @param names token and number of the object of each chunk, both 0 if the chunk is not
 * there; never changed
 */
@SuppressWarnings("ArrayRecordComponent")
record S3Index(long token, UUID id, long[] names) {

	/** Chunks of a segment. */
	static final int CHUNKS = 1024;

	/** Shared, since a volume has many indexes that name nothing. */
	private static final long[] NO_NAMES = new long[2 * CHUNKS];

	private static final int HEADER = 4 * Long.BYTES;

	// "ublkidx1"
	private static final long MAGIC = 0x75626c6b69647831L;

	static S3Index empty() {
		return new S3Index(0, new UUID(0, 0), NO_NAMES);
	}

	/**
	 * Returns the name of the object of a chunk, {@code null} if the chunk is not there.
	 */
	@Nullable String name(long chunk) {
		int at = 2 * (int) (chunk % CHUNKS);
		return (this.names[at] == 0) ? null : name(chunk, this.names[at], this.names[at + 1]);
	}

	static String name(long chunk, long token, long number) {
		return "chunk/" + chunk + "/" + token + "-" + number;
	}

	ByteBuffer encode() {
		ByteBuffer data = ByteBuffer.allocate(HEADER + this.names.length * Long.BYTES);
		data.putLong(MAGIC)
			.putLong(this.token)
			.putLong(this.id.getMostSignificantBits())
			.putLong(this.id.getLeastSignificantBits());
		data.asLongBuffer().put(this.names);
		return data.rewind();
	}

	static S3Index decode(ByteBuffer data) {
		if (data.remaining() != HEADER + 2 * CHUNKS * Long.BYTES || data.getLong() != MAGIC) {
			throw new StoreUnavailableException("An index of the volume cannot be read: it is of another format.",
					"Serve the volume with the version that made it.");
		}
		long token = data.getLong();
		UUID id = new UUID(data.getLong(), data.getLong());
		long[] names = new long[2 * CHUNKS];
		data.asLongBuffer().get(names);
		return new S3Index(token, id, Arrays.equals(names, NO_NAMES) ? NO_NAMES : names);
	}

}
