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

import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * The part of a request that lies in one chunk.
 *
 * @param index the chunk
 * @param offset where the part begins in the chunk, in bytes
 * @param length bytes
 * @param diskOffset where the part begins on the disk, in bytes
 */
record ChunkRange(long index, int offset, int length, long diskOffset) {

	/**
	 * Cuts a request, which lies inside the volume.
	 */
	static Stream<ChunkRange> of(VolumeDescriptor volume, long offset, long length) {
		long end = offset + length;
		int size = volume.chunkSize();
		return LongStream.range(offset / size, (end + size - 1) / size).mapToObj((index) -> {
			long from = Math.max(offset, index * size);
			long to = Math.min(end, index * size + size);
			return new ChunkRange(index, (int) (from - index * size), (int) (to - from), from);
		});
	}

}
