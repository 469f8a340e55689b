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
import java.nio.file.Path;

import org.junit.jupiter.api.io.TempDir;

import io.github.ublk4j.block.BlockStore;

/**
 * Tests for a {@link FileBlockStore} whose file transfers a part of what it is asked for,
 * as {@code pread(2)} and {@code pwrite(2)} may.
 */
class ShortTransfersFileBlockStoreTests extends AbstractBlockStoreTests {

	private static final int MOST = 5000;

	@TempDir
	Path folder;

	private int stores;

	@Override
	BlockStore create(long size) {
		return FileBlockStore.at(this.folder.resolve("disk" + this.stores++ + ".img"))
			.size(size)
			.channelDecorator(ShortTransfers::new)
			.zeroer(RangeZeroer.NONE)
			.open();
	}

	private static final class ShortTransfers extends DelegatingFileChannel {

		ShortTransfers(FileChannel delegate) {
			super(delegate);
		}

		@Override
		public int read(ByteBuffer destination, long position) throws IOException {
			int limit = destination.limit();
			destination.limit(Math.min(limit, destination.position() + MOST));
			try {
				return super.read(destination, position);
			}
			finally {
				destination.limit(limit);
			}
		}

		@Override
		public int write(ByteBuffer source, long position) throws IOException {
			int limit = source.limit();
			source.limit(Math.min(limit, source.position() + MOST));
			try {
				return super.write(source, position);
			}
			finally {
				source.limit(limit);
			}
		}

	}

}
