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

package io.github.ublk4j.engine;

import io.github.ublk4j.block.DiskSpec;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class MemoryBudgetTests {

	private static final int PLAN = 32 << 20;

	private final MemoryBudget budget = new MemoryBudget(2L * PLAN);

	@Test
	void limitCanBeUsedUpToTheLastByte() {
		this.budget.reserve(disk("a"));
		assertThatCode(() -> this.budget.reserve(disk("b"))).doesNotThrowAnyException();
	}

	@Test
	void diskThatDoesNotFitIsRefusedWithTheArithmetic() {
		this.budget.reserve(disk("a"));
		this.budget.reserve(disk("b"));
		assertThatExceptionOfType(DiskRefusedException.class).isThrownBy(() -> this.budget.reserve(disk("c")))
			.withMessageStartingWith("disk 'c': its buffers can take 33554432 bytes"
					+ " (1 queues x 128 requests x 262144 bytes), but of the memory limit of 67108864 bytes"
					+ " only 0 are left by the disks [a, b].")
			.satisfies((ex) -> assertThat(ex.reason()).isEqualTo(DiskRefusedException.Reason.MEMORY_LIMIT));
	}

	@Test
	void memoryOfAStoppedDiskIsForTheNext() {
		this.budget.reserve(disk("a"));
		this.budget.reserve(disk("b"));
		this.budget.release(disk("a"));
		assertThatCode(() -> this.budget.reserve(disk("c"))).doesNotThrowAnyException();
	}

	@Test
	void withoutLimitTheLargestDiskFits() {
		DiskSpec largest = DiskSpec.named("a")
			.size(4096)
			.queues(4096)
			.queueDepth(DiskSpec.MAX_QUEUE_DEPTH)
			.maxIoSize(DiskSpec.MAX_IO_SIZE)
			.build();
		assertThatCode(() -> new MemoryBudget(Long.MAX_VALUE).reserve(largest)).doesNotThrowAnyException();
	}

	private static DiskSpec disk(String name) {
		return DiskSpec.named(name).size(4096).build();
	}

}
