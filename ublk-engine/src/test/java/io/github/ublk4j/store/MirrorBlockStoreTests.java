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
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.layer.CopyOnWriteStore;
import io.github.ublk4j.layer.DelayStore;
import io.github.ublk4j.store.mirror.MemberState;
import io.github.ublk4j.store.mirror.MemberStatus;
import io.github.ublk4j.store.mirror.MirrorBlockStore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for several stores with the same content.
 */
class MirrorBlockStoreTests extends AbstractBlockStoreTests {

	private static final int MIRROR = 256 << 10;

	private static final int REGION = 4 << 10;

	private static final Duration NEVER = Duration.ofDays(1);

	private static final Duration SOON = Duration.ofMillis(20);

	private final TestMember first = new TestMember("A", MIRROR);

	private final TestMember second = new TestMember("B", MIRROR);

	@Override
	BlockStore create(long size) {
		return mirror(SOON, new TestMember("A", size), new TestMember("B", size), new TestMember("C", size + 512));
	}

	private MirrorBlockStore mirror(Duration retryEvery, TestMember... members) {
		return closedAfterwards(Objects.requireNonNull(
				MirrorBlockStore.of(List.of(members)).regionSize(REGION).retryEvery(retryEvery).open().block(TIMEOUT)));
	}

	/** Opens a mirror whose members are all current, and which is not resynced later. */
	private MirrorBlockStore current() {
		MirrorBlockStore fresh = mirror(SOON, this.first, this.second);
		awaitCurrent(fresh);
		fresh.close();
		return mirror(NEVER, this.first, this.second);
	}

	private static void awaitCurrent(MirrorBlockStore mirror) {
		await(() -> assertThat(mirror.members()).extracting(MemberStatus::state).containsOnly(MemberState.CURRENT));
	}

	private static void await(Runnable check) {
		long end = System.nanoTime() + TIMEOUT.toNanos();
		while (true) {
			try {
				check.run();
				return;
			}
			catch (AssertionError ex) {
				if (System.nanoTime() > end) {
					throw ex;
				}
				Thread.onSpinWait();
			}
		}
	}

	private static Throwable failure(Mono<Void> request) {
		return Exceptions.unwrap(catchThrowable(() -> request.block(TIMEOUT)));
	}

	private static List<MemberState> states(MirrorBlockStore mirror) {
		return mirror.members().stream().map(MemberStatus::state).toList();
	}

	@Test
	void writesAreOnAllMembers() {
		MirrorBlockStore mirror = current();
		byte[] data = bytes(1, MIRROR);
		write(mirror, 0, data);
		succeed(mirror.discard(8192, 4096));

		Arrays.fill(data, 8192, 12288, (byte) 0);
		assertThat(this.first.content()).isEqualTo(data);
		assertThat(this.second.content()).isEqualTo(data);
	}

	@Test
	void readsAreSharedByTheMembers() {
		MirrorBlockStore mirror = current();
		int before = this.first.reads();
		for (int i = 0; i < 100; i++) {
			read(mirror, 0, 512);
		}
		assertThat(this.first.reads() - before).isBetween(40, 60);
	}

	@Test
	void mirrorGoesOnWithoutMemberThatFailsWrite() {
		MirrorBlockStore mirror = current();
		write(mirror, 0, bytes(1, MIRROR));
		succeed(mirror.flush());
		Instant before = Instant.now();
		this.first.breakDown();
		write(mirror, REGION, bytes(2, 512));
		assertThat(read(mirror, REGION, 512)).isEqualTo(bytes(2, 512));
		succeed(mirror.flush());

		Instant since = Objects.requireNonNull(mirror.members().get(0).since());
		assertThat(since).isBetween(before, Instant.now());
		assertThat(mirror.members()).containsExactly(
				new MemberStatus("A", MemberState.STALE, REGION, since, "the member A is broken"),
				new MemberStatus("B", MemberState.CURRENT, 0, null, null));
	}

	@Test
	void memberThatCannotBeResyncedIsStaleSinceItFailedFirst() {
		MirrorBlockStore fresh = mirror(SOON, this.first, this.second);
		awaitCurrent(fresh);
		this.second.breakWrites();
		write(fresh, 0, bytes(1, 512));
		MemberStatus failed = fresh.members().get(1);
		int resyncs = this.second.reads();
		await(() -> assertThat(this.second.reads()).isGreaterThan(resyncs + 1));
		assertThat(fresh.members().get(1).since()).isNotNull().isEqualTo(failed.since());
	}

