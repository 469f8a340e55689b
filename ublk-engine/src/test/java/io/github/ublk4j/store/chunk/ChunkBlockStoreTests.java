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

package io.github.ublk4j.store.chunk;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.store.StoreUnavailableException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

/**
 * How requests become chunks, also when the server of the chunks is slow, fails, or is
 * taken over.
 */
class ChunkBlockStoreTests {

	private static final Logger logger = LoggerFactory.getLogger(ChunkBlockStoreTests.class);

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private static final int CHUNK = 4096;

	private static final int CHUNKS = 16;

	private static final int SIZE = CHUNK * CHUNKS - 512;

	private final long seed = Long.getLong("ublk.test.seed", System.nanoTime());

	private final TestChunkVolume volume = new TestChunkVolume(this.seed);

	private final List<ChunkBlockStore> opened = new ArrayList<>();

	private ChunkBlockStore open() {
		return open(UnaryOperator.identity());
	}

	private ChunkBlockStore open(UnaryOperator<ChunkBlockStoreBuilder> how) {
		ChunkBlockStore store = how
			.apply(ChunkBlockStore.of(this.volume).size(SIZE).chunkSize(CHUNK).firstPause(Duration.ofMillis(1)))
			.open()
			.blockOptional(TIMEOUT)
			.orElseThrow();
		this.opened.add(store);
		return store;
	}

	@AfterEach
	void close() {
		this.volume.failures = 0;
		this.volume.beforeChange = Mono::empty;
		this.opened.forEach(ChunkBlockStore::close);
		assertThat(this.volume.violations()).isEmpty();
	}

	@Test
	void writeThatHasCompletedIsInTheChunkStore() {
		ChunkBlockStore store = open();

		write(store, CHUNK - 512, bytes(1, 1024));

		assertThat(this.volume.present()).containsExactlyInAnyOrder(0L, 1L);
	}

	@Test
	void writeOfWholeChunksReadsNoneOfThem() {
		ChunkBlockStore store = open();

		write(store, 0, bytes(1, SIZE));

		assertThat(this.volume.gets).hasValue(0);
		assertThat(this.volume.puts).hasValue(CHUNKS);
	}

	@Test
	void writesThatComeWhileAChunkIsStoredAreMergedIntoTheNext() {
		ChunkBlockStore store = open();
		Sinks.Empty<Void> gate = Sinks.empty();
		this.volume.beforeChange = gate::asMono;
		CompletableFuture<?> first = store.write(0, ByteBuffer.wrap(bytes(1, CHUNK))).toFuture();
		this.volume.beforeChange = Mono::empty;
		List<CompletableFuture<?>> later = new ArrayList<>();
		byte[] expected = bytes(1, CHUNK);
		for (int i = 0; i < 8; i++) {
			byte[] data = bytes(2 + i, 1024);
			System.arraycopy(data, 0, expected, i * 384, 1024);
			later.add(store.write(i * 384L, ByteBuffer.wrap(data)).toFuture());
		}
		assertThat(first).isNotDone();
		assertThat(later).noneMatch(CompletableFuture::isDone);
		assertThat(this.volume.puts).hasValue(1);

		gate.tryEmitEmpty();

		assertThat(first).succeedsWithin(TIMEOUT);
		assertThat(later).allSatisfy((write) -> assertThat(write).succeedsWithin(TIMEOUT));
		assertThat(this.volume.puts).hasValue(2);
		assertThat(this.volume.gets).as("the chunk was known").hasValue(0);
		assertThat(read(store, 0, CHUNK)).isEqualTo(expected);
	}

	@Test
	void flushThatIsCancelledRunsToItsEnd() {
		ChunkBlockStore store = open();
		Sinks.Empty<Void> gate = Sinks.empty();
		AtomicBoolean interrupted = new AtomicBoolean();
		AtomicBoolean ended = new AtomicBoolean();
		this.volume.beforeFlush = () -> gate.asMono()
			.doOnCancel(() -> interrupted.set(true))
			.doOnSuccess((nothing) -> ended.set(true));

		store.flush().subscribe().dispose();
		gate.tryEmitEmpty();

		assertThat(interrupted).isFalse();
		assertThat(ended).isTrue();
	}

