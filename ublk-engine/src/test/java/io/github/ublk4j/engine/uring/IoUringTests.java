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

package io.github.ublk4j.engine.uring;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;

import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.EventFd;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.fail;

/**
 * Tests for {@link IoUring} on this machine's own kernel.
 */
@EnabledIfIoUring
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class IoUringTests {

	private static final int QUEUE_FLAGS = IoUring.SETUP_SUBMIT_ALL | IoUring.SETUP_SINGLE_ISSUER
			| IoUring.SETUP_COOP_TASKRUN | IoUring.SETUP_DEFER_TASKRUN;

	private static final int UNKNOWN_FLAG = 1 << 31;

	private static final Duration SOON = Duration.ofSeconds(10);

	static Stream<Arguments> layouts() {
		return Stream.of(Arguments.of("plain", 0), Arguments.of("128-byte submissions", IoUring.SETUP_SQE128),
				Arguments.of("32-byte completions", IoUring.SETUP_CQE32),
				Arguments.of("both large", IoUring.SETUP_SQE128 | IoUring.SETUP_CQE32),
				Arguments.of("no index array", IoUring.SETUP_NO_SQARRAY),
				Arguments.of("as a queue uses it", QUEUE_FLAGS),
				Arguments.of("as a queue uses it, no index array", QUEUE_FLAGS | IoUring.SETUP_NO_SQARRAY),
				Arguments.of("all together", QUEUE_FLAGS | IoUring.SETUP_NO_SQARRAY | IoUring.SETUP_SQE128
						| IoUring.SETUP_CQE32 | IoUring.SETUP_CLAMP));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("layouts")
	void nopComesBackWithItsUserData(String layout, int flags) {
		try (IoUring ring = new IoUring(1, flags)) {
			nop(ring, 0x1234_5678_9abc_def0L);
			assertThat(ring.enter(SOON)).isTrue();
			assertThat(reap(ring)).containsExactly(new Completion(0x1234_5678_9abc_def0L, 0));
			assertThat(ring.hasCompletions()).isFalse();
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("layouts")
	void completionsKeepTheOrderOfSubmissionsWhileTheRingsWrapAround(String layout, int flags) {
		try (IoUring ring = new IoUring(8, flags)) {
			long submitted = 0;
			for (int round = 0; round < 3000; round++) {
				int batch = 1 + round % 8;
				List<Completion> expected = new ArrayList<>();
				for (int i = 0; i < batch; i++) {
					expected.add(new Completion(submitted, 0));
					nop(ring, submitted++);
				}
				ring.enter(batch);
				assertThat(reap(ring)).isEqualTo(expected);
			}
			assertThat(ring.lostCompletions()).isZero();
			assertThat(ring.overflown()).isFalse();
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("layouts")
	void readBringsTheBytesOfAFile(String layout, int flags, @TempDir Path folder) throws IOException {
		Path path = Files.writeString(folder.resolve("data"), "virtual disks as beans");
		ByteBuffer target = ByteBuffer.allocateDirect(5);
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDWR); IoUring ring = new IoUring(4, flags)) {
			nop(ring, 1);
			read(ring, file.fd(), 8, target, 2);
			ring.enter(2);
			assertThat(reap(ring)).containsExactlyInAnyOrder(new Completion(1, 0), new Completion(2, 5));
		}
		assertThat(StandardCharsets.UTF_8.decode(target).toString()).isEqualTo("disks");
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("layouts")
	void entriesHaveTheSizeOfTheLayout(String layout, int flags) {
		int size = ((flags & IoUring.SETUP_SQE128) != 0) ? SqeDescriptor.SIZE_128 : SqeDescriptor.SIZE;
		try (IoUring ring = new IoUring(4, flags)) {
			long first = LinuxPlatform.addressOf(ring.nextSqe());
			for (int i = 1; i < 4; i++) {
				ByteBuffer sqe = ring.nextSqe();
				assertThat(sqe.capacity()).isEqualTo(size);
				assertThat(LinuxPlatform.addressOf(sqe)).isEqualTo(first + (long) i * size);
			}
		}
	}

	@Test
	void failedOperationReportsItsError() {
		try (IoUring ring = new IoUring(1, 0)) {
			read(ring, -1, 0, ByteBuffer.allocateDirect(1), 9);
			assertThat(ring.enter(SOON)).isTrue();
			assertThat(reap(ring)).containsExactly(new Completion(9, -9));
			assertThat(Errno.name(9)).isEqualTo("EBADF");
		}
	}

	@Test
	void numberOfEntriesIsRoundedUpToAPowerOfTwo() {
		try (IoUring ring = new IoUring(129, QUEUE_FLAGS)) {
			assertThat(ring.entries()).isEqualTo(256);
		}
	}

	@Test
	void ringForTheDeepestQueueIsPossible() {
		int entries = 4097;
		try (IoUring ring = new IoUring(entries, QUEUE_FLAGS | IoUring.SETUP_NO_SQARRAY)) {
			for (int i = 0; i < entries; i++) {
				nop(ring, i);
			}
			ring.enter(entries);
			assertThat(reap(ring)).extracting(Completion::userData)
				.containsExactlyElementsOf(LongStream.range(0, entries).boxed().toList());
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("layouts")
	void oneEntryMoreThanTheQueueHoldsIsRefusedUntilTheKernelHasTakenThem(String layout, int flags) {
		try (IoUring ring = new IoUring(8, flags)) {
			for (int i = 0; i < 8; i++) {
				nop(ring, i);
			}
			assertThatIllegalStateException().isThrownBy(ring::nextSqe)
				.withMessage("The submission queue is full: 8 entries");
			ring.enter(8);
			assertThat(reap(ring)).hasSize(8);
			nop(ring, 8);
			ring.enter(1);
			assertThat(reap(ring)).containsExactly(new Completion(8, 0));
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("layouts")
	void completionsThatOverflowFollowOnceThereIsRoom(String layout, int flags) {
		try (IoUring ring = new IoUring(4, flags)) {
			for (int i = 0; i < 20; i++) {
				nop(ring, i);
				if (i % 4 == 3) {
					ring.enter(0);
				}
			}
			assertThat(ring.overflown()).isTrue();
			List<Completion> all = new ArrayList<>();
			while (all.size() < 20) {
				List<Completion> some = reap(ring);
				assertThat(some).hasSizeBetween(1, 8);
				all.addAll(some);
				ring.enter(0);
			}
			assertThat(all).extracting(Completion::userData)
				.containsExactlyElementsOf(LongStream.range(0, 20).boxed().toList());
			assertThat(ring.overflown()).isFalse();
			assertThat(ring.lostCompletions()).isZero();
			assertThat(ring.hasCompletions()).isFalse();
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("layouts")
	void boundedEnterGivesUpWhenNothingCompletes(String layout, int flags) {
		try (EventFd eventFd = new EventFd(); IoUring ring = new IoUring(4, flags)) {
			ByteBuffer counter = ByteBuffer.allocateDirect(Long.BYTES);
			read(ring, eventFd.fd(), 0, counter, 1);
			long start = System.nanoTime();
			assertThat(ring.enter(Duration.ofMillis(50))).isFalse();
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(50), SOON);
			assertThat(ring.enter(Duration.ZERO)).isFalse();
			assertThat(ring.enter(Duration.ofMillis(-1))).isFalse();
			eventFd.signal();
			assertThat(ring.enter(SOON)).isTrue();
			assertThat(reap(ring)).containsExactly(new Completion(1, Long.BYTES));
		}
	}

	@Test
	void boundedEnterSubmitsAlsoWhenCompletionsAreThereAlready() {
		try (IoUring ring = new IoUring(4, 0)) {
			nop(ring, 1);
			assertThat(ring.enter(SOON)).isTrue();
			nop(ring, 2);
			assertThat(ring.enter(Duration.ZERO)).isTrue();
			assertThat(reap(ring)).containsExactly(new Completion(1, 0), new Completion(2, 0));
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("layouts")
	void everySignalOfAnotherThreadWakesARingThatPollsOnce(String layout, int flags) throws Exception {
		try (EventFd eventFd = new EventFd(); IoUring ring = new IoUring(4, flags)) {
			ByteBuffer sqe = blank(ring);
			sqe.put(SqeDescriptor.OPCODE, (byte) IoUring.OP_POLL_ADD);
			sqe.putInt(SqeDescriptor.FD, eventFd.fd());
			sqe.putInt(SqeDescriptor.LEN, IoUring.POLL_ADD_MULTI);
			sqe.putInt(SqeDescriptor.OP_FLAGS, IoUring.POLLIN);
			sqe.putLong(SqeDescriptor.USER_DATA, 7);
			for (int i = 0; i < 100; i++) {
				CompletableFuture<Void> signal = CompletableFuture.runAsync(eventFd::signal);
				ring.enter(1);
				ring.reap((userData, result, completionFlags) -> {
					assertThat(userData).isEqualTo(7);
					assertThat(result & IoUring.POLLIN).isEqualTo(IoUring.POLLIN);
					assertThat(completionFlags & IoUring.CQE_F_MORE).isEqualTo(IoUring.CQE_F_MORE);
				});
				signal.get(10, TimeUnit.SECONDS);
			}
			assertThat(ring.enter(Duration.ZERO)).isFalse();
		}
	}

	@Test
	void deferredCompletionAppearsOnlyWhenTheOwnerEnters() throws Exception {
		try (EventFd eventFd = new EventFd(); IoUring ring = new IoUring(4, QUEUE_FLAGS)) {
			read(ring, eventFd.fd(), 0, ByteBuffer.allocateDirect(Long.BYTES), 1);
			ring.enter(0);
			eventFd.signal();
			Thread.sleep(20);
			assertThat(ring.hasCompletions()).isFalse();
			ring.enter(0);
			assertThat(reap(ring)).hasSize(1);
		}
	}

	@Test
	void secondThreadIsRefusedByARingWithASingleIssuer() {
		try (IoUring ring = new IoUring(4, QUEUE_FLAGS)) {
			CompletableFuture<Void> foreign = CompletableFuture.runAsync(() -> ring.enter(0));
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> foreign.get(10, TimeUnit.SECONDS))
				.havingCause()
				.isInstanceOf(LinuxException.class)
				.withMessage("io_uring_enter failed: EEXIST (File exists)."
						+ " Another thread has made this ring or submitted to it before");
		}
	}

	@Test
	void consumerThatThrowsLosesAndRepeatsNoOtherCompletion() {
		try (IoUring ring = new IoUring(4, 0)) {
			for (int i = 0; i < 4; i++) {
				nop(ring, i);
			}
			ring.enter(4);
			List<Long> seen = new ArrayList<>();
			assertThatIllegalStateException().isThrownBy(() -> ring.reap((userData, result, flags) -> {
				seen.add(userData);
				if (userData == 1) {
					throw new IllegalStateException("consumer");
				}
			})).withMessage("consumer");
			assertThat(seen).containsExactly(0L, 1L);
			assertThat(reap(ring)).extracting(Completion::userData).containsExactly(2L, 3L);
		}
	}

	@Test
	void consumerMaySubmit() {
		try (IoUring ring = new IoUring(1, 0)) {
			nop(ring, 3);
			List<Long> seen = new ArrayList<>();
			do {
				ring.enter(1);
				ring.reap((userData, result, flags) -> {
					seen.add(userData);
					if (userData > 0) {
						nop(ring, userData - 1);
					}
				});
			}
			while (seen.size() < 4);
			assertThat(seen).containsExactly(3L, 2L, 1L, 0L);
		}
	}

	@Test
	void consumerMayNeitherReapNorClose() {
		try (IoUring ring = new IoUring(2, 0)) {
			nop(ring, 1);
			nop(ring, 2);
			ring.enter(2);
			assertThatIllegalStateException()
				.isThrownBy(() -> ring.reap((userData, result, flags) -> ring.reap(this::ignore)))
				.withMessage("The completion queue is being reaped");
			assertThatIllegalStateException().isThrownBy(() -> ring.reap(closing(ring)))
				.withMessage("The completion queue is being reaped");
			nop(ring, 3);
			ring.enter(1);
			assertThat(reap(ring)).containsExactly(new Completion(3, 0));
		}
	}

	private static CompletionConsumer closing(IoUring ring) {
		return (userData, result, flags) -> ring.close();
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("layouts")
	void ringRegisteredWithItsThreadWorksAsBefore(String layout, int flags) {
		try (IoUring ring = new IoUring(4, flags)) {
			nop(ring, 1);
			assertThat(ring.registerRingFd()).isTrue();
			nop(ring, 2);
			ring.enter(2);
			assertThat(reap(ring)).containsExactly(new Completion(1, 0), new Completion(2, 0));
			assertThat(ring.enter(Duration.ofMillis(1))).isFalse();
			nop(ring, 3);
			assertThat(ring.enter(SOON)).isTrue();
			assertThat(reap(ring)).containsExactly(new Completion(3, 0));
		}
	}

	@Test
	void ringRegisteredWithAThreadRefusesAnother() {
		try (IoUring ring = new IoUring(4, 0)) {
			ring.registerRingFd();
			CompletableFuture<Void> foreign = CompletableFuture.runAsync(() -> ring.enter(0));
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> foreign.get(10, TimeUnit.SECONDS))
				.havingCause()
				.isInstanceOf(LinuxException.class)
				.withMessageStartingWith("io_uring_enter failed: E");
		}
	}

	@Test
	void closedRingGivesItsRegistrationBack() {
		// a thread can register 16 rings
		for (int i = 0; i < 40; i++) {
			try (IoUring ring = new IoUring(4, QUEUE_FLAGS)) {
				assertThat(ring.registerRingFd()).as("ring %d", i).isTrue();
			}
		}
	}

	@Test
	void registeredFileIsNamedByItsIndex(@TempDir Path folder) throws IOException {
		Path path = Files.writeString(folder.resolve("data"), "virtual disks as beans");
		ByteBuffer target = ByteBuffer.allocateDirect(5);
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDWR);
				IoUring ring = new IoUring(4, QUEUE_FLAGS)) {
			ring.registerSparseFiles(3);
			ring.registerFile(2, file.fd());
			ByteBuffer sqe = read(ring, 2, 8, target, 1);
			sqe.put(SqeDescriptor.FLAGS, (byte) IoUring.SQE_FIXED_FILE);
			ring.enter(1);
			assertThat(reap(ring)).containsExactly(new Completion(1, 5));
		}
		assertThat(StandardCharsets.UTF_8.decode(target).toString()).isEqualTo("disks");
	}

	@Test
	void fileThatIsNotOpenCannotBeRegistered() {
		try (IoUring ring = new IoUring(4, 0)) {
			ring.registerSparseFiles(1);
			assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> ring.registerFile(0, 1 << 20))
				.withMessageStartingWith("IORING_REGISTER_FILES_UPDATE failed: EBADF");
		}
	}

	@Test
	void fixedBufferThatIsEmptyIsABadAddress(@TempDir Path folder) throws IOException {
		Path path = Files.writeString(folder.resolve("data"), "virtual disks as beans");
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDWR);
				IoUring ring = new IoUring(4, QUEUE_FLAGS)) {
			ring.registerSparseBuffers(2);
			for (int index = 0; index < 3; index++) {
				ByteBuffer sqe = read(ring, file.fd(), 0, ByteBuffer.allocateDirect(5), index);
				sqe.put(SqeDescriptor.OPCODE, (byte) IoUring.OP_READ_FIXED);
				sqe.putShort(SqeDescriptor.BUF_INDEX, (short) index);
			}
			ring.enter(3);
			assertThat(reap(ring)).containsExactlyInAnyOrder(new Completion(0, -Errno.EFAULT),
					new Completion(1, -Errno.EFAULT), new Completion(2, -Errno.EFAULT));
		}
	}

	@Test
	void memoryThatIsRegisteredIsNamedByItsAddress(@TempDir Path folder) throws IOException {
		Path path = Files.writeString(folder.resolve("data"), "virtual disks as beans");
		List<ByteBuffer> memory = List.of(ByteBuffer.allocateDirect(4096), ByteBuffer.allocateDirect(8192));
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDWR);
				IoUring ring = new IoUring(4, QUEUE_FLAGS)) {
			assertThat(ring.registerBuffers(memory)).isZero();
			for (int index = 0; index < 2; index++) {
				ByteBuffer sqe = read(ring, file.fd(), 8, memory.get(1).slice(5000, 5), index);
				sqe.put(SqeDescriptor.OPCODE, (byte) IoUring.OP_READ_FIXED);
				sqe.putShort(SqeDescriptor.BUF_INDEX, (short) index);
			}
			ring.enter(2);
			// the first buffer does not hold that address
			assertThat(reap(ring)).containsExactlyInAnyOrder(new Completion(0, -Errno.EFAULT), new Completion(1, 5));
			byte[] read = new byte[5];
			memory.get(1).get(5000, read);
			assertThat(new String(read, StandardCharsets.UTF_8)).isEqualTo("disks");
			assertThat(ring.registerBuffers(memory)).as("a second time").isEqualTo(-Errno.EBUSY);
		}
	}

	@Test
	void secondTableOfFixedBuffersIsRefused() {
		try (IoUring ring = new IoUring(4, 0)) {
			ring.registerSparseBuffers(2);
			assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> ring.registerSparseBuffers(3))
				.withMessageStartingWith("IORING_REGISTER_BUFFERS2 of 3 empty buffers failed: EBUSY");
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("layouts")
	void freeEntriesAreThoseThatCanBeTakenBeforeTheNextEnter(String layout, int flags) {
		try (IoUring ring = new IoUring(4, flags)) {
			for (int round = 0; round < 5; round++) {
				assertThat(ring.freeEntries()).isEqualTo(4);
				nop(ring, 1);
				nop(ring, 2);
				nop(ring, 3);
				assertThat(ring.freeEntries()).isEqualTo(1);
				nop(ring, 4);
				assertThat(ring.freeEntries()).isZero();
				ring.enter(4);
				assertThat(reap(ring)).hasSize(4);
			}
		}
	}

	@Test
	void cancelledOperationCompletesWithAnError() {
		try (EventFd eventFd = new EventFd(); IoUring ring = new IoUring(4, QUEUE_FLAGS)) {
			read(ring, eventFd.fd(), 0, ByteBuffer.allocateDirect(Long.BYTES), 77);
			ring.enter(0);
			ByteBuffer sqe = blank(ring);
			sqe.put(SqeDescriptor.OPCODE, (byte) IoUring.OP_ASYNC_CANCEL);
			sqe.putLong(SqeDescriptor.ADDR, 77);
			sqe.putLong(SqeDescriptor.USER_DATA, 78);
			ring.enter(2);
			assertThat(reap(ring)).containsExactlyInAnyOrder(new Completion(77, -Errno.ECANCELED),
					new Completion(78, 0));
		}
	}

	@Test
	void silentHeadThatFailsSilencesItsChainAndALoudOneDoesNot() {
		try (IoUring ring = new IoUring(8, QUEUE_FLAGS)) {
			chainBehindAFailure(ring, IoUring.SQE_IO_LINK | IoUring.SQE_CQE_SKIP_SUCCESS, 10);
			ring.enter(1);
			ring.enter(0);
			assertThat(reap(ring)).containsExactly(new Completion(10, -9));
			chainBehindAFailure(ring, IoUring.SQE_IO_LINK, 20);
			ring.enter(2);
			assertThat(reap(ring)).containsExactlyInAnyOrder(new Completion(20, -9),
					new Completion(21, -Errno.ECANCELED));
		}
	}

	private static void chainBehindAFailure(IoUring ring, int headFlags, long userData) {
		ByteBuffer head = read(ring, -1, 0, ByteBuffer.allocateDirect(1), userData);
		head.put(SqeDescriptor.FLAGS, (byte) headFlags);
		nop(ring, userData + 1);
	}

	@ParameterizedTest(name = "read of {0} of 8 bytes")
	@CsvSource({ "5, -125", "8, 0" })
	void shortReadBreaksItsChainAsAFailureDoes(int available, int second, @TempDir Path folder) throws IOException {
		Path path = Files.writeString(folder.resolve("data"), "virtual disks".substring(0, available));
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDWR);
				IoUring ring = new IoUring(8, QUEUE_FLAGS)) {
			ByteBuffer head = read(ring, file.fd(), 0, ByteBuffer.allocateDirect(8), 1);
			head.put(SqeDescriptor.FLAGS, (byte) IoUring.SQE_IO_LINK);
			nop(ring, 2);
			ring.enter(2);
			assertThat(reap(ring)).containsExactlyInAnyOrder(new Completion(1, available), new Completion(2, second));
			head = read(ring, file.fd(), 0, ByteBuffer.allocateDirect(8), 3);
			head.put(SqeDescriptor.FLAGS, (byte) (IoUring.SQE_IO_LINK | IoUring.SQE_CQE_SKIP_SUCCESS));
			nop(ring, 4);
			ring.enter(1);
			ring.enter(0);
			assertThat(reap(ring)).as("a silent one that is short is the only one to complete")
				.containsExactly((available < 8) ? new Completion(3, available) : new Completion(4, 0));
		}
	}

	@Test
	void placeOfARegisteredFileCanBeEmptied(@TempDir Path folder) throws IOException {
		Path path = Files.writeString(folder.resolve("data"), "virtual disks as beans");
		try (LinuxFile file = LinuxFile.open(path.toString(), LinuxFile.O_RDWR);
				IoUring ring = new IoUring(4, QUEUE_FLAGS)) {
			ring.registerSparseFiles(1);
			ring.registerFile(0, file.fd());
			ring.registerFile(0, -1);
			ByteBuffer sqe = read(ring, 0, 0, ByteBuffer.allocateDirect(5), 1);
			sqe.put(SqeDescriptor.FLAGS, (byte) IoUring.SQE_FIXED_FILE);
			ring.enter(1);
			assertThat(reap(ring)).containsExactly(new Completion(1, -9));
		}
	}

	@Test
	void completionQueueThatAnnouncesMoreThanItHoldsIsNotBelieved() throws ReflectiveOperationException {
		long seed = Long.getLong("ublk.test.seed", System.nanoTime());
		Random random = new Random(seed);
		Field word = IoUring.class.getDeclaredField("cqTailWord");
		word.setAccessible(true);
		for (int round = 0; round < 100; round++) {
			try (IoUring ring = IoUring.open(8, 0)) {
				int announced = (round % 2 == 0) ? random.nextInt() : random.nextInt(40) - 10;
				((SharedWord) word.get(ring)).setRelease(announced);
				if (announced >= 0 && announced <= 16) {
					assertThat(ring.reap((userData, result, flags) -> {
					})).as("seed %s", seed).isEqualTo(announced);
				}
				else {
					assertThatIllegalStateException().as("seed %s", seed)
						.isThrownBy(() -> ring.reap((userData, result, flags) -> fail("an entry that is none")))
						.withMessageContaining("holds 16 entries, and announces " + Integer.toUnsignedLong(announced));
				}
			}
		}
	}

	@Test
	void closedRingRefusesEveryUse() {
		IoUring ring = new IoUring(4, 0);
		nop(ring, 1);
		ring.enter(1);
		ring.close();
		assertClosed(ring::nextSqe);
		assertClosed(ring::fd);
		assertClosed(() -> ring.enter(0));
		assertClosed(() -> ring.enter(1));
		assertClosed(() -> ring.enter(SOON));
		assertClosed(ring::hasCompletions);
		assertClosed(() -> ring.reap(this::ignore));
		assertClosed(ring::freeEntries);
		assertClosed(ring::registerRingFd);
		assertClosed(() -> ring.registerFile(0, 0));
		assertClosed(() -> ring.registerSparseFiles(1));
		assertClosed(() -> ring.registerSparseBuffers(1));
		assertClosed(() -> ring.registerBuffers(List.of()));
		assertClosed(ring::overflown);
		assertClosed(ring::lostCompletions);
		assertThat(ring.entries()).isEqualTo(4);
		assertThat(ring.toString()).startsWith("io_uring (fd ").endsWith("), 4/8 entries, flags 0x0, closed");
	}

	private static void assertClosed(ThrowingCallable use) {
		assertThatIllegalStateException().isThrownBy(use).withMessage("The ring is closed");
	}

	@Test
	void secondCloseDoesNotCloseAnotherRing() {
		// another thread of the process may take the number of the first ring
		for (int attempt = 0; attempt < 100; attempt++) {
			IoUring first = new IoUring(1, 0);
			int fd = first.fd();
			first.close();
			try (IoUring second = new IoUring(1, 0)) {
				if (second.fd() == fd) {
					first.close();
					nop(second, 1);
					second.enter(1);
					assertThat(reap(second)).hasSize(1);
					return;
				}
			}
		}
		fail("no ring ever got the number of the one closed before");
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("layouts")
	void ringWithPendingOperationsCloses(String layout, int flags) {
		try (EventFd eventFd = new EventFd()) {
			IoUring ring = new IoUring(4, flags);
			read(ring, eventFd.fd(), 0, ByteBuffer.allocateDirect(Long.BYTES), 1);
			ring.enter(0);
			read(ring, eventFd.fd(), 0, ByteBuffer.allocateDirect(Long.BYTES), 2);
			assertThatCode(ring::close).doesNotThrowAnyException();
			assertThatCode(eventFd::signal).doesNotThrowAnyException();
		}
	}

	@Test
	void unknownFlagsAreNamedInTheError() {
		assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> new IoUring(8, UNKNOWN_FLAG))
			.withMessage("io_uring_setup(8 entries, flags 0x80000000) failed: EINVAL (Invalid argument)."
					+ " The kernel may be too old for these flags, or this is no number of entries for it")
			.satisfies((ex) -> assertThat(ex.errno()).isEqualTo(Errno.EINVAL));
	}

	@Test
	void impossibleNumberOfEntriesIsNamedInTheError() {
		assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> new IoUring(0, 0))
			.withMessageStartingWith("io_uring_setup(0 entries, flags 0x0) failed: EINVAL (Invalid argument).");
		assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> new IoUring(1 << 20, 0))
			.withMessageStartingWith("io_uring_setup(1048576 entries, flags 0x0) failed: EINVAL (Invalid argument).");
		try (IoUring clamped = new IoUring(1 << 20, IoUring.SETUP_CLAMP)) {
			assertThat(clamped.entries()).isLessThan(1 << 20);
		}
	}

	@Test
	void thousandRingsLeaveNoDescriptorAndNoMapping() throws IOException {
		long descriptors = ringDescriptors();
		long mappings = ringMappings();
		for (int i = 0; i < 1000; i++) {
			try (IoUring ring = new IoUring(8, (i % 2 == 0) ? QUEUE_FLAGS : IoUring.SETUP_SQE128)) {
				nop(ring, i);
				ring.enter(1);
			}
			assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> new IoUring(8, UNKNOWN_FLAG));
		}
		assertThat(ringDescriptors()).isEqualTo(descriptors);
		assertThat(ringMappings()).isEqualTo(mappings);
	}

	private static long ringDescriptors() throws IOException {
		try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
			return open.filter(IoUringTests::isRing).count();
		}
	}

	// others come and go: those of the JVM, and of threads that earlier tests have left
	private static boolean isRing(Path descriptor) {
		try {
			return Files.readSymbolicLink(descriptor).toString().contains("[io_uring]");
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static long ringMappings() throws IOException {
		try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
			return lines.filter((line) -> line.contains("[io_uring]")).count();
		}
	}

	private static void nop(IoUring ring, long userData) {
		ByteBuffer sqe = blank(ring);
		sqe.put(SqeDescriptor.OPCODE, (byte) IoUring.OP_NOP);
		sqe.putLong(SqeDescriptor.USER_DATA, userData);
	}

	private static ByteBuffer read(IoUring ring, int fd, long position, ByteBuffer target, long userData) {
		ByteBuffer sqe = blank(ring);
		sqe.put(SqeDescriptor.OPCODE, (byte) IoUring.OP_READ);
		sqe.putInt(SqeDescriptor.FD, fd);
		sqe.putLong(SqeDescriptor.OFF, position);
		sqe.putLong(SqeDescriptor.ADDR, LinuxPlatform.addressOf(target));
		sqe.putInt(SqeDescriptor.LEN, target.capacity());
		sqe.putLong(SqeDescriptor.USER_DATA, userData);
		return sqe;
	}

	private static ByteBuffer blank(IoUring ring) {
		ByteBuffer sqe = ring.nextSqe();
		for (int i = 0; i < SqeDescriptor.SIZE; i += Long.BYTES) {
			sqe.putLong(i, 0);
		}
		return sqe;
	}

	private static List<Completion> reap(IoUring ring) {
		List<Completion> completions = new ArrayList<>();
		int count = ring.reap((userData, result, flags) -> completions.add(new Completion(userData, result)));
		assertThat(completions).hasSize(count);
		return completions;
	}

	private void ignore(long userData, int result, int flags) {
	}

	private record Completion(long userData, int result) {

	}

}