	@Test
	void nothingHasFailedWhenMembersAreNew() {
		Sinks.Empty<Void> until = Sinks.empty();
		this.second.holdLabels(until);
		List<ILoggingEvent> lines = logOf(() -> {
			MirrorBlockStore mirror = mirror(NEVER, this.first, this.second);
			assertThat(mirror.members().get(1)).satisfies((filled) -> {
				assertThat(filled.state()).isNotEqualTo(MemberState.CURRENT);
				assertThat(filled.staleBytes()).isEqualTo(MIRROR);
				assertThat(filled.since()).isNotNull();
				assertThat(filled.failure()).isNull();
			});
			until.tryEmitEmpty();
			awaitCurrent(mirror);
		});
		assertThat(lines).extracting((line) -> line.getLevel() + " " + line.getFormattedMessage())
			.containsExactly("INFO The member B of the mirror is filled: the mirror is new",
					"INFO The member B of the mirror is current");
	}

	@Test
	void outageIsLoggedOnceForEachKindOfFailureWithTheNameOfTheMirror() {
		List<ILoggingEvent> lines = logOf(() -> {
			MirrorBlockStore mirror = closedAfterwards(
					Objects.requireNonNull(MirrorBlockStore.of(List.of(this.first, this.second))
						.name("mirror of disk 'ram'")
						.regionSize(REGION)
						.retryEvery(SOON)
						.open()
						.block(TIMEOUT)));
			awaitCurrent(mirror);
			for (int outage = 0; outage < 2; outage++) {
				this.second.breakDown();
				write(mirror, 0, bytes(1, 512));
				awaitAttempts();
				this.second.errno(BlockErrno.ENOLINK);
				awaitAttempts();
				this.second.mend();
				awaitCurrent(mirror);
			}
		});
		String member = "The member B of the mirror of disk 'ram' ";
		assertThat(lines).extracting((line) -> line.getLevel() + " " + line.getFormattedMessage())
			.containsExactly("INFO " + member + "is filled: the mirror is new", "INFO " + member + "is current",
					"ERROR The mirror of disk 'ram' goes on without its member B: the member B is broken",
					"WARN " + member + "cannot be resynced yet: the member B is broken",
					"INFO " + member + "is current",
					"ERROR The mirror of disk 'ram' goes on without its member B: the member B is broken",
					"WARN " + member + "cannot be resynced yet: the member B is broken",
					"INFO " + member + "is current");
	}

	private void awaitAttempts() {
		int before = this.second.failures();
		await(() -> assertThat(this.second.failures()).isGreaterThan(before + 3));
	}

	/** Returns what is logged of mirrors. */
	private static List<ILoggingEvent> logOf(Runnable work) {
		Logger logger = (Logger) LoggerFactory.getLogger(MirrorBlockStore.class.getPackageName());
		ListAppender<ILoggingEvent> lines = new ListAppender<>();
		lines.start();
		logger.addAppender(lines);
		try {
			work.run();
			return List.copyOf(lines.list);
		}
		finally {
			logger.detachAppender(lines);
		}
	}

	@Test
	void sizeIsThatOfTheLatestLabelAndNotOfTheMembers() {
		TestMember larger = new TestMember("C", 2 * MIRROR);
		assertThat(MirrorBlockStore.of(List.of(this.first, larger)).existingSize().block(TIMEOUT)).isNull();
		MirrorBlockStore fresh = mirror(NEVER, this.first, larger);
		awaitCurrent(fresh);
		fresh.close();
		assertThat(MirrorBlockStore.of(List.of(this.second, larger)).existingSize().block(TIMEOUT)).isEqualTo(MIRROR);
		larger.breakDown();
		assertThatExceptionOfType(StoreUnavailableException.class)
			.isThrownBy(() -> MirrorBlockStore.of(List.of(this.first, larger)).existingSize().block(TIMEOUT))
			.withMessageContaining("The member C cannot be read: the member C is broken.");
	}

	@Test
	void mirrorsAreFoundUnderLayersAndInStripes() {
		MirrorBlockStore mirror = mirror(NEVER, this.first, this.second);
		MirrorBlockStore other = mirror(NEVER, new TestMember("C", MIRROR));
		BlockStore stripes = new StripeBlockStore(List.of(mirror, other), 4096);
		BlockStore layers = new DelayStore(
				new CopyOnWriteStore(stripes, MemoryBlockStore.sparse(stripes.size()), 4096));
		assertThat(MirrorBlockStore.in(closedAfterwards(layers))).containsExactly(mirror, other);
		assertThat(MirrorBlockStore.in(mirror)).containsExactly(mirror);
		assertThat(MirrorBlockStore.in(this.first)).isEmpty();
	}