	@Test
	void writeIsNotAcknowledgedWithoutToken() {
		ChunkBlockStore store = open((builder) -> builder.retries(1));
		this.volume.withoutTokens = true;
		this.volume.beforeChange = () -> Mono.error(new IllegalStateException("refused by the test"));

		StepVerifier.create(store.write(0, ByteBuffer.wrap(bytes(1, CHUNK))))
			.expectErrorMessage("Chunk 0 of the volume of the test cannot be changed: "
					+ "ChunkStore.nextToken() of the volume of the test has completed without a token")
			.verify(TIMEOUT);
	}

	@Test
	void claimThatNobodyWaitsForIsGivenUp() {
		Sinks.Empty<Void> gate = Sinks.empty();
		this.volume.beforeClaim = gate::asMono;
		ChunkBlockStore.of(this.volume).size(SIZE).chunkSize(CHUNK).open().subscribe().dispose();
		this.volume.beforeClaim = Mono::empty;
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(this::open);

		gate.tryEmitEmpty();

		write(open(), 0, bytes(1, 512));
	}

	@Test
	void neighboursThatFillAChunkTogetherNeedNoRead() {
		ChunkBlockStore store = open((builder) -> builder.parallelism(1));
		Sinks.Empty<Void> gate = Sinks.empty();
		this.volume.beforeChange = gate::asMono;
		List<Mono<Void>> writes = new ArrayList<>();
		writes.add(store.write(CHUNK, ByteBuffer.wrap(bytes(1, CHUNK))));
		for (int at : new int[] { 1024, 0, 3072, 2048 }) {
			writes.add(store.write(at, ByteBuffer.wrap(bytes(at, 1024))));
		}
		CompletableFuture<?> all = Mono.whenDelayError(writes).toFuture();
		this.volume.beforeChange = Mono::empty;
		gate.tryEmitEmpty();

		assertThat(all).succeedsWithin(TIMEOUT);
		assertThat(this.volume.gets).hasValue(0);
		assertThat(this.volume.puts).hasValue(2);
	}

	@Test
	void noMoreChunksAreUnderWayThanAllowed() {
		this.volume.delay = 5;
		ChunkBlockStore store = open((builder) -> builder.parallelism(3));

		write(store, 0, bytes(1, SIZE));

		assertThat(this.volume.mostTogether).hasValue(3);
	}

	@Test
	void chunkThatBecomesZeroIsDeleted() {
		ChunkBlockStore store = open();
		write(store, 0, bytes(1, 2 * CHUNK));

		succeed(store.discard(512, CHUNK - 512));
		assertThat(this.volume.present()).containsExactlyInAnyOrder(0L, 1L);
		succeed(store.writeZeroes(0, 512, false));
		assertThat(this.volume.present()).containsExactly(1L);
		write(store, CHUNK, new byte[CHUNK]);
		assertThat(this.volume.present()).isEmpty();
	}

	@Test
	void failureThatPassesIsNotSeen() {
		ChunkBlockStore store = open();
		failNext(2);

		write(store, 0, bytes(1, 512));

		assertThat(read(store, 0, 512)).isEqualTo(bytes(1, 512));
	}

	private void failNext(int times) {
		int until = this.volume.puts.get() + this.volume.deletes.get() + times;
		this.volume.beforeChange = () -> (this.volume.puts.get() + this.volume.deletes.get() <= until)
				? Mono.error(new IllegalStateException("down")) : Mono.empty();
	}

	@Test
	void failureThatStaysFailsTheWriteAndTheNextOneIsServed() {
		ChunkBlockStore store = open((builder) -> builder.retries(2));
		write(store, 0, bytes(1, CHUNK));
		failNext(3);

		fail(store.write(512, ByteBuffer.wrap(bytes(2, 512))), BlockErrno.EIO,
				"Chunk 0 of the volume of the test cannot be changed: down");

		write(store, 1024, bytes(3, 512));
		byte[] expected = bytes(1, CHUNK);
		System.arraycopy(bytes(3, 512), 0, expected, 1024, 512);
		assertThat(read(store, 0, CHUNK)).isEqualTo(expected);
	}

