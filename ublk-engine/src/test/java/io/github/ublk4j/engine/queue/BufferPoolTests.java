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

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link BufferPool}.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "takes memory by Linux system calls")
class BufferPoolTests {

	private static final int SLAB = 64 << 10;

	private final BufferPool pool = new BufferPool(LockedMemory::allocate, 128, 1 << 20);

	@AfterEach
	void release() {
		this.pool.release();
	}

	@ParameterizedTest
	@CsvSource({ "512, 4096", "4096, 4096", "4097, 8192", "8192, 8192", "12288, 16384", "65536, 65536", "66048, 131072",
			"1048576, 1048576" })
	void bufferHasTheNextPowerOfTwoFromAPageOn(int length, int expected) {
		IoBuffer buffer = this.pool.take(length);
		assertThat(buffer.capacity()).isEqualTo(expected);
		assertThat(LinuxPlatform.addressOf(buffer.bytes())).isEqualTo(buffer.address());
		assertThat(buffer.address() % LinuxPlatform.PAGE_SIZE).isZero();
		assertThat(this.pool.bytes()).isEqualTo(Math.max(SLAB, expected));
	}

	@ParameterizedTest
	@CsvSource({ "12288, 12288", "102400, 102400", "4096, 4096" })
	void noBufferIsLargerThanTheLargestRequest(int largest, int memory) {
		BufferPool odd = new BufferPool(LockedMemory::allocate, 128, largest);
		assertThat(odd.take(largest).capacity()).isEqualTo(largest);
		assertThat(odd.bytes()).isEqualTo(memory);
		odd.release();
	}

	/**
	 * The kernel may write to the disk to find memory, whose loop then needs the pool.
	 */
	@Test
	void poolCanBeUsedWhileMemoryIsAllocated() throws Exception {
		CountDownLatch allocating = new CountDownLatch(1);
		CountDownLatch found = new CountDownLatch(1);
		BufferPool slow = new BufferPool((size) -> {
			if (size > SLAB) {
				allocating.countDown();
				await(found);
			}
			return LockedMemory.allocate(size);
		}, 4, 1 << 20);
		IoBuffer small = slow.take(4096);
		CompletableFuture<IoBuffer> large = CompletableFuture.supplyAsync(() -> slow.take(1 << 20));
		assertThat(allocating.await(10, TimeUnit.SECONDS)).isTrue();
		CompletableFuture<Void> others = CompletableFuture.runAsync(() -> {
			slow.giveBack(small);
			slow.trim();
			slow.trim();
			slow.giveBack(slow.take(512));
		});
		assertThat(others).succeedsWithin(10, TimeUnit.SECONDS);
		found.countDown();
		assertThat(large).succeedsWithin(10, TimeUnit.SECONDS).returns(1 << 20, IoBuffer::capacity);
		slow.release();
	}

