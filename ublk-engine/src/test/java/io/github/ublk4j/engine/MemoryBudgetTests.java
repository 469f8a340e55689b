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

/**
 * Tests for {@link MemoryBudget}.
 */
class MemoryBudgetTests {

	private static final int MIB = 1 << 20;

	private final MemoryBudget budget = new MemoryBudget(100L * MIB);

	@Test
	void planIsTheProductOfQueuesDepthAndRequestSize() {
		assertThat(MemoryBudget.plan(2, 128, 256 << 10)).isEqualTo(64L * MIB);
	}

	@Test
	void planOfTheLargestDeviceDoesNotOverflow() {
		assertThat(MemoryBudget.plan(4096, DiskSpec.MAX_QUEUE_DEPTH, DiskSpec.MAX_IO_SIZE)).isEqualTo(1L << 49);
	}

	@Test
	void diskThatTakesExactlyWhatIsLeftIsAccepted() {
		this.budget.reserve(disk("first", 40));
		assertThatCode(() -> this.budget.reserve(disk("second", 60))).doesNotThrowAnyException();
	}

	@Test
	void diskThatTakesMoreThanTheLimitIsRefusedWithTheArithmetic() {
		assertThatExceptionOfType(UblkException.class).isThrownBy(() -> this.budget.reserve(disk("big", 101)))
			.withMessage("disk 'big' can take 105906176 bytes of buffers (1 queues x 101 requests x 1048576 bytes),"
					+ " but of the memory limit of 104857600 bytes only 104857600 are left."
					+ " Raise the limit, or use fewer queues, a smaller queue depth or a smaller max-io-size");
	}

	@Test
	void refusalNamesTheDisksThatHaveTheMemory() {
		this.budget.reserve(disk("first", 60));
		this.budget.reserve(disk("second", 30));
		assertThatExceptionOfType(UblkException.class).isThrownBy(() -> this.budget.reserve(disk("third", 11)))
			.withMessageContaining("only 10485760 are left by the disks [first, second]");
	}

	@Test
	void refusedDiskReservesNothing() {
		assertThatExceptionOfType(UblkException.class).isThrownBy(() -> this.budget.reserve(disk("big", 101)));
		assertThatCode(() -> this.budget.reserve(disk("fits", 100))).doesNotThrowAnyException();
	}

	@Test
	void memoryOfAReleasedDiskCanBeReservedAgain() {
		DiskSpec first = disk("first", 100);
		this.budget.reserve(first);
		this.budget.release(first);
		this.budget.release(first);
		assertThatCode(() -> this.budget.reserve(disk("second", 100))).doesNotThrowAnyException();
	}

	@Test
	void unlimitedBudgetAcceptsTheLargestDisks() {
		MemoryBudget unlimited = new MemoryBudget(Long.MAX_VALUE);
		for (int i = 0; i < 10; i++) {
			DiskSpec spec = DiskSpec.named("disk" + i)
				.size(MIB)
				.queues(4096)
				.queueDepth(DiskSpec.MAX_QUEUE_DEPTH)
				.maxIoSize(DiskSpec.MAX_IO_SIZE)
				.build();
			assertThatCode(() -> unlimited.reserve(spec)).doesNotThrowAnyException();
		}
	}

	private static DiskSpec disk(String name, int mebibytes) {
		return DiskSpec.named(name).size(MIB).queueDepth(mebibytes).maxIoSize(MIB).build();
	}

}