	@Test
	void fullStoreIsNotAskedAgain() {
		ChunkBlockStore store = open();
		this.volume.beforeChange = () -> Mono.error(new BlockIoException(BlockErrno.ENOSPC, "full"));

		fail(store.write(0, ByteBuffer.wrap(bytes(1, 512))), BlockErrno.ENOSPC, "full");

		assertThat(this.volume.puts).hasValue(1);
		this.volume.beforeChange = Mono::empty;
		assertThat(this.volume.tokens()).isEqualTo(1);
		succeed(store.discard(0, CHUNK));
	}

	@Test
	void silentStoreIsGivenUp() {
		ChunkBlockStore store = open((builder) -> builder.timeout(Duration.ofMillis(50)).retries(1));
		this.volume.beforeChange = Mono::never;

		fail(store.write(0, ByteBuffer.wrap(bytes(1, 512))), BlockErrno.ETIMEDOUT,
				"cannot be changed: its store has not answered within 50 ms");
	}

	@Test
	void flushThatFailsIsToldAndCounts() {
		ChunkBlockStore store = open();
		this.volume.beforeFlush = () -> Mono.error(new BlockIoException(BlockErrno.EREMOTEIO, "lost"));

		fail(store.flush(), BlockErrno.EREMOTEIO, "The volume of the test cannot be flushed: lost");
	}

	/** Whatever a given-up change does later, it does not undo an acknowledged write. */
	@ParameterizedTest
	@ValueSource(ints = { 0, 10, 40 })
	void randomRequestsLeaveWhatTheyMust(int failures) {
		logger.info("random requests with -Dublk.test.seed={} and {} % failures", this.seed, failures);
		this.volume.delay = 3;
		ChunkBlockStore store = open((builder) -> builder.parallelism(8).retries(40));
		this.volume.failures = failures;
		Random random = new Random(this.seed);
		byte[] model = new byte[SIZE];
		for (int round = 0; round < 60; round++) {
			List<Mono<Void>> requests = new ArrayList<>();
			for (int i = 0; i < 24; i++) {
				requests.add(request(store, random, model));
			}
			StepVerifier.create(Mono.whenDelayError(requests)).expectComplete().verify(TIMEOUT);
			assertThat(Arrays.mismatch(read(store, 0, SIZE), model)).as("round " + round + ", seed " + this.seed)
				.isNegative();
		}
	}

	/** Ranges overlap: writes take effect in the order in which they are subscribed. */
	private static Mono<Void> request(ChunkBlockStore store, Random random, byte[] model) {
		int offset = random.nextInt(SIZE / 512) * 512;
		int length = Math.min(SIZE - offset, 512 * (1 + random.nextInt(12)));
		if (random.nextInt(5) == 0 && length <= CHUNK) {
			Arrays.fill(model, offset, offset + length, (byte) 0);
			return store.discard(offset, length);
		}
		byte[] data = bytes(random.nextInt(), length);
		System.arraycopy(data, 0, model, offset, length);
		return store.write(offset, ByteBuffer.wrap(data));
	}

	@Test
	void whatWasFlushedSurvivesEveryCrash() {
		logger.info("crashes with -Dublk.test.seed={}", this.seed);
		this.volume.delay = 2;
		Random random = new Random(this.seed);
		byte[] flushed = new byte[SIZE];
		for (int round = 0; round < 15; round++) {
			ChunkBlockStore store = open((builder) -> builder.takeOver(true).retries(40));
			assertThat(Arrays.mismatch(read(store, 0, SIZE), flushed)).as("round " + round + ", seed " + this.seed)
				.isNegative();
			this.volume.failures = 15;
			for (int i = 0; i < 20; i++) {
				int offset = random.nextInt(SIZE / 512) * 512;
				byte[] data = bytes(random.nextInt(), Math.min(SIZE - offset, 2048));
				System.arraycopy(data, 0, flushed, offset, data.length);
				write(store, offset, data);
			}
			succeed(store.flush());
			byte[][] either = { flushed.clone(), flushed };
			unflushed(store, random, either[1]);
			this.volume.failures = 0;
			this.volume.crash();
			ChunkBlockStore after = open((builder) -> builder.takeOver(true));
			byte[] found = read(after, 0, SIZE);
			for (int at = 0; at < SIZE; at++) {
				assertThat(found[at] == either[0][at] || found[at] == either[1][at])
					.as("round %d, offset %d, seed %d", round, at, this.seed)
					.isTrue();
			}
			flushed = found;
			succeed(after.flush());
		}
	}

