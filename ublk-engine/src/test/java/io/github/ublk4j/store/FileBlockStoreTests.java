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

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.ref.WeakReference;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.linux.SharedFile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests for {@link FileBlockStore}.
 */
class FileBlockStoreTests extends AbstractBlockStoreTests {

	@TempDir
	Path folder;

	private int stores;

	@Override
	BlockStore create(long size) {
		return FileBlockStore.at(this.folder.resolve("contract" + this.stores++ + ".img")).size(size).open();
	}

	private Path disk() {
		return this.folder.resolve("disk.img");
	}

	private FileBlockStore.Builder builder() {
		return FileBlockStore.at(disk()).size(SIZE);
	}

	private FileBlockStore open(FileBlockStore.Builder builder) {
		return closedAfterwards(builder.open());
	}

	private static void assertRefused(FileBlockStore.Builder builder, String problem, String remedy) {
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(builder::open).satisfies((ex) -> {
			assertThat(ex.problem()).isEqualTo(problem);
			assertThat(ex.remedy()).isEqualTo(remedy);
			assertThat(ex).hasMessage(problem + " " + remedy);
		});
	}

	// Opening

	@Test
	void missingFileIsCreatedSparseWithTheSizeGiven() throws Exception {
		FileBlockStore store = open(builder().size(1L << 30));

		assertThat(disk()).hasSize(1L << 30);
		assertThat(allocatedBytes(disk())).isZero();
		assertThat(store.size()).isEqualTo(1L << 30);
		assertThat(store.path()).isEqualTo(disk());
		assertThat(store.operations()).containsExactlyInAnyOrder(BlockOperation.values());
	}

	@Test
	void contentSurvivesCloseAndOpen() {
		byte[] data = bytes(1, SIZE);
		try (FileBlockStore store = builder().open()) {
			write(store, 0, data);
		}

		FileBlockStore store = open(FileBlockStore.at(disk()));

		assertThat(store.size()).isEqualTo(SIZE);
		assertBytes(read(store, 0, SIZE), data);
	}

	@Test
	void largerFileIsServedUpToTheSizeGiven() throws Exception {
		Files.write(disk(), bytes(1, 8192));
		FileBlockStore store = open(builder().size(4096));

		assertThat(store.size()).isEqualTo(4096);
		fail(store.read(4096, ByteBuffer.allocate(512)), BlockErrno.EINVAL, "not inside the store");
		succeed(store.discard(0, 4096));
		store.close();

		assertThat(Arrays.copyOfRange(Files.readAllBytes(disk()), 4096, 8192))
			.isEqualTo(Arrays.copyOfRange(bytes(1, 8192), 4096, 8192));
		assertThat(disk()).hasSize(8192);
	}

	@Test
	void smallerFileIsRefusedAndNotGrown() throws Exception {
		Files.write(disk(), bytes(1, 4096));

		assertRefused(builder(), disk() + " has 4096 bytes, fewer than the 790528 of the disk.",
				"Make the disk smaller, or the file larger (truncate -s 790528 " + disk() + ").");

		assertThat(disk()).hasBinaryContent(bytes(1, 4096));
		open(builder().size(4096));
	}

	@Test
	void emptyFileWithoutASizeIsRefused() throws Exception {
		Files.createFile(disk());

		assertRefused(FileBlockStore.at(disk()), disk() + " is empty, and no size is given.",
				"Make it as large as the disk (truncate -s SIZE " + disk() + ").");
	}

	@Test
	void missingFileIsRefusedIfItMustNotBeCreated() {
		String problem = disk() + " does not exist.";
		String remedy = "Correct the path, or create the file (truncate -s SIZE " + disk() + ").";

		assertRefused(builder().createIfMissing(false), problem, remedy);
		assertRefused(builder().readOnly(true), problem, remedy);
		assertThat(disk()).doesNotExist();
	}

	@Test
	void missingFileWithoutASizeIsRefused() {
		assertRefused(FileBlockStore.at(disk()), disk() + " does not exist, and no size is given to create it with.",
				"Give the disk a size, or correct the path.");
		assertThat(disk()).doesNotExist();
	}

	@Test
	void missingDirectoryIsRefused() {
		Path missing = this.folder.resolve("missing");
		Path file = missing.resolve("disk.img");

		assertRefused(FileBlockStore.at(file).size(SIZE), file + " cannot be created: " + missing + " does not exist.",
				"Correct the path, or create the directory (mkdir -p " + missing + ").");
	}

