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

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.test.StoreContract;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.DirectoryChunkVolume;
import org.junit.jupiter.api.io.TempDir;

/**
 * A disk in a directory.
 */
class DirectoryChunkVolumeContractTests extends StoreContract {

	DirectoryChunkVolumeContractTests(@TempDir Path directory) {
		super(AbstractChunkVolumeTests
			.open(ChunkBlockStore.of(DirectoryChunkVolume.at(directory.resolve("disk"))).size(8 << 20)),
				DiskSpec.named("directory"));
	}

}
