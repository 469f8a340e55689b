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

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.store.MemoryBlockStore;
import org.junit.jupiter.api.Nested;

/**
 * The memory store, as a disk of each data mode.
 */
class MemoryBlockStoreContractTests {

	private static final long SIZE = 8 << 20;

	@Nested
	class Sparse extends StoreContract {

		Sparse() {
			super(MemoryBlockStore.sparse(SIZE), DiskSpec.named("sparse"));
		}

	}

	@Nested
	class PreTouched extends StoreContract {

		PreTouched() {
			super(MemoryBlockStore.preTouched(SIZE), DiskSpec.named("touched").dataMode(DataMode.COPY).queueDepth(8));
		}

	}

	@Nested
	class WithSeveralQueuesAndLargeBlocks extends StoreContract {

		WithSeveralQueuesAndLargeBlocks() {
			super(MemoryBlockStore.sparse(SIZE),
					DiskSpec.named("large").logicalBlockSize(4096).queues(3).queueDepth(2).maxIoSize(1 << 20));
		}

	}

}
