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

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Holds the contract against disks that break it.
 */
@Timeout(120)
class BlockDeviceContractTests {

	private static final int SIZE = 256 << 10;

	private static final int ALL_TESTS = 13;

	private static DiskSpec.Builder spec() {
		return DiskSpec.named("tested").size(SIZE).maxIoSize(16 << 10).queueDepth(16);
	}

	@Test
	void goodDiskFulfilsIt() {
		assertThat(ContractOutcomes.of(spec().build(), new Ram())).hasSize(ALL_TESTS)
			.containsValues("fulfilled")
			.allSatisfy((test, outcome) -> assertThat(outcome).isEqualTo("fulfilled"));
	}

	@Test
	void goodDiskWithSeveralQueuesFulfilsIt() {
		assertThat(ContractOutcomes.of(spec().queues(3).logicalBlockSize(4096).build(), new Ram()).values())
			.containsOnly("fulfilled");
	}

	@Test
	void smallDiskSkipsWhatItHasNoRoomFor() {
		Map<String, String> outcomes = ContractOutcomes.of(spec().size(512).build(), new Ram());
		assertThat(outcomes).containsEntry("readAfterWriteReturnsTheSameBytes", "fulfilled")
			.containsEntry("overlappingWritesTakeEffectInOrder",
					"skipped: Assumption failed: disk 'tested': skipped, since it has fewer than 3 blocks");
		assertThat(outcomes.values()).noneMatch((outcome) -> outcome.startsWith("violated"));
	}

	@Test
	void readOnlyDiskSkipsWrites() {
		Map<String, String> outcomes = ContractOutcomes.of(spec().readOnly(true).build(), (read) -> Mono.empty());
		assertThat(outcomes).containsEntry("spaceThatNobodyWritesStaysTheSame", "fulfilled")
			.containsEntry("diskEndsWhereItSays", "fulfilled")
			.containsEntry("randomRequestsLeaveWhatTheyMust",
					"skipped: Assumption failed: disk 'tested': skipped, since it is read-only");
		assertThat(outcomes.values().stream().filter((outcome) -> outcome.startsWith("skipped")))
			.hasSize(ALL_TESTS - 2);
	}

	@Test
	void diskThatLosesWritesViolatesIt() {
		AtomicInteger count = new AtomicInteger();
		assertViolated(new Ram() {

			@Override
			public Mono<Void> write(WriteRequest request) {
				return (count.incrementAndGet() % 7 == 0) ? Mono.empty() : super.write(request);
			}

		}, "readAfterWriteReturnsTheSameBytes", "readReturnsTheLatestWrite", "randomRequestsLeaveWhatTheyMust");
	}

	@Test
	void diskThatSwapsBlocksViolatesIt() {
		Map<String, String> outcomes = assertViolated(new Ram() {

			@Override
			public Mono<Void> write(WriteRequest request) {
				if (request.offset() != 512 || request.length() != 512) {
					return super.write(request);
				}
				request.buffer().get(this.bytes, 1024, 512);
				return Mono.empty();
			}

		}, "writeChangesNoOtherBlock", "parallelWritesOfNeighboursDoNotDisturbEachOther");
		assertThat(outcomes.get("parallelWritesOfNeighboursDoNotDisturbEachOther"))
			.contains("disk 'tested': the block at 512 holds");
	}

	@Test
	void diskThatReturnsStaleDataViolatesIt() {
		Map<String, byte[]> cache = new ConcurrentHashMap<>();
		Map<String, String> outcomes = assertViolated(new Ram() {

			@Override
			public Mono<Void> read(ReadRequest request) {
				int offset = (int) request.offset();
				int length = (int) request.length();
				request.buffer()
					.put(cache.computeIfAbsent(offset + "+" + length,
							(key) -> Arrays.copyOfRange(this.bytes, offset, offset + length)));
				return Mono.empty();
			}

		}, "readReturnsTheLatestWrite", "overlappingWritesTakeEffectInOrder");
		assertThat(outcomes.get("readReturnsTheLatestWrite")).contains("the block at 0 holds",
				"that is stale: what the block held before the last change of it");
	}

	@Test
	void failureShowsWhyTheDiskFailed() {
		Map<String, String> outcomes = assertViolated(new Ram() {

			@Override
			public Mono<Void> write(WriteRequest request) {
				return (request.length() > 8192)
						? Mono.delay(Duration.ofMillis(1)).then(Mono.error(new IOException("bucket is full")))
						: super.write(request);
			}

		}, "largestRequestIsServed");
		assertThat(outcomes.get("largestRequestIsServed")).contains("WRITE of 16384 bytes at 0 failed", "EIO",
				"because the disk failed with java.io.IOException: bucket is full");
	}

	@Test
	void failureOfAnAnswerAtOnceIsShownToo() {
		Map<String, String> outcomes = assertViolated(new Ram() {

			@Override
			public Mono<Void> flush(FlushRequest request) {
				return Mono.error(new IllegalStateException("the journal is gone"));
			}

			@Override
			public Mono<Void> discard(DiscardRequest request) {
				throw new IllegalArgumentException("no such range");
			}

		}, "flushAfterWritesSucceeds", "discardedSpaceReadsAsZeros");
		assertThat(outcomes.get("flushAfterWritesSucceeds")).contains("IllegalStateException: the journal is gone");
		assertThat(outcomes.get("discardedSpaceReadsAsZeros")).contains("IllegalArgumentException: no such range");
	}