	@Test
	void readThatAMemberFailsIsThatOfAnother() {
		MirrorBlockStore mirror = current();
		write(mirror, 0, bytes(1, MIRROR));
		this.second.breakDown();
		for (int i = 0; i < 4; i++) {
			assertThat(read(mirror, 0, 4096)).isEqualTo(Arrays.copyOf(bytes(1, MIRROR), 4096));
		}
		assertThat(states(mirror)).containsExactly(MemberState.CURRENT, MemberState.STALE);
	}

	@Test
	void sectorThatAMemberCannotReadIsWrittenAgain() {
		current().close();
		MirrorBlockStore mirror = mirror(SOON, this.first, this.second);
		byte[] data = bytes(1, MIRROR);
		write(mirror, 0, data);
		succeed(mirror.flush());
		int before = this.second.writes();
		this.second.breakSector(3 * REGION + 512);

		await(() -> {
			assertThat(read(mirror, 3 * REGION, REGION)).isEqualTo(Arrays.copyOfRange(data, 3 * REGION, 4 * REGION));
			assertThat(this.second.writes()).isEqualTo(before + 1);
		});

		awaitCurrent(mirror);
		for (int i = 0; i < 4; i++) {
			read(mirror, 3 * REGION, REGION);
		}
		assertThat(states(mirror)).containsOnly(MemberState.CURRENT);
	}

	@Test
	void memberThatReturnsGetsAllThatTheOthersCanRead() {
		current().close();
		MirrorBlockStore mirror = mirror(SOON, this.first, this.second);
		this.second.breakDown();
		byte[] data = bytes(1, 4 * REGION);
		write(mirror, 0, data);
		this.first.breakSector(REGION);
		this.second.mend();

		await(() -> assertThat(mirror.members().get(1)).satisfies((filled) -> {
			assertThat(filled.state()).isEqualTo(MemberState.STALE);
			assertThat(filled.staleBytes()).isEqualTo(REGION);
			assertThat(filled.failure())
				.isEqualTo("it lacks what the current members cannot read: the member A cannot be read");
		}));
		assertThat(Arrays.copyOfRange(this.second.content(), 2 * REGION, 4 * REGION))
			.isEqualTo(Arrays.copyOfRange(data, 2 * REGION, 4 * REGION));

		write(mirror, REGION, Arrays.copyOfRange(data, REGION, 2 * REGION));
		awaitCurrent(mirror);
		assertThat(this.second.content()).isEqualTo(this.first.content());
	}

	@Test
	void whatTheLastMemberFailsFails() {
		MirrorBlockStore mirror = current();
		this.first.breakDown();
		this.second.breakDown();
		for (Mono<Void> request : List.of(mirror.write(0, ByteBuffer.allocate(512)),
				mirror.read(0, ByteBuffer.allocate(512)), mirror.flush(), mirror.discard(0, 512))) {
			assertThat(failure(request)).hasMessageContaining("is broken");
		}
		assertThat(states(mirror)).containsOnlyOnce(MemberState.CURRENT);
		this.first.mend();
		this.second.mend();
		write(mirror, 0, bytes(1, 512));
		assertThat(read(mirror, 0, 512)).isEqualTo(bytes(1, 512));
	}

	@Test
	void memberThatReturnsGetsWhatItHasMissedAndNoMore() {
		MirrorBlockStore mirror = current();
		write(mirror, 0, bytes(1, MIRROR));
		mirror.close();
		MirrorBlockStore again = mirror(SOON, this.first, this.second);
		this.second.breakDown();
		write(again, 3 * REGION + 512, bytes(2, REGION));
		succeed(again.discard(10 * REGION, REGION));
		assertThat(again.members().get(1).staleBytes()).isEqualTo(3 * REGION);
		int before = this.second.writes();

		this.second.mend();
		awaitCurrent(again);
		assertThat(this.second.content()).isEqualTo(this.first.content());
		assertThat(this.second.writes() - before).as("regions with data").isEqualTo(2);
		assertThat(again.members().get(1)).isEqualTo(new MemberStatus("B", MemberState.CURRENT, 0, null, null));
	}