	/** Each place once, so that it has one of two values afterwards. */
	private static void unflushed(ChunkBlockStore store, Random random, byte[] model) {
		for (int chunk = 0; chunk < CHUNKS; chunk += 2) {
			byte[] data = bytes(random.nextInt(), 512);
			System.arraycopy(data, 0, model, chunk * CHUNK, 512);
			Mono<Void> write = store.write((long) chunk * CHUNK, ByteBuffer.wrap(data));
			if (random.nextBoolean()) {
				succeed(write);
			}
			else {
				write.subscribe((done) -> {
				}, (failure) -> {
				});
			}
		}
	}

	@Test
	void secondServerIsRefusedUntilTheFirstCloses() {
		ChunkBlockStore first = open();

		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(this::open)
			.withMessageContaining("is served by process " + ProcessHandle.current().pid());

		first.close();
		open();
	}

	@Test
	void serverThatIsTakenOverFailsLoudly() {
		ChunkBlockStore first = open();
		write(first, 0, bytes(1, CHUNK));
		ChunkBlockStore second = open((builder) -> builder.takeOver(true));

		fail(first.write(0, ByteBuffer.wrap(bytes(2, CHUNK))), BlockErrno.EIO, "is lost to another server");
		fail(first.read(0, ByteBuffer.allocate(512)), BlockErrno.EIO, "is lost to another server");
		fail(first.flush(), BlockErrno.EIO, "is lost to another server");

		assertThat(read(second, 0, CHUNK)).isEqualTo(bytes(1, CHUNK));
		first.close();
		write(second, 0, bytes(3, CHUNK));
	}

	@Test
	void takeOverIsSeenWithoutARequest() {
		ChunkBlockStore first = open((builder) -> builder.lease(Duration.ofSeconds(1)));
		open((builder) -> builder.takeOver(true));

		await().atMost(TIMEOUT)
			.untilAsserted(
					() -> fail(first.read(0, ByteBuffer.allocate(512)), BlockErrno.EIO, "is lost to another server"));
	}

	@Test
	void writesUnderWayWhileTheVolumeIsTakenOverDoNotReachIt() {
		Sinks.Empty<Void> gate = Sinks.empty();
		this.volume.beforeChange = gate::asMono;
		ChunkBlockStore first = open();
		CompletableFuture<?> write = first.write(0, ByteBuffer.wrap(bytes(1, SIZE))).toFuture();
		ChunkBlockStore second = open((builder) -> builder.takeOver(true));
		gate.tryEmitEmpty();
		byte[] before = read(second, 0, SIZE);
		assertThat(write).failsWithin(TIMEOUT);

		assertThat(read(second, 0, SIZE)).isEqualTo(before);
	}

	@Test
	void closeWaitsForTheWritesUnderWay() throws Exception {
		this.volume.delay = 50;
		ChunkBlockStore store = open();
		CompletableFuture<?> write = store.write(0, ByteBuffer.wrap(bytes(1, SIZE))).toFuture();

		store.close();

		write.get(0, TimeUnit.SECONDS);
		fail(store.write(0, ByteBuffer.allocate(512)), BlockErrno.EIO, "is closed");
	}

	@Test
	void cancelledWriteIsFinished() {
		ChunkBlockStore store = open();
		Sinks.Empty<Void> gate = Sinks.empty();
		this.volume.beforeChange = gate::asMono;
		store.write(0, ByteBuffer.wrap(bytes(1, CHUNK))).subscribe().dispose();
		this.volume.beforeChange = Mono::empty;

		gate.tryEmitEmpty();

		assertThat(read(store, 0, CHUNK)).isEqualTo(bytes(1, CHUNK));
	}