	@Test
	void diskThatIgnoresTheOffsetViolatesIt() {
		assertViolated(new Ram() {

			@Override
			int at(BlockRequest request) {
				return 0;
			}

		}, "readAfterWriteReturnsTheSameBytes", "writeChangesNoOtherBlock", "dataCanBeReadInOtherPiecesThanWritten",
				"randomRequestsLeaveWhatTheyMust");
	}

	@Test
	void diskWhoseOffsetsWrapViolatesIt() {
		assertViolated(new Ram() {

			@Override
			int at(BlockRequest request) {
				return (int) (request.offset() % (SIZE / 2));
			}

		}, "readAfterWriteReturnsTheSameBytes");
	}

	@Test
	void diskThatRewritesMoreThanItWasAskedToViolatesIt() {
		// reads 4096 bytes, changes some and writes them back, with other requests
		// between
		assertViolated(new Ram() {

			@Override
			public Mono<Void> write(WriteRequest request) {
				int from = at(request) & -4096;
				int length = ((at(request) + (int) request.length() + 4095) & -4096) - from;
				byte[] around = Arrays.copyOfRange(this.bytes, from, from + length);
				request.buffer().get(around, at(request) - from, (int) request.length());
				return Mono.delay(Duration.ofMillis(5))
					.doOnNext((tick) -> System.arraycopy(around, 0, this.bytes, from, length))
					.then();
			}

		}, "parallelWritesOfNeighboursDoNotDisturbEachOther");
	}

	@Test
	void diskWithoutRoomForLargeRequestsViolatesIt() {
		assertViolated(new Ram() {

			@Override
			public Mono<Void> write(WriteRequest request) {
				return (request.length() > 8192)
						? Mono.error(new BlockIoException(BlockErrno.EINVAL, "only 8192 bytes at a time"))
						: super.write(request);
			}

		}, "largestRequestIsServed");
	}

	@Test
	void discardThatDoesNothingViolatesIt() {
		Map<String, String> outcomes = assertViolated(new Ram() {

			@Override
			public Mono<Void> discard(DiscardRequest request) {
				return Mono.empty();
			}

		}, "discardedSpaceReadsAsZeros", "randomRequestsLeaveWhatTheyMust");
		assertThat(outcomes).containsEntry("zeroedSpaceReadsAsZeros", "fulfilled");
		assertThat(outcomes.get("randomRequestsLeaveWhatTheyMust")).contains("(again with -Dublk.test.seed=4711)");
	}

	@Test
	void zeroesThatGoTooFarViolateIt() {
		Map<String, String> outcomes = assertViolated(new Ram() {

			@Override
			public Mono<Void> writeZeroes(WriteZeroesRequest request) {
				Arrays.fill(this.bytes, at(request) & -4096, at(request) + (int) request.length(), (byte) 0);
				return Mono.empty();
			}

		}, "zeroedSpaceReadsAsZeros");
		assertThat(outcomes).containsEntry("discardedSpaceReadsAsZeros", "fulfilled");
	}

	@Test
	void flushThatFailsViolatesIt() {
		assertViolated(new Ram() {

			@Override
			public Mono<Void> flush(FlushRequest request) {
				return Mono.error(new BlockIoException(BlockErrno.EREMOTEIO, "no"));
			}

		}, "flushAfterWritesSucceeds", "randomRequestsLeaveWhatTheyMust");
	}

	@Test
	void requestThatIsNeverAnsweredViolatesIt() {
		Map<String, String> outcomes = assertViolated(new Ram() {

			@Override
			public Mono<Void> flush(FlushRequest request) {
				return Mono.never();
			}

		}, "flushAfterWritesSucceeds");
		assertThat(outcomes.get("flushAfterWritesSucceeds")).contains("FLUSH",
				"was not answered within PT2S, the patience() of the test");
	}

	@Test
	void unwrittenSpaceThatChangesViolatesIt() {
		AtomicInteger count = new AtomicInteger();
		assertViolated(new Ram() {

			@Override
			public Mono<Void> read(ReadRequest request) {
				while (request.buffer().hasRemaining()) {
					request.buffer().put((byte) count.incrementAndGet());
				}
				count.incrementAndGet();
				return Mono.empty();
			}

		}, "spaceThatNobodyWritesStaysTheSame");
	}

	private static Map<String, String> assertViolated(BlockDeviceHandler broken, String... tests) {
		Map<String, String> outcomes = ContractOutcomes.of(spec().build(), broken);
		for (String test : tests) {
			assertThat(outcomes.get(test)).as(test).startsWith("violated");
		}
		return outcomes;
	}

	/** A disk without a fault. */
	private static class Ram implements BlockDeviceHandler {

		final byte[] bytes = new byte[SIZE];

		int at(BlockRequest request) {
			return (int) request.offset();
		}

		@Override
		public Mono<Void> read(ReadRequest request) {
			request.buffer().put(this.bytes, at(request), (int) request.length());
			return Mono.empty();
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			request.buffer().get(this.bytes, at(request), (int) request.length());
			return Mono.empty();
		}

		@Override
		public Mono<Void> flush(FlushRequest request) {
			return Mono.empty();
		}

		@Override
		public Mono<Void> discard(DiscardRequest request) {
			return zero(request);
		}

		@Override
		public Mono<Void> writeZeroes(WriteZeroesRequest request) {
			return zero(request);
		}

		private Mono<Void> zero(BlockRequest request) {
			Arrays.fill(this.bytes, at(request), at(request) + (int) request.length(), (byte) 0);
			return Mono.empty();
		}

	}

}