	/** Its server has died, and with it what it had acknowledged and not yet flushed. */
	@Test
	void memberThatReturnsGetsAgainWhatItHadNotFlushed() {
		current().close();
		MirrorBlockStore mirror = mirror(SOON, this.first, this.second);
		write(mirror, 2 * REGION, bytes(1, 512));
		succeed(mirror.flush());
		write(mirror, 5 * REGION, bytes(2, 512));
		this.second.breakDown();
		write(mirror, 9 * REGION, bytes(3, 512));
		assertThat(mirror.members().get(1).staleBytes()).isEqualTo(2 * REGION);

		this.second.overwrite(MirrorBlockStore.DATA_OFFSET + 5 * REGION, new byte[512]);
		this.second.mend();
		awaitCurrent(mirror);
		assertThat(this.second.content()).isEqualTo(this.first.content());
	}

	@Test
	void memberThatFailsFlushThatWasCancelledIsStale() {
		MirrorBlockStore mirror = current();
		write(mirror, 0, bytes(1, 512));
		Sinks.Empty<Void> until = Sinks.empty();
		this.first.breakDownSlowly(until);

		mirror.flush().subscribe().dispose();
		until.tryEmitEmpty();

		assertThat(states(mirror)).containsExactly(MemberState.STALE, MemberState.CURRENT);
	}

	@Test
	void flushCoversOnlyWhatHadEndedWhenItBegan() {
		MirrorBlockStore mirror = current();
		Sinks.Empty<Void> held = Sinks.empty();
		this.second.holdEndOfResync(true, held);
		write(mirror, 2 * REGION, bytes(1, 512));
		CompletableFuture<Void> flush = mirror.flush().toFuture();
		write(mirror, 5 * REGION, bytes(2, 512));
		held.tryEmitEmpty();
		assertThat(flush).succeedsWithin(TIMEOUT);

		this.second.breakDown();
		write(mirror, 9 * REGION, bytes(3, 512));
		assertThat(mirror.members().get(1).staleBytes()).isEqualTo(2 * REGION);
	}

	/** What that takes is the time-out of a server that is gone. */
	@Test
	void requestsDoNotWaitForStaleMemberThatTakesLongToFail() {
		current().close();
		MirrorBlockStore mirror = mirror(SOON, this.first, this.second);
		this.second.breakDown();
		write(mirror, 0, bytes(1, 512));
		Sinks.Empty<Void> timeout = Sinks.empty();
		this.second.breakDownSlowly(timeout);
		await(() -> assertThat(this.second.isWaitedFor()).isTrue());

		write(mirror, 0, bytes(2, 512));
		succeed(mirror.flush());
		assertThat(states(mirror)).containsExactly(MemberState.CURRENT, MemberState.STALE);
		timeout.tryEmitEmpty();
		this.second.mend();
		awaitCurrent(mirror);
		assertThat(this.second.content()).isEqualTo(this.first.content());
	}

	@Test
	void staleMemberIsNeverRead() {
		MirrorBlockStore mirror = current();
		write(mirror, 0, bytes(1, MIRROR));
		this.first.breakDown();
		write(mirror, 0, bytes(2, MIRROR));
		this.first.mend();
		int before = this.first.reads();
		for (int i = 0; i < 10; i++) {
			assertThat(read(mirror, 0, MIRROR)).isEqualTo(bytes(2, MIRROR));
		}
		assertThat(this.first.reads()).isEqualTo(before);
	}

	/** The server dies: the mirror is not closed, and another one is made. */
	@Test
	void staleMemberIsKnownAfterACrash() {
		MirrorBlockStore mirror = current();
		write(mirror, 0, bytes(1, MIRROR));
		this.first.breakDown();
		write(mirror, 0, bytes(2, MIRROR));
		this.first.mend();

		MirrorBlockStore next = mirror(NEVER, this.first, this.second);
		assertThat(next.members().get(1).state()).isEqualTo(MemberState.CURRENT);
		assertThat(read(next, 0, MIRROR)).isEqualTo(bytes(2, MIRROR));
		await(() -> assertThat(states(next)).containsOnly(MemberState.CURRENT));
		assertThat(this.first.content()).isEqualTo(bytes(2, MIRROR));
	}