	@Test
	void cancelledWriteThatHasNotBegunIsForgotten() {
		ChunkBlockStore store = open((builder) -> builder.parallelism(1));
		Sinks.Empty<Void> gate = Sinks.empty();
		this.volume.beforeChange = gate::asMono;
		CompletableFuture<?> first = store.write(0, ByteBuffer.wrap(bytes(1, CHUNK))).toFuture();
		store.write(0, ByteBuffer.wrap(bytes(2, 512))).subscribe().dispose();
		store.write(CHUNK, ByteBuffer.wrap(bytes(2, CHUNK))).subscribe().dispose();
		this.volume.beforeChange = Mono::empty;

		gate.tryEmitEmpty();

		assertThat(first).succeedsWithin(TIMEOUT);
		assertThat(read(store, 0, CHUNK)).isEqualTo(bytes(1, CHUNK));
		assertThat(read(store, CHUNK, CHUNK)).isEqualTo(new byte[CHUNK]);
		assertThat(this.volume.puts).hasValue(1);
	}

	@Test
	void wholeDiskCanBeDiscarded() {
		ChunkBlockStore store = open((builder) -> builder.parallelism(2));
		write(store, 0, bytes(1, SIZE));

		succeed(store.discard(0, SIZE));

		assertThat(this.volume.present()).isEmpty();
	}

	@Test
	void discardOfLargeDiskTouchesOnlyTheChunksThatAreThere() {
		ChunkBlockStore store = open((builder) -> builder.size(1L << 32));
		write(store, 1L << 31, bytes(1, 3 * CHUNK));

		succeed(store.discard(0, 1L << 32));

		assertThat(this.volume.present()).isEmpty();
		assertThat(this.volume.deletes).hasValue(3);
	}

	/** None of the chunks is there when it begins. */
	@Test
	void discardOfLargeDiskComesAfterTheWritesThatHaveBegun() {
		ChunkBlockStore store = open((builder) -> builder.size(1L << 32));
		Sinks.Empty<Void> gate = Sinks.empty();
		this.volume.beforeChange = gate::asMono;
		CompletableFuture<?> write = store.write(3 * CHUNK, ByteBuffer.wrap(bytes(1, 512))).toFuture();
		this.volume.beforeChange = Mono::empty;
		CompletableFuture<?> discard = store.discard(0, 1000 * CHUNK).toFuture();
		assertThat(discard).isNotDone();

		gate.tryEmitEmpty();

		assertThat(write).succeedsWithin(TIMEOUT);
		assertThat(discard).succeedsWithin(TIMEOUT);
		assertThat(this.volume.present()).isEmpty();
	}

	/** Its put is still on the way when nothing is there to be discarded. */
	@Test
	void writeThatHasFailedDoesNotComeBackAfterADiscard() {
		ChunkBlockStore store = open((builder) -> builder.size(1L << 32).timeout(Duration.ofMillis(50)).retries(0));
		this.volume.beforeChange = Mono::never;
		fail(store.write(0, ByteBuffer.wrap(bytes(1, CHUNK))), BlockErrno.ETIMEDOUT, "cannot be changed");
		this.volume.beforeChange = Mono::empty;
		long tokens = this.volume.tokens();

		succeed(store.discard(0, 1000 * CHUNK));

		assertThat(this.volume.tokens()).isEqualTo(tokens + 1);
	}

	/** Its put is still on the way when the chunk is read. */
	@Test
	void writeThatHasFailedDoesNotComeTrueAfterARead() {
		ChunkBlockStore store = open((builder) -> builder.timeout(Duration.ofMillis(50)).retries(0));
		read(store, 0, CHUNK);
		this.volume.beforeChange = Mono::never;
		fail(store.write(0, ByteBuffer.wrap(bytes(1, CHUNK))), BlockErrno.ETIMEDOUT, "cannot be changed");
		this.volume.beforeChange = Mono::empty;
		long tokens = this.volume.tokens();

		assertThat(read(store, 0, CHUNK)).isEqualTo(new byte[CHUNK]);

		assertThat(this.volume.tokens()).isEqualTo(tokens + 1);
		assertThat(read(store, CHUNK, CHUNK)).isEqualTo(new byte[CHUNK]);
		assertThat(this.volume.tokens()).isEqualTo(tokens + 1);
	}