	@Test
	void memoryThatCannotBeAllocatedCostsNothing() {
		AtomicBoolean scarce = new AtomicBoolean(true);
		BufferPool poor = new BufferPool((size) -> {
			if (scarce.get()) {
				throw new LinuxException("allocate", Errno.ENOMEM, "a test");
			}
			return LockedMemory.allocate(size);
		}, 1, 4096);
		assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> poor.take(4096));
		assertThat(poor.bytes()).isZero();
		scarce.set(false);
		assertThat(poor.take(4096).capacity()).isEqualTo(4096);
		poor.release();
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void buffersInUseNeverOverlap() {
		List<IoBuffer> taken = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			IoBuffer buffer = this.pool.take(1 + i * 512);
			buffer.bytes().clear();
			while (buffer.bytes().hasRemaining()) {
				buffer.bytes().put((byte) i);
			}
			taken.add(buffer);
		}
		for (int i = 0; i < taken.size(); i++) {
			assertThat(UserCopyPathTests.bytes(taken.get(i).bytes().duplicate().clear())).containsOnly(i);
		}
	}

	@Test
	void bufferGivenBackIsTheNextToBeTaken() {
		this.pool.take(4096);
		IoBuffer last = this.pool.take(4096);
		this.pool.take(4096);
		this.pool.giveBack(last);
		assertThat(this.pool.take(100)).isSameAs(last);
	}

	@Test
	void bufferOfAnotherSizeIsNotTaken() {
		IoBuffer small = this.pool.take(4096);
		this.pool.giveBack(small);
		assertThat(this.pool.take(8192)).isNotSameAs(small);
		assertThat(this.pool.bytes()).isEqualTo(2 * SLAB);
	}

	@Test
	void poolGrowsOnlyWhenEveryBufferOfTheSizeIsTaken() {
		List<IoBuffer> taken = take(16, 4096);
		assertThat(this.pool.bytes()).isEqualTo(SLAB);
		taken.add(this.pool.take(4096));
		assertThat(this.pool.bytes()).isEqualTo(2 * SLAB);
		taken.forEach(this.pool::giveBack);
		assertThat(take(32, 4096)).doesNotHaveDuplicates();
		assertThat(this.pool.bytes()).isEqualTo(2 * SLAB);
	}

	@Test
	void trimKeepsWhatWasNeededSinceTheLastTrim() {
		this.pool.giveBack(this.pool.take(4096));
		this.pool.trim();
		assertThat(this.pool.bytes()).as("needed since the beginning").isEqualTo(SLAB);
		this.pool.giveBack(this.pool.take(4096));
		this.pool.trim();
		assertThat(this.pool.bytes()).as("needed since the first trim").isEqualTo(SLAB);
		this.pool.trim();
		assertThat(this.pool.bytes()).as("not needed since the second trim").isZero();
		assertThat(this.pool.take(4096).capacity()).isEqualTo(4096);
	}

	@Test
	void burstsOfDifferentSizesDoNotAddUp() {
		BufferPool small = new BufferPool(LockedMemory::allocate, 4, 1 << 20);
		for (int size : new int[] { 64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20 }) {
			List<IoBuffer> burst = IntStream.range(0, 4).mapToObj((i) -> small.take(size)).toList();
			assertThat(small.bytes()).isLessThanOrEqualTo(4 << 20);
			burst.forEach(small::giveBack);
		}
		small.release();
	}

	@ParameterizedTest
	@CsvSource({ "1, 4096", "2, 4096", "17, 4096", "3, 12288", "4, 32768", "8, 65536", "5, 102400", "6, 1048576" })
	void poolNeverHoldsMoreThanItsPlan(int depth, int largest) {
		BufferPool bounded = new BufferPool(LockedMemory::allocate, depth, largest);
		Random random = new Random(depth);
		List<IoBuffer> taken = new ArrayList<>();
		for (int i = 0; i < 5000; i++) {
			if (taken.size() < depth && random.nextInt(3) > 0) {
				// all sizes alike
				taken.add(bounded.take(Math.max(1, largest >> random.nextInt(9))));
			}
			else if (!taken.isEmpty()) {
				bounded.giveBack(taken.remove(random.nextInt(taken.size())));
			}
			assertThat(bounded.bytes()).isLessThanOrEqualTo((long) depth * largest);
		}
		bounded.release();
	}

	@Test
	void oneBufferMoreThanTheQueueHasTagsIsWaitedFor() throws Exception {
		BufferPool small = new BufferPool(LockedMemory::allocate, 1, 4096);
		IoBuffer only = small.take(4096);
		CompletableFuture<IoBuffer> next = CompletableFuture.supplyAsync(() -> small.take(4096));
		assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> next.get(50, TimeUnit.MILLISECONDS));
		small.giveBack(only);
		assertThat(next.get(10, TimeUnit.SECONDS)).isSameAs(only);
		assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> small.take(4096))
			.withMessageContaining("ENOMEM")
			.withMessageContaining("All 1 of the queue are taken");
		assertThat(small.bytes()).isEqualTo(4096);
		small.release();
	}

	@Test
	void trimGivesBackNoMoreThanWasSpareAllTheTime() {
		List<IoBuffer> taken = take(48, 4096);
		taken.forEach(this.pool::giveBack);
		this.pool.trim();
		assertThat(this.pool.bytes()).isEqualTo(3 * SLAB);
		List<IoBuffer> peak = take(17, 4096);
		peak.forEach(this.pool::giveBack);
		this.pool.trim();
		assertThat(this.pool.bytes()).as("31 of 48 were spare: one whole piece").isEqualTo(2 * SLAB);
		assertThat(take(32, 4096)).doesNotHaveDuplicates();
		assertThat(this.pool.bytes()).isEqualTo(2 * SLAB);
	}

	@Test
	void trimNeverTakesMemoryOfABufferInUse() {
		IoBuffer used = this.pool.take(65536);
		IoBuffer spare = this.pool.take(65536);
		used.bytes().put(0, (byte) 7);
		this.pool.giveBack(spare);
		this.pool.trim();
		this.pool.trim();
		assertThat(this.pool.bytes()).isEqualTo(SLAB);
		assertThat(used.bytes().get(0)).isEqualTo((byte) 7);
		assertThat(this.pool.take(65536)).isNotSameAs(spare);
	}

	@Test
	void trimKeepsAPieceOfMemoryOfWhichOneBufferIsInUse() {
		List<IoBuffer> taken = take(16, 4096);
		taken.get(3).bytes().put(0, (byte) 7);
		taken.stream().filter((buffer) -> buffer != taken.get(3)).forEach(this.pool::giveBack);
		this.pool.trim();
		this.pool.trim();
		assertThat(this.pool.bytes()).isEqualTo(SLAB);
		assertThat(taken.get(3).bytes().get(0)).isEqualTo((byte) 7);
	}

	@Test
	void releasedPoolKeepsOnlyTheContentOfBuffersInUse() {
		IoBuffer used = this.pool.take(65536);
		IoBuffer free = this.pool.take(65536);
		used.bytes().put(0, (byte) 7);
		free.bytes().put(0, (byte) 7);
		this.pool.giveBack(free);
		this.pool.release();
		this.pool.release();
		assertThat(this.pool.bytes()).isZero();
		assertThat(used.bytes().get(0)).isEqualTo((byte) 7);
		assertThat(free.bytes().get(0)).isZero();
		this.pool.giveBack(used);
		assertThatIllegalStateException().isThrownBy(() -> this.pool.take(4096)).withMessage("The queue has ended");
	}

	@Test
	void emptyPoolHasNoUnlockedMemory() {
		assertThat(this.pool.bytes()).isZero();
		assertThat(this.pool.locked()).isTrue();
		this.pool.trim();
		assertThat(this.pool.bytes()).isZero();
	}

	private List<IoBuffer> take(int count, int length) {
		List<IoBuffer> taken = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			taken.add(this.pool.take(length));
		}
		return taken;
	}

}