	@Test
	void writeThatAMemberHasMissedWaitsUntilThatIsRecorded() {
		MirrorBlockStore mirror = current();
		Sinks.Empty<Void> held = Sinks.empty();
		this.second.holdLabels(held);
		this.first.breakDown();
		CompletableFuture<Void> missed = mirror.write(0, ByteBuffer.wrap(bytes(1, 512))).toFuture();
		CompletableFuture<Void> later = mirror.write(REGION, ByteBuffer.wrap(bytes(1, 512))).toFuture();
		CompletableFuture<Void> flush = mirror.flush().toFuture();

		assertThat(read(mirror, 0, 512)).isEqualTo(bytes(1, 512));
		assertThat(List.of(missed, later, flush)).noneMatch(CompletableFuture::isDone);
		held.tryEmitEmpty();
		assertThat(List.of(missed, later, flush)).allSatisfy((each) -> assertThat(each).succeedsWithin(TIMEOUT));
		this.second.holdLabels(null);
	}

	/** Nobody knows yet which of its labels a server would find that came now. */
	@Test
	void writeThatAMemberMissesWhileItBecomesCurrentWaitsUntilThatIsRecorded() {
		MirrorBlockStore mirror = mirror(SOON, this.first, this.second);
		awaitCurrent(mirror);
		this.second.breakDown();
		write(mirror, 0, bytes(1, 512));
		Sinks.Empty<Void> announced = Sinks.empty();
		this.first.holdLabels(announced);
		this.second.mend();
		int before = this.first.labelWrites();
		await(() -> assertThat(this.first.labelWrites()).isEqualTo(before + 1));
		Sinks.Empty<Void> promoted = Sinks.empty();
		this.first.holdLabels(promoted);
		announced.tryEmitEmpty();
		await(() -> assertThat(this.first.labelWrites()).isEqualTo(before + 2));

		this.second.breakDown();
		CompletableFuture<Void> missed = mirror.write(0, ByteBuffer.wrap(bytes(2, 512))).toFuture();
		assertThat(missed).isNotDone();
		this.first.holdLabels(null);
		promoted.tryEmitEmpty();
		assertThat(missed).succeedsWithin(TIMEOUT);
		assertThat(states(mirror)).containsExactly(MemberState.CURRENT, MemberState.STALE);
		this.second.mend();
	}

