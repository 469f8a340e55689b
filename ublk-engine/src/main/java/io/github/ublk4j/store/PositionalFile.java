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
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;

/**
 * Whole transfers to and from positions of a file, where a channel may do a part. Blocks.
 */
final class PositionalFile {

	/** What file systems allocate at least. */
	private static final int BLOCK = 4096;

	private final FileChannel channel;

	PositionalFile(FileChannel channel) {
		this.channel = channel;
	}

	void read(ByteBuffer destination, long position) throws IOException {
		while (destination.hasRemaining()) {
			int count = this.channel.read(destination, position);
			if (count < 0) {
				// It had the size of the disk when it was opened. Zeros would pass for
				// data.
				throw new BlockIoException(BlockErrno.ENODATA,
						"the file ends at " + this.channel.size() + "; it was truncated while it was in use");
			}
			position += count;
		}
	}

	void write(ByteBuffer source, long position) throws IOException {
		while (source.hasRemaining()) {
			position += this.channel.write(source, position);
		}
	}

	/**
	 * Writes zeros where something else is. What reads as zeros already may be a hole,
	 * and stays one: otherwise the discard of a whole disk, the first thing that mkfs
	 * does, would fill its sparse file.
	 * @param position where to begin, in bytes
	 * @param length bytes
	 * @throws IOException if a transfer failed
	 */
	void zero(long position, long length) throws IOException {
		ByteBuffer present = ByteBuffer.allocate((int) Math.min(length, Zeros.SIZE));
		long end = position + length;
		while (position < end) {
			present.clear().limit((int) Math.min(end - position, present.capacity()));
			read(present, position);
			zeroData(present.flip(), position);
			position += present.limit();
		}
	}

	private void zeroData(ByteBuffer present, long position) throws IOException {
		int from = 0;
		while (from < present.limit()) {
			int to = from;
			for (int next = blockEnd(present, position, to); next > to
					&& !Zeros.only(present, to, next - to); next = blockEnd(present, position, to)) {
				to = next;
			}
			if (to > from) {
				write(Zeros.view(to - from), position + from);
				from = to;
			}
			else {
				from = blockEnd(present, position, from);
			}
		}
	}

	private static int blockEnd(ByteBuffer present, long position, int index) {
		return (int) Math.min(present.limit(), index + BLOCK - (position + index) % BLOCK);
	}

	void force() throws IOException {
		this.channel.force(false);
	}

}