	@Test
	void nothingIsReadWhileAWriteThatHasFailedMayStillComeTrue() {
		ChunkBlockStore store = open((builder) -> builder.timeout(Duration.ofMillis(50)).retries(0));
		this.volume.beforeChange = Mono::never;
		fail(store.write(0, ByteBuffer.wrap(bytes(1, CHUNK))), BlockErrno.ETIMEDOUT, "cannot be changed");
		this.volume.withoutTokens = true;

		fail(store.read(0, ByteBuffer.allocate(512)), BlockErrno.EIO,
				"Chunk 0 of the volume of the test cannot be read: "
						+ "ChunkStore.nextToken() of the volume of the test has completed without a token");

		this.volume.withoutTokens = false;
		assertThat(read(store, 0, 512)).isEqualTo(new byte[512]);
	}

	@Test
	void errorOfTheJvmFailsTheWriteAndTheNextOneIsServedWithANewToken() {
		ChunkBlockStore store = open((builder) -> builder.parallelism(1).retries(0));
		long tokens = this.volume.tokens();
		this.volume.beforeChange = () -> {
			throw new OutOfMemoryError("of the test");
		};

		fail(store.write(0, ByteBuffer.wrap(bytes(1, CHUNK))), BlockErrno.ENOMEM,
				"cannot be changed: " + "java.lang.OutOfMemoryError: of the test");

		this.volume.beforeChange = Mono::empty;
		write(store, 512, bytes(2, 512));
		assertThat(read(store, 512, 512)).isEqualTo(bytes(2, 512));
		assertThat(this.volume.tokens()).isEqualTo(tokens + 1);
	}

	@Test
	void permitIsFreeAfterAnErrorOfTheJvm() {
		Permits permits = new Permits(1);
		Sinks.Empty<Void> first = Sinks.empty();
		permits.run(first.asMono()).subscribe();
		CompletableFuture<Void> failed = permits.run(Mono.fromRunnable(() -> {
			throw new OutOfMemoryError("of the test");
		})).toFuture();
		CompletableFuture<Void> next = permits.run(Mono.empty()).toFuture();

		first.tryEmitEmpty();

		assertThat(failed).failsWithin(TIMEOUT)
			.withThrowableThat()
			.havingCause()
			.isInstanceOf(BlockIoException.class)
			.withMessage("java.lang.OutOfMemoryError: of the test");
		assertThat(next).isCompleted();
		succeed(permits.run(Mono.empty()));
	}

	@Test
	void settingsThatAreOfNoUseAreRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> open((builder) -> builder.parallelism(0)))
			.withMessageContaining("parallelism of 0");
		assertThatIllegalArgumentException().isThrownBy(() -> open((builder) -> builder.chunkSize(5000)))
			.withMessageContaining("chunks of 5000 bytes. Use a power of two from 4096");
	}

	static byte[] bytes(int seed, int length) {
		byte[] bytes = new byte[length];
		new Random(seed).nextBytes(bytes);
		return bytes;
	}

	private static byte[] read(ChunkBlockStore store, long offset, int length) {
		ByteBuffer destination = ByteBuffer.allocate(length);
		succeed(store.read(offset, destination));
		return destination.array();
	}

	private static void write(ChunkBlockStore store, long offset, byte[] data) {
		succeed(store.write(offset, ByteBuffer.wrap(data)));
	}

	private static void succeed(Mono<Void> operation) {
		StepVerifier.create(operation).expectComplete().verify(TIMEOUT);
	}

	private static void fail(Mono<Void> operation, BlockErrno errno, String message) {
		StepVerifier.create(operation).expectErrorSatisfies((failure) -> {
			assertThat(failure).isInstanceOf(BlockIoException.class).hasMessageContaining(message);
			assertThat(((BlockIoException) failure).errno()).isEqualTo(errno);
		}).verify(TIMEOUT);
	}

}
