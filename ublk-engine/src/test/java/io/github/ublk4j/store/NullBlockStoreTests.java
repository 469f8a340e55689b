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

import java.nio.ByteBuffer;

import org.junit.jupiter.api.Test;

import io.github.ublk4j.block.BlockErrno;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * What a disk that keeps nothing answers.
 */
class NullBlockStoreTests {

	private final NullBlockStore store = new NullBlockStore(1L << 40);

	@Test
	void whatIsWrittenReadsAsZeros() {
		AbstractBlockStoreTests.write(this.store, 512, AbstractBlockStoreTests.bytes(1, 70_000));

		assertThat(AbstractBlockStoreTests.read(this.store, 0, 150_000)).containsOnly(0);
	}

	@Test
	void rangesAreAnsweredInsideTheStoreOnly() {
		AbstractBlockStoreTests.succeed(this.store.discard(0, this.store.size()));
		AbstractBlockStoreTests.succeed(this.store.writeZeroes(0, this.store.size(), false));

		AbstractBlockStoreTests.fail(this.store.discard(1, this.store.size()), BlockErrno.EINVAL, "not inside");
		AbstractBlockStoreTests.fail(this.store.read(this.store.size(), ByteBuffer.allocate(1)), BlockErrno.EINVAL,
				"not inside");
		AbstractBlockStoreTests.fail(this.store.write(-1, ByteBuffer.allocate(1)), BlockErrno.EINVAL, "not inside");
	}

	@Test
	void requestsAfterTheCloseFail() {
		this.store.close();

		AbstractBlockStoreTests.fail(this.store.write(0, ByteBuffer.allocate(1)), BlockErrno.EIO, "is closed");
	}

	@Test
	void sizeMustBePositive() {
		assertThatIllegalArgumentException().isThrownBy(() -> new NullBlockStore(0)).withMessageContaining("0 bytes");
	}

}