	/** It has a write that the last current member has failed, which may not be there. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void memberIsNotCurrentBeforeItHasWhatItMissedAtTheEndOfItsResync(boolean inFlush) {
		MirrorBlockStore mirror = mirror(SOON, this.first, this.second);
		awaitCurrent(mirror);
		write(mirror, 0, bytes(1, MIRROR));
		this.second.breakDown();
		write(mirror, 0, bytes(2, MIRROR));
		Sinks.Empty<Void> held = Sinks.empty();
		this.second.holdEndOfResync(inFlush, held);
		this.second.mend();
		await(() -> assertThat(this.second.isHeld()).isTrue());

		this.first.breakWrites();
		assertThat(failure(mirror.write(REGION, ByteBuffer.wrap(bytes(3, 512)))))
			.hasMessageContaining("is not written");
		this.first.mend();
		held.tryEmitEmpty();
		awaitCurrent(mirror);
		assertThat(this.second.content()).isEqualTo(this.first.content());
	}

	/** Its label says so since the resync has begun. */
	@Test
	void memberWhoseResyncWasInterruptedIsNotServedAlone() {
		MirrorBlockStore mirror = current();
		this.first.breakDown();
		write(mirror, 0, bytes(1, MIRROR));
		this.first.mend();
		mirror.close();
		this.second.breakReads();

		MirrorBlockStore next = mirror(NEVER, this.first, this.second);
		await(() -> assertThat(next.members().get(0).failure())
			.isEqualTo("it lacks what the current members cannot read: the member B cannot be read"));
		this.second.mend();
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> mirror(NEVER, this.first))
			.withMessageContaining("None of the stores [A] has all that was written to their mirror.");
		assertThat(read(mirror(NEVER, this.second), 0, MIRROR)).isEqualTo(bytes(1, MIRROR));
	}

	@Test
	void membersOfMirrorThatWasNotClosedAreMadeEqual() {
		current();
		this.second.overwrite(MirrorBlockStore.DATA_OFFSET + 5 * REGION, bytes(3, 512));

		MirrorBlockStore next = mirror(NEVER, this.first, this.second);
		awaitCurrent(next);
		assertThat(this.second.content()).isEqualTo(new byte[MIRROR]);
	}

	@Test
	void membersOfMirrorThatWasClosedAreCurrentAtOnce() {
		current().close();
		MirrorBlockStore next = mirror(NEVER, this.first, this.second);
		assertThat(states(next)).containsOnly(MemberState.CURRENT);
		assertThat(next.size()).isEqualTo(MIRROR);
	}

	@Test
	void newMemberGetsTheContentOfTheOthersWhateverItsPlace() {
		MirrorBlockStore mirror = current();
		write(mirror, 0, bytes(1, MIRROR));
		mirror.close();
		TestMember third = new TestMember("C", MIRROR + 4096);

		MirrorBlockStore next = mirror(SOON, third, this.second);
		assertThat(read(next, 0, MIRROR)).isEqualTo(bytes(1, MIRROR));
		awaitCurrent(next);
		assertThat(Arrays.copyOf(third.content(), MIRROR)).isEqualTo(bytes(1, MIRROR));
	}

	@Test
	void contentOfTheFirstStoreIsThatOfANewMirror() {
		this.first.overwrite(MirrorBlockStore.DATA_OFFSET, bytes(1, MIRROR));
		MirrorBlockStore mirror = mirror(SOON, this.first, this.second);
		assertThat(read(mirror, 0, MIRROR)).isEqualTo(bytes(1, MIRROR));
		awaitCurrent(mirror);
		assertThat(this.second.content()).isEqualTo(bytes(1, MIRROR));
	}

	@Test
	void storeWithOtherContentIsNotOverwritten() {
		this.second.overwrite(512, new byte[] { 1 });
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(this::current)
			.withMessageContaining("The member B holds something else than a mirror.");
		assertThat(this.first.isClosed()).isTrue();
		assertThat(this.second.isClosed()).isTrue();
	}

	/** As btrfs, ZFS and ISO 9660 do. */
	@Test
	void fileSystemThatBeginsLaterIsNotOverwritten() {
		this.second.overwrite(64 << 10, new byte[] { 1 });
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(this::current)
			.withMessageContaining("The member B holds something else than a mirror.");
	}

	@Test
	void membersThatHaveBothBeenWrittenAloneAreNotMixed() {
		current().close();
		MirrorBlockStore alone = mirror(NEVER, this.second);
		write(alone, 0, bytes(2, 512));
		alone.close();
		mirror(NEVER, this.first).close();

		assertThatExceptionOfType(StoreUnavailableException.class)
			.isThrownBy(() -> mirror(NEVER, this.first, this.second))
			.withMessageContaining("The members B and A were both written without the other")
			.satisfies((failure) -> assertThat(failure.remedy()).contains("overwrite the first 8 KiB"));
		this.first.overwrite(0, new byte[8192]);
		assertThat(read(mirror(NEVER, this.first, this.second), 0, 512)).isEqualTo(bytes(2, 512));
	}

	@Test
	void membersOfDifferentMirrorsAreNotMixed() {
		mirror(SOON, this.first).close();
		mirror(SOON, this.second).close();
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(this::current)
			.withMessageContaining("is a member of another mirror than the others.");
	}

	@Test
	void copyOfMemberIsRefused() {
		current().close();
		TestMember copy = new TestMember("copy", MIRROR);
		ByteBuffer labels = ByteBuffer.allocate(8192);
		this.first.read(0, labels).block(TIMEOUT);
		copy.overwrite(0, labels.array());
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> mirror(NEVER, this.first, copy))
			.withMessageContaining("The member copy is the same as another member, or a copy.");
	}

	@Test
	void memberThatIsTooSmallIsRefused() {
		current().close();
		TestMember small = new TestMember("small", MIRROR - 512);
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> mirror(NEVER, this.first, small))
			.withMessageContaining("The member small has room for 261632 bytes of a mirror of 262144.");
		assertThatExceptionOfType(StoreUnavailableException.class)
			.isThrownBy(() -> mirror(NEVER, new TestMember("none", 0)))
			.withMessageContaining("too few for a member of a mirror");
	}

	@Test
	void memberThatCannotBeReadIsRefused() {
		this.second.breakDown();
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(this::current)
			.withMessageContaining("The member B cannot be read: the member B is broken.");
	}

	@Test
	void mirrorThatCannotRecordItsStateIsNotOpened() {
		this.first.breakLabels();
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> mirror(NEVER, this.first))
			.withMessageContaining("The last current member of the mirror, A, cannot record its state: ");
	}

	@Test
	void membersThatCanOnlyBeReadAreServedWithoutStaleOnes() {
		MirrorBlockStore mirror = current();
		write(mirror, 0, bytes(1, MIRROR));
		this.first.breakDown();
		write(mirror, 0, bytes(2, MIRROR));
		mirror.close();
		this.first.mend();
		this.first.readOnly();
		this.second.readOnly();

		MirrorBlockStore next = mirror(SOON, this.first, this.second);
		assertThat(next.operations()).containsExactly(BlockOperation.READ);
		assertThat(read(next, 0, MIRROR)).isEqualTo(bytes(2, MIRROR));
		assertThat(failure(next.write(0, ByteBuffer.allocate(512)))).isInstanceOfSatisfying(BlockIoException.class,
				(failure) -> assertThat(failure.errno()).isEqualTo(BlockErrno.EOPNOTSUPP));
		assertThat(states(next)).containsExactly(MemberState.STALE, MemberState.CURRENT);
	}

	@Test
	void storesThatCanOnlyBeReadAreMadeNoMirror() {
		this.first.readOnly();
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> mirror(NEVER, this.first))
			.withMessageContaining("are no mirror yet");
	}

	@Test
	void overlappingWritesReachAllMembersInTheSameOrder() {
		MirrorBlockStore mirror = current();
		this.first.slow();
		this.second.slow();
		for (int round = 0; round < 20; round++) {
			int seed = 100 * round;
			Flux.range(0, 16)
				.flatMap((i) -> mirror.write(512L * (i % 5), ByteBuffer.wrap(bytes(seed + i, 2048))), 16)
				.then()
				.block(TIMEOUT);
			assertThat(this.first.content()).isEqualTo(this.second.content());
			assertThat(Arrays.copyOf(this.first.content(), 2048)).as("the last one on the first block")
				.isEqualTo(expectedStart(seed));
		}
	}

	private static byte[] expectedStart(int seed) {
		byte[] expected = new byte[5 * 512 + 2048];
		for (int i = 0; i < 16; i++) {
			System.arraycopy(bytes(seed + i, 2048), 0, expected, 512 * (i % 5), 2048);
		}
		return Arrays.copyOf(expected, 2048);
	}

	/**
	 * Members break and return at any time; one, another for each seed, is always there.
	 */
	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3 })
	void dataStaysThatOfTheModelWhileMembersComeAndGo(long seed) {
		TestMember third = new TestMember("C", MIRROR);
		List<TestMember> members = List.of(this.first, this.second, third);
		List<TestMember> victims = new ArrayList<>(members);
		victims.remove((int) (seed % members.size()));
		members.forEach(TestMember::slow);
		MirrorBlockStore mirror = mirror(Duration.ofMillis(5), this.first, this.second, third);
		awaitCurrent(mirror);
		AtomicBoolean done = new AtomicBoolean();
		CompletableFuture<Void> trouble = CompletableFuture.runAsync(() -> makeTrouble(mirror, victims, seed, done));
		int workers = 8;
		AtomicInteger stales = new AtomicInteger();
		List<Mono<byte[]>> models = new ArrayList<>();
		for (int worker = 0; worker < workers; worker++) {
			int number = worker;
			models
				.add(Mono.fromCallable(() -> work(mirror, seed * workers + number, number * (MIRROR / workers), stales))
					.subscribeOn(Schedulers.boundedElastic()));
		}
		List<byte[]> expected = Flux.mergeSequential(models, workers, 1).collectList().block(Duration.ofSeconds(60));
		done.set(true);
		assertThat(trouble).succeedsWithin(TIMEOUT);
		assertThat(stales).as("requests while a member was not current").hasPositiveValue();

		awaitCurrent(mirror);
		ByteBuffer model = ByteBuffer.allocate(MIRROR);
		Objects.requireNonNull(expected).forEach(model::put);
		assertThat(read(mirror, 0, MIRROR)).isEqualTo(model.array());
		members.forEach((member) -> assertThat(member.content()).as(member.toString()).isEqualTo(model.array()));
	}

	/** The server dies in the middle of it all, time and again. */
	@ParameterizedTest
	@ValueSource(longs = { 4, 5, 6 })
	void whatWasAcknowledgedIsThereAfterEveryCrash(long seed) {
		List<TestMember> members = List.of(this.first, this.second);
		members.forEach(TestMember::slow);
		Random random = new Random(seed);
		byte[] model = new byte[MIRROR];
		for (int round = 0; round < 12; round++) {
			List<TestMember.Connection> connections = members.stream().map(TestMember::connect).toList();
			MirrorBlockStore mirror = Objects.requireNonNull(MirrorBlockStore.of(connections)
				.regionSize(REGION)
				.retryEvery(Duration.ofMillis(5))
				.open()
				.block(TIMEOUT));
			AtomicBoolean done = new AtomicBoolean();
			CompletableFuture<Void> trouble = CompletableFuture
				.runAsync(() -> makeTrouble(mirror, members, random.nextLong(), done));
			List<CompletableFuture<PendingWrite>> workers = new ArrayList<>();
			for (int worker = 0; worker < 4; worker++) {
				int start = worker * (MIRROR / 4);
				long each = random.nextLong();
				workers.add(CompletableFuture.supplyAsync(() -> writeUntilDead(mirror, each, start, model)));
			}
			pause(20 + random.nextInt(60));
			boolean firstDiesFirst = random.nextBoolean();
			connections.get(firstDiesFirst ? 0 : 1).cut();
			connections.get(firstDiesFirst ? 1 : 0).cut();
			List<PendingWrite> pending = workers.stream().map(CompletableFuture::join).toList();
			done.set(true);
			mirror.close();
			trouble.handle((nothing, failure) -> failure).join();
			members.forEach(TestMember::mend);

			MirrorBlockStore next = mirror(SOON, this.first, this.second);
			byte[] found = read(next, 0, MIRROR);
			pending.forEach((each) -> each.apply(found, model));
			assertThat(found).isEqualTo(model);
			awaitCurrent(next);
			assertThat(this.first.content()).isEqualTo(model);
			assertThat(this.second.content()).isEqualTo(model);
			next.close();
		}
	}

	private static PendingWrite writeUntilDead(MirrorBlockStore mirror, long seed, int start, byte[] model) {
		Random random = new Random(seed);
		while (true) {
			byte[] data = new byte[512 * (1 + random.nextInt(16))];
			random.nextBytes(data);
			int offset = start + 512 * random.nextInt((MIRROR / 4 - data.length) / 512);
			try {
				mirror.write(offset, ByteBuffer.wrap(data)).block(TIMEOUT);
			}
			catch (RuntimeException ex) {
				return new PendingWrite(offset, data);
			}
			System.arraycopy(data, 0, model, offset, data.length);
		}
	}

	/** A write that may have taken effect, block by block. */
	@SuppressWarnings("ArrayRecordComponent")
	private record PendingWrite(int offset, byte[] data) {

		void apply(byte[] found, byte[] model) {
			for (int at = 0; at < this.data.length; at += 512) {
				int place = this.offset + at;
				if (Arrays.equals(found, place, place + 512, this.data, at, at + 512)) {
					System.arraycopy(this.data, at, model, place, 512);
				}
			}
		}

	}

	private static void makeTrouble(MirrorBlockStore mirror, List<TestMember> members, long seed, AtomicBoolean done) {
		Random random = new Random(seed);
		while (!done.get()) {
			TestMember victim = members.get(random.nextInt(members.size()));
			victim.breakDown();
			pause(random.nextInt(20));
			victim.mend();
			pause(random.nextInt(3));
			// another one may go only when those that are left have everything
			while (!done.get()
					&& mirror.members().stream().filter((each) -> each.state() == MemberState.CURRENT).count() < 2) {
				pause(1);
			}
		}
	}

	private static void pause(int millis) {
		try {
			Thread.sleep(millis);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/** Returns what its part of the mirror has to be. */
	private static byte[] work(MirrorBlockStore mirror, long seed, int start, AtomicInteger stales) {
		Random random = new Random(seed);
		byte[] model = new byte[MIRROR / 8];
		for (int i = 0; i < 300; i++) {
			int length = 512 * (1 + random.nextInt(16));
			int offset = 512 * random.nextInt((model.length - length) / 512 + 1);
			if (random.nextInt(10) == 0) {
				mirror.discard(start + offset, length).block(TIMEOUT);
				Arrays.fill(model, offset, offset + length, (byte) 0);
			}
			else {
				byte[] data = new byte[length];
				random.nextBytes(data);
				mirror.write(start + offset, ByteBuffer.wrap(data)).block(TIMEOUT);
				System.arraycopy(data, 0, model, offset, length);
			}
			if (states(mirror).contains(MemberState.STALE)) {
				stales.incrementAndGet();
			}
			ByteBuffer read = ByteBuffer.allocate(model.length);
			mirror.read(start, read).block(TIMEOUT);
			assertThat(read.array()).isEqualTo(model);
		}
		return model;
	}

	@Test
	void settingsThatMakeNoSenseAreRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> MirrorBlockStore.of(List.of()).open());
		assertThatIllegalArgumentException()
			.isThrownBy(() -> MirrorBlockStore.of(List.of(this.first)).regionSize(5000).open());
	}

}