	@Test
	void directoryThatIsAFileIsRefused() throws Exception {
		Files.createFile(disk());
		Path file = disk().resolve("disk.img");

		assertThatExceptionOfType(StoreUnavailableException.class)
			.isThrownBy(() -> FileBlockStore.at(file).size(SIZE).open())
			.withMessageStartingWith(file + " cannot be ");
	}

	@Test
	void directoryIsRefused() {
		assertRefused(FileBlockStore.at(this.folder).size(SIZE), this.folder + " is a directory.",
				"Name a file, such as " + this.folder.resolve("disk.img") + ".");
	}

	@Test
	void pipeIsRefusedWithoutWaitingForItsWriter() throws Exception {
		assertThat(new ProcessBuilder("mkfifo", disk().toString()).start().waitFor()).isZero();

		assertRefused(builder(), disk() + " is neither a regular file nor a block device.",
				"Name a regular file or a block device.");
	}

	@Test
	void symbolicLinkToNothingIsRefused() throws Exception {
		Files.createSymbolicLink(disk(), this.folder.resolve("missing"));

		assertRefused(builder(), disk() + " cannot be created: it is a symbolic link to nothing.",
				"Correct the path, or what it names.");
	}

	@Test
	void sizeThatTheFileSystemCannotHoldIsRefusedAndNothingIsLeft() throws Exception {
		Path probe = this.folder.resolve("probe");
		boolean holdsAnySize = true;
		try (RandomAccessFile file = new RandomAccessFile(probe.toFile(), "rw")) {
			file.setLength(Long.MAX_VALUE - 4095);
		}
		catch (IOException ex) {
			holdsAnySize = false;
		}
		assumeThat(holdsAnySize).as("whether the file system of %s has files of any size", this.folder).isFalse();

		assertThatExceptionOfType(StoreUnavailableException.class)
			.isThrownBy(() -> builder().size(Long.MAX_VALUE - 4095).open())
			.withMessageStartingWith(disk() + " cannot be created with 9223372036854771712 bytes: ")
			.withMessageEndingWith("Use a smaller size, or a file system that has files of this size.");
		assertThat(disk()).doesNotExist();
	}

	@Test
	void fileThatMayNotBeAccessedIsRefused() throws Exception {
		assumeThat(System.getProperty("user.name")).as("user, because root may access anything").isNotEqualTo("root");
		Files.write(disk(), bytes(1, SIZE));
		String user = System.getProperty("user.name");

		Files.setPosixFilePermissions(disk(), PosixFilePermissions.fromString("r--r--r--"));
		assertRefused(builder(), disk() + " cannot be read and written: permission denied.",
				"Give the user '" + user + "' access to the file and its directories, or make the disk read-only.");
		open(builder().readOnly(true)).close();

		Files.setPosixFilePermissions(disk(), PosixFilePermissions.fromString("---------"));
		assertRefused(builder().readOnly(true), disk() + " cannot be read: permission denied.",
				"Give the user '" + user + "' access to the file and its directories.");
	}

	@Test
	void deniedPermissionNamesTheUserAndTheRemedy() {
		String user = System.getProperty("user.name");

		assertThat(DiskFile.unavailable(disk(), "read and written", new AccessDeniedException("x")))
			.hasMessage(disk() + " cannot be read and written: permission denied. Give the user '" + user
					+ "' access to the file and its directories, or make the disk read-only.");
		assertThat(DiskFile.unavailable(disk(), "created", new AccessDeniedException("x")))
			.hasMessage(disk() + " cannot be created: permission denied. Give the user '" + user
					+ "' access to the file and its directories.");
	}

