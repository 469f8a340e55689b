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

package io.github.ublk4j.engine.queue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

import io.github.ublk4j.engine.linux.LinuxException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for the buffers of a {@link BufferPool} that are given up while somebody may
 * still use them.
 */
@Timeout(60)
class AbandonedBufferTests {

	private static final int SIZE = 4096;

	private static final int DEPTH = 2;

	private final BufferPool pool = new BufferPool(new SimulatedMemory(), DEPTH, SIZE);

	private final List<ByteBuffer> kept = new ArrayList<>();

	private void abandonOne() {
		IoBuffer buffer = this.pool.take(SIZE);
		this.kept.add(buffer.bytes());
		this.pool.abandon(buffer);
	}

	@Test
	void abandonedBufferServesNobodyElse() {
		abandonOne();
		IoBuffer next = this.pool.take(SIZE);
		this.kept.get(0).put(0, (byte) 7);
		assertThat(next.bytes().get(0)).isZero();
	}

	@Test
	void buffersThatWereTooManyAreReplacedWhenNobodyKeepsThoseBefore() {
		for (int i = 0; i < 2 * DEPTH; i++) {
			abandonOne();
		}
		assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> this.pool.take(SIZE))
			.withMessageContaining("some by requests that were not answered in time");
		assertThat(this.pool.bytes()).isEqualTo(2L * DEPTH * SIZE);
		this.kept.clear();
		AbstractQueueTests.await().until(this::allAreThere);
		assertThat(this.pool.bytes()).isEqualTo((long) DEPTH * SIZE);
	}

	private boolean allAreThere() {
		System.gc();
		List<IoBuffer> taken = new ArrayList<>();
		try {
			for (int i = 0; i < DEPTH; i++) {
				taken.add(this.pool.take(SIZE));
			}
			return this.pool.bytes() == (long) DEPTH * SIZE;
		}
		catch (LinuxException ex) {
			return false;
		}
		finally {
			taken.forEach(this.pool::giveBack);
		}
	}

}
