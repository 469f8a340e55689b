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

package io.github.ublk4j.spring.store;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.test.StoreContract;
import io.github.ublk4j.store.FileBlockStore;
import io.github.ublk4j.store.MemoryBlockStore;
import io.github.ublk4j.store.StripeBlockStore;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.DirectoryChunkVolume;
import io.github.ublk4j.store.mirror.MirrorBlockStore;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/**
 * Disks that are made of several stores.
 */
class ComposedStoreContractTests {

	private static final long SIZE = 8 << 20;

	abstract static class Contract extends StoreContract {

		Contract(BlockStore store) {
			super(store, DiskSpec.named("composed").queues(2));
		}

	}

	@Nested
	class Stripes extends Contract {

		Stripes() {
			super(new StripeBlockStore(
					IntStream.range(0, 4).mapToObj((i) -> MemoryBlockStore.sparse(SIZE / 4)).toList(), 16 << 10));
		}

	}

	@Nested
	class MirrorOfMemory extends Contract {

		MirrorOfMemory() {
			super(mirror(MemoryBlockStore.sparse(SIZE + MirrorBlockStore.DATA_OFFSET),
					MemoryBlockStore.sparse(SIZE + MirrorBlockStore.DATA_OFFSET)));
		}

	}

	/** One of which is being resynced meanwhile. */
	@Nested
	class MirrorOfFileAndChunks extends Contract {

		MirrorOfFileAndChunks(@TempDir Path directory) {
			super(mirror(file(directory), chunks(directory)));
		}

	}

	private static BlockStore mirror(BlockStore... members) {
		return await(MirrorBlockStore.of(List.of(members)).open());
	}

	private static BlockStore file(Path directory) {
		return FileBlockStore.at(directory.resolve("a.img")).size(SIZE + MirrorBlockStore.DATA_OFFSET).open();
	}

	private static BlockStore chunks(Path directory) {
		return await(ChunkBlockStore.of(DirectoryChunkVolume.at(directory.resolve("b")))
			.size(SIZE + MirrorBlockStore.DATA_OFFSET)
			.open());
	}

	private static <T> T await(Mono<T> opening) {
		return Objects.requireNonNull(opening.block(AbstractChunkVolumeTests.TIMEOUT));
	}

}