	@Test
	void impossibleAttributesAreRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> builder().size(-1).open())
			.withMessage(
					"A file store cannot have -1 bytes and 16 threads. Use a size of 0 or more and at least 1 thread.");
		assertThatIllegalArgumentException().isThrownBy(() -> builder().threads(0).open())
			.withMessageContaining("790528 bytes and 0 threads");
		assertThat(disk()).doesNotExist();
	}

	// One server only

	@Test
	void fileIsServedOncePerJvmByWhateverName() throws Exception {
		FileBlockStore store = open(builder());
		Path symbolicLink = Files.createSymbolicLink(this.folder.resolve("symbolic"), disk());
		Path hardLink = Files.createLink(this.folder.resolve("hard"), disk());

		for (Path name : List.of(disk(), symbolicLink, hardLink)) {
			assertRefused(FileBlockStore.at(name), name + " is already served by this JVM.",
					"Close the other store, or use another file.");
			assertRefused(FileBlockStore.at(name).readOnly(true), name + " is already served by this JVM.",
					"Close the other store, or use another file.");
		}

		write(store, 0, bytes(1, 512));
		store.close();
		open(builder());
	}

	@Test
	void fileIsServedByOneJvmOnly() throws Exception {
		FileBlockStore store = open(builder());
		String refusal = "refused: " + disk() + " is locked by another server. Stop it (fuser -v " + disk()
				+ " names it), or use another file.";

		assertThat(openInAnotherJvm(false)).isEqualTo(refusal);
		assertThat(openInAnotherJvm(true)).isEqualTo(refusal);
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(builder()::open);
		assertThat(openInAnotherJvm(false)).as("after a refusal in this JVM").isEqualTo(refusal);

		store.close();
		assertThat(openInAnotherJvm(false)).isEqualTo("opened");
	}

	@Test
	void readOnlyServersShareAFile() throws Exception {
		Files.write(disk(), bytes(1, SIZE));
		open(builder().readOnly(true));

		assertThat(openInAnotherJvm(true)).isEqualTo("opened");
		assertThat(openInAnotherJvm(false)).startsWith("refused: " + disk() + " is locked by another server.");
	}

	private String openInAnotherJvm(boolean readOnly) throws Exception {
		String output = ForkedJvm.run(List.of(), OtherServer.class, disk(), readOnly);
		return output.lines().filter((line) -> !line.startsWith("SLF4J")).reduce("", String::concat);
	}

	@Test
	void refusedFileIsNotLeftLocked() throws Exception {
		Files.write(disk(), bytes(1, 4096));
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(builder()::open);

		assertThat(openInAnotherJvm(false)).isEqualTo("opened");
	}

	// Reading and writing

	@Test
	void readOnlyStoreOnlyReads() throws Exception {
		Files.write(disk(), bytes(1, SIZE));
		FileBlockStore store = open(builder().readOnly(true));
		String message = " is not supported: the file store " + disk() + " is read-only";

		assertThat(store.operations()).containsExactly(BlockOperation.READ);
		assertBytes(read(store, 0, SIZE), bytes(1, SIZE));
		fail(store.write(0, ByteBuffer.allocate(512)), BlockErrno.EOPNOTSUPP, "WRITE" + message);
		fail(store.flush(), BlockErrno.EOPNOTSUPP, "FLUSH" + message);
		fail(store.discard(0, 512), BlockErrno.EOPNOTSUPP, "DISCARD" + message);
		fail(store.writeZeroes(0, 512, true), BlockErrno.EOPNOTSUPP, "WRITE_ZEROES" + message);
		assertThat(disk()).hasBinaryContent(bytes(1, SIZE));
	}

	@Test
	void zerosWrittenWhereTheFileCannotZeroItselfDoNotFillHoles() throws Exception {
		FileBlockStore store = open(builder().size(64 << 20).zeroer(RangeZeroer.NONE));
		write(store, 8192, bytes(1, 4096));
		write(store, (1 << 20) + 512, bytes(1, 512));
		succeed(store.flush());
		long before = allocatedBytes(disk());

		succeed(store.discard(512, (64 << 20) - 512));
		succeed(store.writeZeroes(0, 64 << 20, false));
		succeed(store.flush());

		assertThat(allocatedBytes(disk())).isEqualTo(before).isLessThan(1 << 20);
		assertBytes(read(store, 0, 2 << 20), new byte[2 << 20]);
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "fallocate is a call of Linux")
	void discardPunchesAHoleAndZeroingThatKeepsItsSpaceAllocatesIt() throws Exception {
		FileBlockStore store = open(builder().size(8 << 20));
		write(store, 0, bytes(1, 4 << 20));
		succeed(store.flush());
		assertThat(allocatedBytes(disk())).isGreaterThanOrEqualTo(4 << 20);

		succeed(store.discard(0, 4 << 20));
		assertThat(allocatedBytes(disk())).isLessThan(1 << 20);
		assertBytes(read(store, 0, 4 << 20), new byte[4 << 20]);

		succeed(store.writeZeroes(0, 4 << 20, false));
		assertThat(allocatedBytes(disk())).isGreaterThanOrEqualTo(4 << 20);
		assertBytes(read(store, 0, 4 << 20), new byte[4 << 20]);
	}

	@Test
	void rangeIsZeroedByTheFileIfItKnowsHow() {
		List<String> calls = new ArrayList<>();
		AtomicBoolean able = new AtomicBoolean(true);
		RangeZeroer zeroer = new RangeZeroer() {

			@Override
			public boolean zero(long offset, long length, boolean mayUnmap) {
				calls.add(offset + "+" + length + (mayUnmap ? " unmap" : ""));
				return able.get();
			}

			@Override
			public void close() {
				calls.add("close");
			}

		};
		FileBlockStore store = open(builder().zeroer(zeroer));
		write(store, 0, bytes(1, SIZE));

		succeed(store.discard(512, 1024));
		succeed(store.writeZeroes(0, 4096, true));
		succeed(store.writeZeroes(0, 4096, false));
		assertBytes(read(store, 0, SIZE), bytes(1, SIZE));
		able.set(false);
		succeed(store.discard(0, SIZE));
		assertBytes(read(store, 0, SIZE), new byte[SIZE]);
		store.close();
		store.close();

		assertThat(calls).containsExactly("512+1024 unmap", "0+4096 unmap", "0+4096", "0+790528 unmap", "close");
	}

	@Test
	void fileTruncatedWhileInUseFailsTheReadInsteadOfReturningZeros() throws Exception {
		FileBlockStore store = open(builder());
		write(store, 0, bytes(1, SIZE));
		try (RandomAccessFile file = new RandomAccessFile(disk().toFile(), "rw")) {
			file.setLength(4096);
		}

		assertBytes(read(store, 0, 4096), bytes(1, 4096));
		fail(store.read(2048, ByteBuffer.allocate(4096)), BlockErrno.ENODATA, "READ of 4096 bytes at offset 2048 of "
				+ disk() + " failed: the file ends at 4096; it was truncated while it was in use");
	}

	@Test
	void fullFileSystemIsNoSpace() {
		FileBlockStore store = open(builder().channelDecorator(failingWrites("No space left on device")));
		fail(store.write(512, ByteBuffer.allocate(1024)), BlockErrno.ENOSPC,
				"WRITE of 1024 bytes at offset 512 of " + disk() + " failed: No space left on device");
		store.close();

		store = open(builder().channelDecorator(failingWrites("Disk quota exceeded")));
		fail(store.write(0, ByteBuffer.allocate(512)), BlockErrno.ENOSPC, "failed: Disk quota exceeded");
		store.close();

		store = open(builder().channelDecorator(failingWrites("Input/output error")));
		fail(store.write(0, ByteBuffer.allocate(512)), BlockErrno.EIO, "failed: Input/output error");
	}

	private static UnaryOperator<FileChannel> failingWrites(String message) {
		return (channel) -> new DelegatingFileChannel(channel) {

			@Override
			public int write(ByteBuffer source, long position) throws IOException {
				throw new IOException(message);
			}

		};
	}

	@Test
	void errorOfTheJvmEndsTheRequest() {
		FileBlockStore store = open(builder().channelDecorator((channel) -> new DelegatingFileChannel(channel) {

			@Override
			public int read(ByteBuffer destination, long position) {
				throw new OutOfMemoryError("Cannot reserve direct buffer memory");
			}

		}));

		fail(store.read(0, ByteBuffer.allocate(512)), BlockErrno.ENOMEM,
				"READ of 512 bytes at offset 0 of " + disk() + " failed: Cannot reserve direct buffer memory");
	}

	@Test
	void flushForcesTheDataToTheDevice() {
		List<Boolean> forced = new ArrayList<>();
		FileBlockStore store = open(builder().channelDecorator((channel) -> new DelegatingFileChannel(channel) {

			@Override
			public void force(boolean metaData) {
				forced.add(metaData);
			}

		}));

		write(store, 0, bytes(1, 512));
		assertThat(forced).isEmpty();
		succeed(store.flush());

		assertThat(forced).containsExactly(false);
	}

	@Test
	void flushThatHasFailedNeverSucceedsAgain() {
		AtomicInteger calls = new AtomicInteger();
		FileBlockStore store = open(builder().channelDecorator((channel) -> new DelegatingFileChannel(channel) {

			@Override
			public void force(boolean metaData) throws IOException {
				if (calls.incrementAndGet() == 2) {
					throw new IOException("Input/output error");
				}
			}

		}));

		succeed(store.flush());
		fail(store.flush(), BlockErrno.EIO, "failed: Input/output error");
		fail(store.flush(), BlockErrno.EIO, "an earlier flush failed (Input/output error) and writes since the flush "
				+ "before it may be lost; check the file and open it again");
		assertThat(calls).hasValue(2);
		write(store, 0, bytes(1, 512));
	}

	// Threads

	@Test
	void callerIsNotBlockedAndResultsArriveOnDaemonThreadsNamedAfterTheFile() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().channelDecorator(gate));
		CompletableFuture<Thread> thread = new CompletableFuture<>();

		store.read(0, ByteBuffer.allocate(512))
			.doOnTerminate(() -> thread.complete(Thread.currentThread()))
			.subscribe();

		gate.awaitEntered(1);
		assertThat(thread).isNotDone();
		gate.open();
		assertThat(thread.get(10, TimeUnit.SECONDS).getName()).startsWith("ublk-file-disk.img-");
		assertThat(thread.get().isDaemon()).isTrue();
	}

	@Test
	void requestsRunInParallelUpToTheNumberOfThreads() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().threads(3).channelDecorator(gate));
		List<CompletableFuture<Void>> results = new ArrayList<>();
		for (int i = 0; i < 10; i++) {
			results.add(store.read(0, ByteBuffer.allocate(512)).toFuture());
		}

		gate.awaitEntered(3);
		assertThat(threadsOf("disk.img")).hasSize(3);
		assertThat(gate.entered()).isEqualTo(3);
		gate.open();

		CompletableFuture.allOf(results.toArray(CompletableFuture<?>[]::new)).get(10, TimeUnit.SECONDS);
	}

	@Test
	void noThreadIsLeftAfterClose() {
		FileBlockStore store = open(builder());
		Flux.range(0, 100).flatMap((i) -> store.read(0, ByteBuffer.allocate(512))).blockLast(TIMEOUT);

		store.close();

		Awaitility.await().atMost(TIMEOUT).until(() -> threadsOf("disk.img").isEmpty());
	}

	@Test
	void cancelledRequestThatRunsGoesOnAndTheStoreStaysOpen() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().channelDecorator(gate));
		AtomicInteger signals = new AtomicInteger();
		Disposable running = store.write(0, ByteBuffer.wrap(bytes(1, 512)))
			.doOnTerminate(signals::incrementAndGet)
			.subscribe();
		gate.awaitEntered(1);

		running.dispose();
		gate.open();

		Awaitility.await().atMost(TIMEOUT).until(() -> Arrays.equals(read(store, 0, 512), bytes(1, 512)));
		assertThat(signals).hasValue(0);
	}

	@Test
	void timeoutOnAnInterruptingSchedulerDoesNotCloseTheFile() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().channelDecorator(gate));

		Mono<Void> impatient = store.write(0, ByteBuffer.wrap(bytes(1, 512)))
			.subscribeOn(Schedulers.boundedElastic())
			.timeout(Duration.ofMillis(50))
			.onErrorComplete();
		succeed(impatient);
		gate.open();

		// elsewhere, since the first write may still be on its way
		write(store, 4096, bytes(2, 512));
		assertThat(read(store, 4096, 512)).isEqualTo(bytes(2, 512));
	}

	@Test
	void requestCancelledBeforeItBeginsNeverBegins() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().threads(1).channelDecorator(gate));
		CompletableFuture<Void> first = store.read(0, ByteBuffer.allocate(512)).toFuture();
		gate.awaitEntered(1);
		ByteBuffer source = ByteBuffer.wrap(bytes(1, 512));

		store.write(0, source).subscribe().dispose();
		gate.open();
		first.get(10, TimeUnit.SECONDS);

		assertThat(read(store, 0, 512)).isEqualTo(new byte[512]);
		assertThat(source.position()).isZero();
	}

	@Test
	void writeThatWasCancelledNeverLandsOnTopOfALaterOne() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().channelDecorator(gate));
		cancelWhenBegun(gate, store.write(0, ByteBuffer.wrap(bytes(1, 1024))));

		CompletableFuture<Void> later = store.write(512, ByteBuffer.wrap(bytes(2, 512))).toFuture();
		CompletableFuture<Void> elsewhere = store.write(1024, ByteBuffer.wrap(bytes(3, 512))).toFuture();
		gate.awaitEntered(2);
		assertThat(later).isNotDone();
		gate.open();

		later.get(10, TimeUnit.SECONDS);
		elsewhere.get(10, TimeUnit.SECONDS);
		assertThat(gate.beganAt()).containsExactly(0L, 1024L, 512L);
		assertThat(read(store, 512, 512)).isEqualTo(bytes(2, 512));
	}

	@Test
	void nobodyReadsWhatWasThereBeforeAChangeThatWasCancelledAndRunsOn() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().channelDecorator(gate));
		cancelWhenBegun(gate, store.write(0, ByteBuffer.wrap(bytes(1, 512))));
		ByteBuffer destination = ByteBuffer.allocate(512);

		CompletableFuture<Void> reading = store.read(0, destination).toFuture();
		succeed(store.flush());
		assertThat(gate.entered()).isEqualTo(1);
		gate.open();

		reading.get(10, TimeUnit.SECONDS);
		assertThat(destination.array()).isEqualTo(bytes(1, 512));
	}

	@Test
	void readThatWasCancelledHoldsNobodyUp() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().channelDecorator(gate));
		cancelWhenBegun(gate, store.read(0, ByteBuffer.allocate(512)));

		CompletableFuture<Void> later = store.write(0, ByteBuffer.wrap(bytes(2, 512))).toFuture();

		gate.awaitEntered(2);
		gate.open();
		later.get(10, TimeUnit.SECONDS);
	}

	@Test
	void requestCancelledWhileItWaitsForALateChangeNeverBegins() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().channelDecorator(gate));
		cancelWhenBegun(gate, store.write(0, ByteBuffer.wrap(bytes(1, 512))));

		store.write(0, ByteBuffer.wrap(bytes(2, 512))).subscribe().dispose();
		gate.open();

		assertThat(read(store, 0, 512)).isEqualTo(bytes(1, 512));
	}

	/** Which may hang for ever. */
	@ParameterizedTest
	@ValueSource(longs = { 0, 4096 })
	void requestCancelledBeforeItBeginsKeepsNoBufferForWhatItWaitsFor(long offset) {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().threads(1).channelDecorator(gate));
		cancelWhenBegun(gate, store.write(0, ByteBuffer.wrap(bytes(1, 512))));

		WeakReference<ByteBuffer> buffer = new WeakReference<>(ByteBuffer.allocate(512));
		store.write(offset, Objects.requireNonNull(buffer.get())).subscribe().dispose();

		Awaitility.await().atMost(TIMEOUT).until(() -> {
			System.gc();
			return buffer.get() == null;
		});
		gate.open();
	}

	@Test
	void requestThatWaitsForALateChangeFailsWhenTheStoreIsClosed() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().channelDecorator(gate).closeTimeout(Duration.ofMillis(100)));
		cancelWhenBegun(gate, store.write(0, ByteBuffer.wrap(bytes(1, 512))));
		CompletableFuture<Void> later = store.write(0, ByteBuffer.wrap(bytes(2, 512))).toFuture();

		store.close();

		assertThat(later).failsWithin(TIMEOUT)
			.withThrowableThat()
			.havingCause()
			.isInstanceOf(BlockIoException.class)
			.withMessage("The file store " + disk() + " is closed");
		gate.open();
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "transfers need Linux")
	void transferWaitsForADiscardOfItsRangeThatAThreadHasBegunAndThatWasCancelled() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().channelDecorator(gate).zeroer(RangeZeroer.NONE));
		cancelWhenBegun(gate, store.discard(0, 4096));
		List<Long> transferred = new CopyOnWriteArrayList<>();

		CompletableFuture<Void> later = store.handler().write(writeRequest(512, transferred)).toFuture();
		store.handler().write(writeRequest(4096, transferred)).block(TIMEOUT);

		assertThat(transferred).containsExactly(4096L);
		gate.open();
		later.get(10, TimeUnit.SECONDS);
		assertThat(transferred).containsExactly(4096L, 512L);
	}

	private static WriteRequest writeRequest(long offset, List<Long> transferred) {
		return (WriteRequest) Proxy.newProxyInstance(WriteRequest.class.getClassLoader(),
				new Class<?>[] { WriteRequest.class }, (proxy, method, arguments) -> switch (method.getName()) {
					case "offset" -> offset;
					case "length" -> 512L;
					default -> Mono.fromRunnable(() -> transferred.add(offset));
				});
	}

	private static void cancelWhenBegun(Gate gate, Mono<Void> request) {
		Disposable running = request.subscribe();
		gate.awaitEntered(1);
		running.dispose();
	}

	@Test
	void interruptsDoNotCloseTheFile() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().channelDecorator(gate));
		CompletableFuture<Void> running = store.write(0, ByteBuffer.wrap(bytes(1, 512)))
			.doOnTerminate(() -> Thread.currentThread().interrupt())
			.toFuture();
		gate.awaitEntered(1);

		threadsOf("disk.img").forEach(Thread::interrupt);
		gate.open();

		running.get(10, TimeUnit.SECONDS);
		assertThat(read(store, 0, 512)).isEqualTo(bytes(1, 512));
	}

	// Closing

	@Test
	void closeWaitsForRequestsThatItHasAccepted() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().threads(1).channelDecorator(gate));
		List<CompletableFuture<Void>> results = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			results.add(store.write(i * 512L, ByteBuffer.wrap(bytes(i, 512))).toFuture());
		}
		gate.awaitEntered(1);

		CompletableFuture<Void> closing = CompletableFuture.runAsync(store::close);
		Awaitility.await().atMost(TIMEOUT).until(() -> isClosed(store));
		assertThat(closing).isNotDone();
		gate.open();

		closing.get(10, TimeUnit.SECONDS);
		assertThat(results).allMatch((result) -> result.isDone() && !result.isCompletedExceptionally());
		byte[] content = Files.readAllBytes(disk());
		for (int i = 0; i < 4; i++) {
			assertThat(Arrays.copyOfRange(content, i * 512, i * 512 + 512)).isEqualTo(bytes(i, 512));
		}
	}

	@Test
	void closeDoesNotWaitForeverAndTheFileStaysLockedUntilItsLastRequestEnds() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().threads(1).channelDecorator(gate).closeTimeout(Duration.ofMillis(100)));
		CompletableFuture<Void> stuck = store.write(0, ByteBuffer.wrap(bytes(1, 512))).toFuture();
		gate.awaitEntered(1);
		CompletableFuture<Void> waiting = store.write(512, ByteBuffer.wrap(bytes(2, 512))).toFuture();

		store.close();

		assertThat(stuck).isNotDone();
		assertThat(waiting).failsWithin(TIMEOUT)
			.withThrowableThat()
			.havingCause()
			.isInstanceOf(BlockIoException.class)
			.withMessage("The file store " + disk() + " is closed");
		assertRefused(builder(), disk() + " is already served by this JVM.",
				"Close the other store, or use another file.");

		gate.open();
		stuck.get(10, TimeUnit.SECONDS);
		Awaitility.await().atMost(TIMEOUT).ignoreExceptions().until(() -> open(builder()).size() == SIZE);
		byte[] content = Files.readAllBytes(disk());
		assertThat(Arrays.copyOf(content, 512)).isEqualTo(bytes(1, 512));
		assertThat(Arrays.copyOfRange(content, 512, 1024)).isEqualTo(new byte[512]);
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "transfers need Linux")
	void closeWaitsForTransfersUnderWay() throws Exception {
		FileBlockStore store = open(builder());
		SharedFile transferFile = transferFile(store);
		transferFile.use();

		CompletableFuture<Void> closing = CompletableFuture.runAsync(store::close);
		Awaitility.await().atMost(TIMEOUT).until(transferFile::isRetired);

		assertThat(closing).isNotDone();
		assertRefused(builder(), disk() + " is already served by this JVM.",
				"Close the other store, or use another file.");
		assertThatIllegalStateException().isThrownBy(transferFile::use).withMessageContaining(disk() + " is closed");
		transferFile.endUse();
		closing.get(10, TimeUnit.SECONDS);
		open(builder());
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "transfers need Linux")
	void closeDoesNotWaitForeverForATransferAndTheFileStaysLockedUntilItEnds() throws Exception {
		FileBlockStore store = open(builder().closeTimeout(Duration.ofMillis(100)));
		SharedFile transferFile = transferFile(store);
		transferFile.use();

		store.close();

		assertRefused(builder(), disk() + " is already served by this JVM.",
				"Close the other store, or use another file.");
		assertThat(openInAnotherJvm(false)).startsWith("refused: " + disk() + " is locked by another server.");
		transferFile.endUse();
		Awaitility.await().atMost(TIMEOUT).ignoreExceptions().until(() -> open(builder()).size() == SIZE);
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "transfers need Linux")
	void lostWriteReportedToATransferFailsTheFlushesOfLayersToo() {
		FileBlockStore store = open(builder());
		succeed(store.flush());

		transferFile(store).lostWrites().add(new IOException("EIO (Input/output error)"));

		fail(store.flush(), BlockErrno.EIO, "an earlier flush failed (EIO (Input/output error))");
	}

	@Test
	void lostWriteReportedToOneOfTwoFlushesFailsBoth() throws Exception {
		CountDownLatch both = new CountDownLatch(2);
		CountDownLatch failed = new CountDownLatch(1);
		AtomicInteger calls = new AtomicInteger();
		FileBlockStore store = open(builder().channelDecorator((channel) -> new DelegatingFileChannel(channel) {

			@Override
			public void force(boolean metaData) throws IOException {
				both.countDown();
				boolean first = calls.getAndIncrement() == 0;
				try {
					(first ? both : failed).await();
				}
				catch (InterruptedException ex) {
					throw new IOException("interrupted", ex);
				}
				if (first) {
					throw new IOException("Input/output error");
				}
			}

		}));
		CompletableFuture<Void> told = store.flush().doOnError((ex) -> failed.countDown()).toFuture();
		Awaitility.await().atMost(TIMEOUT).until(() -> calls.get() == 1);
		CompletableFuture<Void> other = store.flush().toFuture();

		assertThat(told).failsWithin(TIMEOUT).withThrowableThat().withMessageContaining("failed: Input/output error");
		assertThat(other).failsWithin(TIMEOUT).withThrowableThat().withMessageContaining("an earlier flush failed");
	}

	private static SharedFile transferFile(FileBlockStore store) {
		AtomicReference<BackingFile> synced = new AtomicReference<>();
		FlushRequest request = (FlushRequest) Proxy.newProxyInstance(FlushRequest.class.getClassLoader(),
				new Class<?>[] { FlushRequest.class }, (proxy, method, arguments) -> {
					synced.set((BackingFile) arguments[0]);
					return Mono.empty();
				});
		store.handler().flush(request);
		return Objects.requireNonNull(synced.get()).unwrap(SharedFile.class);
	}

	@Test
	void interruptedCloserStillWaits() throws Exception {
		Gate gate = new Gate();
		FileBlockStore store = open(builder().channelDecorator(gate));
		CompletableFuture<Void> running = store.write(0, ByteBuffer.wrap(bytes(1, 512))).toFuture();
		gate.awaitEntered(1);
		AtomicBoolean interrupted = new AtomicBoolean();
		Thread closer = new Thread(() -> {
			store.close();
			interrupted.set(Thread.currentThread().isInterrupted());
		});
		closer.start();

		closer.interrupt();
		gate.open();

		closer.join(10_000);
		running.get(10, TimeUnit.SECONDS);
		assertThat(interrupted).isTrue();
	}

	private static boolean isClosed(FileBlockStore store) {
		// Not a request that could be accepted: it would wait behind the gate.
		CompletableFuture<Void> late = store.read(0, ByteBuffer.allocate(0)).toFuture();
		return late.isCompletedExceptionally();
	}

	private static List<Thread> threadsOf(String file) {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("ublk-file-" + file + "-"))
			.toList();
	}

	private static long allocatedBytes(Path file) throws Exception {
		Process process = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
		String blocks = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
		assertThat(process.waitFor()).isZero();
		return Long.parseLong(blocks) * 512;
	}

	/**
	 * Holds I/O until it is opened.
	 */
	private static final class Gate implements UnaryOperator<FileChannel> {

		private final AtomicInteger entered = new AtomicInteger();

		private final List<Long> positions = new CopyOnWriteArrayList<>();

		private final CountDownLatch opened = new CountDownLatch(1);

		@Override
		public FileChannel apply(FileChannel channel) {
			return new DelegatingFileChannel(channel) {

				@Override
				public int read(ByteBuffer destination, long position) throws IOException {
					pass(position);
					return super.read(destination, position);
				}

				@Override
				public int write(ByteBuffer source, long position) throws IOException {
					pass(position);
					return super.write(source, position);
				}

			};
		}

		private void pass(long position) throws IOException {
			this.positions.add(position);
			this.entered.incrementAndGet();
			try {
				if (!this.opened.await(20, TimeUnit.SECONDS)) {
					throw new IOException("never opened");
				}
			}
			catch (InterruptedException ex) {
				throw new IOException("interrupted", ex);
			}
		}

		void open() {
			this.opened.countDown();
		}

		int entered() {
			return this.entered.get();
		}

		List<Long> beganAt() {
			return this.positions;
		}

		void awaitEntered(int count) {
			Awaitility.await().atMost(TIMEOUT).until(() -> entered() >= count);
		}

	}

	/**
	 * Opens a file and says how it went.
	 */
	static final class OtherServer {

		private OtherServer() {
		}

		public static void main(String[] args) {
			try (FileBlockStore store = FileBlockStore.at(Path.of(args[0]))
				.readOnly(Boolean.parseBoolean(args[1]))
				.open()) {
				System.out.println((store.size() > 0) ? "opened" : "empty");
			}
			catch (StoreUnavailableException ex) {
				System.out.println("refused: " + ex.getMessage());
			}
		}

	}

}
