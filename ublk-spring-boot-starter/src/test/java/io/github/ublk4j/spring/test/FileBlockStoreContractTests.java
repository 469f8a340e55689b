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

package io.github.ublk4j.spring.test;

import java.nio.file.Path;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.layer.ForwardingBlockStore;
import io.github.ublk4j.store.FileBlockStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/**
 * The file store, as a disk that transfers its data where it can, and below a layer that
 * moves it through buffers.
 */
class FileBlockStoreContractTests {

	private static final long SIZE = 8 << 20;

	abstract static class Contract extends BlockDeviceContract {

		@TempDir
		private Path directory = Path.of("");

		private FileBlockStore store;

		private BlockDeviceTestClient client;

		@BeforeEach
		void open() {
			this.store = FileBlockStore.at(this.directory.resolve("disk.img")).size(SIZE).open();
			this.client = BlockDeviceTestClient.of(spec(DiskSpec.named("file").size(SIZE)).build(),
					layered(this.store));
		}

		DiskSpec.Builder spec(DiskSpec.Builder spec) {
			return spec;
		}

		BlockStore layered(BlockStore below) {
			return below;
		}

		@Override
		protected BlockDeviceTestClient client() {
			return this.client;
		}

		@AfterEach
		void close() {
			this.client.close();
			this.store.close();
		}

	}

	@Nested
	class Transferring extends Contract {

	}

	@Nested
	class TransferringInCopyMode extends Contract {

		@Override
		DiskSpec.Builder spec(DiskSpec.Builder spec) {
			return spec.dataMode(DataMode.COPY).queueDepth(8);
		}

	}

	@Nested
	class Layered extends Contract {

		@Override
		BlockStore layered(BlockStore below) {
			return new Layer(below);
		}

	}

	/** Does not promise to fill the buffers of reads. */
	private static final class Layer extends ForwardingBlockStore {

		Layer(BlockStore below) {
			super(below);
		}

		@Override
		public boolean fillsReadBuffers() {
			return false;
		}

	}

}
