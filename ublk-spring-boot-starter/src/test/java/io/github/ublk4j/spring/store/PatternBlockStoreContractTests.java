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

import java.nio.ByteBuffer;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.test.BlockDeviceContract;
import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import io.github.ublk4j.store.PatternBlockStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A disk that is computed.
 */
class PatternBlockStoreContractTests extends BlockDeviceContract {

	private static final long SIZE = 1L << 40;

	private final BlockDeviceTestClient client = BlockDeviceTestClient
		.of(DiskSpec.named("pattern").size(SIZE).readOnly(true).build(), new PatternBlockStore(SIZE, 42));

	@Override
	protected BlockDeviceTestClient client() {
		return this.client;
	}

	@Test
	void everyByteThatArrivesIsTheOneOfItsPlace() {
		for (long offset : new long[] { 0, 512, SIZE / 2 - 1024, SIZE - (1 << 20) }) {
			byte[] data = this.client.read(offset, 1 << 20).blockOptional(patience()).orElseThrow();
			assertThat(PatternBlockStore.mismatch(42, offset, ByteBuffer.wrap(data))).isEqualTo(-1);
		}
	}

	@AfterEach
	void close() {
		this.client.close();
	}

}
