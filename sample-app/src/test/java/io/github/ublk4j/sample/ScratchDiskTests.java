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

package io.github.ublk4j.sample;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

class ScratchDiskTests {

	private static final int CHUNK = 64 * 1024;

	private final ScratchDisk disk = new ScratchDisk();

	@Test
	void offersNoFlush() {
		assertThat(this.disk.operations())
			.isEqualTo(Set.of(BlockOperation.READ, BlockOperation.WRITE, BlockOperation.DISCARD));
	}

	@Test
	void unwrittenSpaceReadsAsZeros() {
		assertThat(read(CHUNK - 512, 1024)).containsOnly(0);
	}

	@Test
	void readAfterWriteReturnsTheSameBytes() {
		byte[] data = new byte[3 * CHUNK];
		new Random(7).nextBytes(data);
		write(CHUNK + 512, data);
		assertThat(read(CHUNK + 512, data.length)).isEqualTo(data);
		assertThat(read(CHUNK, 512)).containsOnly(0);
	}

	@Test
	void discardedRangeReadsAsZerosAndItsNeighboursStay() {
		byte[] data = new byte[4 * CHUNK];
		new Random(7).nextBytes(data);
		write(0, data);
		DiscardRequest discard = mock();
		given(discard.offset()).willReturn(512L);
		given(discard.length()).willReturn(2L * CHUNK);
		this.disk.discard(discard).block();
		byte[] expected = data.clone();
		Arrays.fill(expected, 512, 512 + 2 * CHUNK, (byte) 0);
		assertThat(read(0, data.length)).isEqualTo(expected);
	}

	private void write(long offset, byte[] data) {
		WriteRequest request = mock();
		given(request.offset()).willReturn(offset);
		given(request.length()).willReturn((long) data.length);
		given(request.buffer()).willReturn(ByteBuffer.wrap(data));
		this.disk.write(request).block();
	}

	private byte[] read(long offset, int length) {
		byte[] data = new byte[length];
		ReadRequest request = mock();
		given(request.offset()).willReturn(offset);
		given(request.length()).willReturn((long) length);
		given(request.buffer()).willReturn(ByteBuffer.wrap(data));
		this.disk.read(request).block();
		return data;
	}

}
