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

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import org.junit.jupiter.api.AfterEach;

/**
 * The contract of disks, for one that is a whole store.
 */
public abstract class StoreContract extends BlockDeviceContract {

	private final BlockStore store;

	private final BlockDeviceTestClient client;

	/**
	 * Serves a store.
	 * @param store closed after the test
	 * @param spec of the disk, without size
	 */
	protected StoreContract(BlockStore store, DiskSpec.Builder spec) {
		this.store = store;
		this.client = BlockDeviceTestClient.of(spec.size(store.size()).build(), store);
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
