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

package io.github.ublk4j.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Signal;

import static io.github.ublk4j.layer.TestBytes.PATIENCE;
import static io.github.ublk4j.layer.TestBytes.bytes;
import static io.github.ublk4j.layer.TestBytes.errno;
import static io.github.ublk4j.layer.TestBytes.read;
import static io.github.ublk4j.layer.TestBytes.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class ChecksumStoreTests {

	private static final int BLOCK = 512;

	private static final int REGION = 1024 * BLOCK;

	private static final int SIZE = 6 * REGION + 8 * BLOCK;

	private final RecordingStore below = new RecordingStore(SIZE);

	private final List<ChecksumStore> opened = new ArrayList<>();

	private int copies;

	@TempDir
	private Path directory;

	@AfterEach
	void close() {
		this.opened.forEach(ChecksumStore::close);
	}

	private ChecksumStore inMemory() {
		return new ChecksumStore(this.below, "test", BLOCK);
	}

	private ChecksumStore inFile(Path file) {
		ChecksumStore layer = new ChecksumStore(this.below, "test", BLOCK, file);
		this.opened.add(layer);
		return layer;
	}

	private Path file() {
		return this.directory.resolve("sums");
	}

	/** Opens a layer over what a crash at this moment leaves. */
	private ChecksumStore afterCrash() throws IOException {
		Path copy = this.directory.resolve("after-crash-" + this.copies++);
		Files.copy(file(), copy);
		return inFile(copy);
	}

	/** Changes the store past the layer. */
	private void corrupt(long offset) {
		write(this.below, offset, 1, 99);
	}

	private static @Nullable BlockErrno readErrno(BlockStore layer, long offset, int length) {
		return errno(layer.read(offset, ByteBuffer.allocate(length)));
	}

	@Test
	void blockThatWasChangedPastTheLayerFailsWithItsNumber() {
		ChecksumStore layer = inMemory();
		write(layer, 0, 8 * BLOCK, 7);
		assertThat(read(layer, 0, 8 * BLOCK)).containsOnly(7);
		corrupt(3 * BLOCK + 100);
		assertThat(
				layer.read(0, ByteBuffer.allocate(8 * BLOCK)).materialize().map(Signal::getThrowable).block(PATIENCE))
			.hasMessage("block 3 at offset 1536 does not hold what was written to it, by its checksum");
		assertThat(readErrno(layer, 3 * BLOCK, BLOCK)).isEqualTo(BlockErrno.EILSEQ);
		assertThat(read(layer, 0, 3 * BLOCK)).containsOnly(7);
		assertThat(read(layer, 4 * BLOCK, 4 * BLOCK)).containsOnly(7);
		assertThat(layer.mismatches()).isEqualTo(2);
		corrupt(5 * BLOCK);
		assertThat(
				layer.read(0, ByteBuffer.allocate(8 * BLOCK)).materialize().map(Signal::getThrowable).block(PATIENCE))
			.hasMessageEndingWith("by its checksum; so do 1 more of the same request");
		write(layer, 3 * BLOCK, BLOCK, 8);
		assertThat(read(layer, 3 * BLOCK, BLOCK)).containsOnly(8);
	}

	@Test
	void blockIsCheckedFromItsFirstReadOn() {
		write(this.below, 0, BLOCK, 7);
		ChecksumStore layer = inMemory();
		corrupt(0);
		read(layer, 0, BLOCK);
		corrupt(1);
		assertThat(readErrno(layer, 0, BLOCK)).isEqualTo(BlockErrno.EILSEQ);
	}

	@Test
	void discardedAndZeroedBlocksAreExpectedToBeZero() {
		ChecksumStore layer = inMemory();
		layer.discard(0, SIZE).block();
		assertThat(read(layer, 0, SIZE)).containsOnly(0);
		write(layer, 2 * BLOCK, BLOCK, 7);
		layer.writeZeroes(2 * BLOCK, BLOCK, false).block();
		assertThat(read(layer, 2 * BLOCK, BLOCK)).containsOnly(0);
		corrupt(2 * BLOCK);
		corrupt(SIZE - BLOCK);
		corrupt(3 * REGION);
		assertThat(readErrno(layer, 2 * BLOCK, BLOCK)).isEqualTo(BlockErrno.EILSEQ);
		assertThat(readErrno(layer, SIZE - BLOCK, BLOCK)).isEqualTo(BlockErrno.EILSEQ);
		assertThat(readErrno(layer, 3 * REGION, BLOCK)).isEqualTo(BlockErrno.EILSEQ);
	}

	@Test
	void failedChangesLeaveBlocksUnchecked() {
		ChecksumStore layer = inMemory();
		write(layer, 0, 4 * BLOCK, 7);
		this.below.failNext(BlockOperation.WRITE, 1, BlockErrno.EIO);
		assertThat(errno(layer.write(0, bytes(BLOCK, 8)))).isEqualTo(BlockErrno.EIO);
		this.below.failNext(BlockOperation.DISCARD, 1, BlockErrno.EIO);
		assertThat(errno(layer.discard(BLOCK, BLOCK))).isEqualTo(BlockErrno.EIO);
		corrupt(0);
		corrupt(BLOCK);
		corrupt(2 * BLOCK);
		read(layer, 0, 2 * BLOCK);
		assertThat(readErrno(layer, 2 * BLOCK, BLOCK)).isEqualTo(BlockErrno.EILSEQ);
	}

	@Test
	void readBesideAWriteIsNoFalseAlarm() {
		ChecksumStore layer = inMemory();
		write(layer, 0, BLOCK, 7);
		this.below.hold(BlockOperation.WRITE);
		CompletableFuture<Void> writing = layer.write(0, bytes(BLOCK, 8)).toFuture();
		CompletableFuture<Void> reading = layer.read(0, bytes(BLOCK, 0)).toFuture();
		assertThat(reading).isNotDone();
		this.below.release();
		assertThat(writing).isCompleted();
		assertThat(reading).isCompleted();
	}

	@Test
	void requestsOfPartsOfBlocksAndOutsideAreRefused() {
		ChecksumStore layer = new ChecksumStore(this.below, "test", 4096);
		assertThat(layer.size()).isEqualTo(SIZE);
		assertThat(readErrno(layer, 512, 4096)).isEqualTo(BlockErrno.EINVAL);
		assertThat(errno(layer.write(0, bytes(512, 1)))).isEqualTo(BlockErrno.EINVAL);
		assertThat(errno(layer.discard(SIZE, 4096))).isEqualTo(BlockErrno.EINVAL);
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new ChecksumStore(this.below, "test", 1000))
			.withMessage("blockSize is 1000. Use a power of two from 512 to 64KB.");
	}

	@Test
	void sumsAreThereAgainAfterTheClose() {
		ChecksumStore layer = inFile(file());
		write(layer, 0, 8 * BLOCK, 7);
		layer.discard(REGION, 3 * REGION).block();
		write(layer, SIZE - BLOCK, BLOCK, 7);
		// of a region that was only read
		read(layer, 5 * REGION, BLOCK);
		layer.close();
		layer.close();
		for (long offset : new long[] { BLOCK, 2 * REGION, SIZE - BLOCK, 5 * REGION }) {
			corrupt(offset);
		}
		ChecksumStore again = inFile(file());
		for (long offset : new long[] { BLOCK, 2 * REGION, SIZE - BLOCK, 5 * REGION }) {
			assertThat(readErrno(again, offset, BLOCK)).as("offset " + offset).isEqualTo(BlockErrno.EILSEQ);
		}
		assertThat(read(again, 0, BLOCK)).containsOnly(7);
	}

	@Test
	void regionThatWasQuietBetweenTwoFlushesIsCheckedAfterACrash() throws IOException {
		ChecksumStore layer = inFile(file());
		write(layer, 0, BLOCK, 7);
		write(layer, 2 * REGION, BLOCK, 7);
		flush(layer);
		write(layer, 2 * REGION, BLOCK, 8);
		flush(layer);
		ChecksumStore crashed = afterCrash();
		corrupt(0);
		corrupt(2 * REGION);
		assertThat(readErrno(crashed, 0, BLOCK)).isEqualTo(BlockErrno.EILSEQ);
		read(crashed, 2 * REGION, BLOCK);
	}

	/** Flushes, and waits for the thread of the layer by way of a region without mark. */
	private void flush(ChecksumStore layer) {
		layer.flush().block(PATIENCE);
		awaitThread(layer);
	}

	private void awaitThread(ChecksumStore layer) {
		write(layer, (4L + this.copies++ % 2) * REGION, BLOCK, this.copies);
	}

	@Test
	void changeAfterTheSumsWereSavedIsMarkedAgainBeforeItBegins() throws IOException {
		ChecksumStore layer = inFile(file());
		write(layer, 0, BLOCK, 7);
		layer.flush().block(PATIENCE);
		layer.flush().block(PATIENCE);
		this.below.hold(BlockOperation.WRITE);
		CompletableFuture<Void> writing = layer.write(0, bytes(BLOCK, 8)).toFuture();
		Awaitility.await().until(() -> this.below.waiting() == 1);
		ChecksumStore crashed = afterCrash();
		this.below.release();
		writing.join();
		assertThat(read(crashed, 0, BLOCK)).containsOnly(8);
	}

	@Test
	void flushesThatBeganBeforeAChangeDoNotSettleItEvenIfTheRegionWasSavedMeanwhile() throws IOException {
		ChecksumStore layer = inFile(file());
		write(layer, 0, BLOCK, 7);
		this.below.hold(BlockOperation.FLUSH);
		for (int i = 0; i < 4; i++) {
			layer.flush().subscribe();
		}
		this.below.releaseFirst();
		this.below.releaseFirst();
		awaitThread(layer);
		write(layer, 0, BLOCK, 8);
		this.below.releaseFirst();
		this.below.releaseFirst();
		this.below.release();
		awaitThread(layer);
		ChecksumStore crashed = afterCrash();
		// what was not flushed is lost
		write(this.below, 0, BLOCK, 7);
		assertThat(read(crashed, 0, BLOCK)).containsOnly(7);
	}

	@Test
	void failedFlushSavesNothing() throws IOException {
		ChecksumStore layer = inFile(file());
		write(layer, 0, BLOCK, 7);
		this.below.failNext(BlockOperation.FLUSH, 2, BlockErrno.EIO);
		assertThat(errno(layer.flush())).isEqualTo(BlockErrno.EIO);
		assertThat(errno(layer.flush())).isEqualTo(BlockErrno.EIO);
		flush(layer);
		ChecksumStore crashed = afterCrash();
		corrupt(0);
		read(crashed, 0, BLOCK);
	}

	@Test
	void closeThatCannotFlushLeavesTheMarks() {
		ChecksumStore layer = inFile(file());
		write(layer, 0, BLOCK, 7);
		this.below.failNext(BlockOperation.FLUSH, 1, BlockErrno.EIO);
		layer.close();
		corrupt(0);
		read(inFile(file()), 0, BLOCK);
	}

	@Test
	void crashAtAnyMomentRaisesNoFalseAlarm() throws IOException {
		long seed = Long.getLong("ublk.test.seed", System.nanoTime());
		Random random = new Random(seed);
		CrashingStore store = new CrashingStore(SIZE, random);
		Path sums = file();
		for (int round = 0; round < 12; round++) {
			ChecksumStore layer = new ChecksumStore(store, "test", BLOCK, sums);
			this.opened.add(layer);
			assertThat(readErrno(layer, 0, SIZE)).as("a false alarm with -Dublk.test.seed=%d", seed).isNull();
			for (int i = 0; i < 40; i++) {
				int offset = random.nextInt(SIZE / BLOCK - 16) * BLOCK;
				int length = (1 + random.nextInt(16)) * BLOCK;
				switch (random.nextInt(6)) {
					case 0 -> layer.flush().block(PATIENCE);
					case 1 -> layer.discard(offset, length).block(PATIENCE);
					case 2 -> read(layer, offset, length);
					default -> write(layer, offset, length, random.nextInt(100));
				}
			}
			Path copy = this.directory.resolve("round-" + round);
			Files.copy(sums, copy);
			sums = copy;
			store.crash();
		}
		ChecksumStore last = new ChecksumStore(store, "test", BLOCK, sums);
		assertThat(readErrno(last, 0, SIZE)).isNull();
		last.close();
		int corrupt = random.nextInt(SIZE);
		store.content()[corrupt]++;
		last = new ChecksumStore(store, "test", BLOCK, sums);
		this.opened.add(last);
		assertThat(readErrno(last, corrupt - corrupt % BLOCK, BLOCK)).as("with -Dublk.test.seed=%d", seed)
			.isEqualTo(BlockErrno.EILSEQ);
	}

	@Test
	void writesToMarkedRegionsFailOnceTheCloseHasBegun() throws Exception {
		ChecksumStore layer = inFile(file());
		write(layer, 0, BLOCK, 7);
		this.below.hold(BlockOperation.FLUSH);
		Thread closing = new Thread(layer::close);
		closing.start();
		Awaitility.await().until(() -> this.below.waiting() == 1);
		assertThat(errno(layer.write(0, bytes(BLOCK, 8)))).isEqualTo(BlockErrno.EIO);
		this.below.release();
		closing.join();
		assertThat(errno(layer.discard(0, BLOCK))).isEqualTo(BlockErrno.EIO);
		assertThat(this.below.content(0, BLOCK)).containsOnly(7);
		assertThat(read(inFile(file()), 0, BLOCK)).containsOnly(7);
	}

	@Test
	void writesFailIfTheMarkCannotBeSet() {
		ChecksumStore layer = inFile(file());
		write(layer, 0, BLOCK, 7);
		layer.close();
		assertThat(errno(layer.write(REGION, bytes(BLOCK, 8)))).isNotNull();
		assertThat(this.below.content(REGION, BLOCK)).containsOnly(0);
	}

	@Test
	void fileThatIsInUseOrSomethingElseIsRefused() throws IOException {
		ChecksumStore layer = inFile(file());
		assertThatExceptionOfType(InvalidLayerException.class).isThrownBy(() -> inFile(file()))
			.withMessageContaining("It is in use by the layer of another disk or process.");
		layer.close();
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> new ChecksumStore(this.below, "test", 4096, file()))
			.withMessageContaining("It holds checksums of blocks of 512 bytes, and the disk has blocks of 4096.");
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> inFile(Files.writeString(this.directory.resolve("letter"), "Dear Sir or Madam")))
			.withMessageContaining("does not hold checksums");
		assertThatExceptionOfType(InvalidLayerException.class)
			.isThrownBy(() -> inFile(this.directory.resolve("none/sums")))
			.satisfies((ex) -> assertThat(ex.option()).isEqualTo("file"))
			.withMessageContaining("in a directory that exists");
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void fileStaysLockedWhenItIsAskedForByAnotherName() throws IOException {
		ChecksumStore layer = inFile(file());
		assertThat(isLocked()).isTrue();
		for (Path other : List.of(Files.createSymbolicLink(this.directory.resolve("symbolic"), file()),
				Files.createLink(this.directory.resolve("hard"), file()))) {
			assertThatExceptionOfType(InvalidLayerException.class).isThrownBy(() -> inFile(other))
				.withMessageContaining("It is in use by the layer of another disk or process.");
			assertThat(isLocked()).as("after " + other.getFileName()).isTrue();
		}
		layer.close();
		assertThat(isLocked()).isFalse();
		inFile(this.directory.resolve("symbolic"));
	}

	private boolean isLocked() throws IOException {
		String inode = ":" + Files.getAttribute(file(), "unix:ino") + " ";
		return Files.readAllLines(Path.of("/proc/locks")).stream().anyMatch((lock) -> lock.contains(inode));
	}

	@Test
	void storeThatHasGrownKeepsItsSums() throws IOException {
		Path copy = this.directory.resolve("grown");
		ChecksumStore layer = inFile(file());
		write(layer, SIZE - BLOCK, BLOCK, 7);
		layer.close();
		Files.copy(file(), copy);
		RecordingStore grown = new RecordingStore(2L * SIZE);
		write(grown, SIZE - BLOCK, BLOCK, 7);
		write(grown, SIZE, BLOCK, 8);
		ChecksumStore larger = new ChecksumStore(grown, "test", BLOCK, copy);
		this.opened.add(larger);
		assertThat(read(larger, SIZE, BLOCK)).containsOnly(8);
		write(grown, SIZE - BLOCK, BLOCK, 9);
		assertThat(readErrno(larger, SIZE - BLOCK, BLOCK)).isEqualTo(BlockErrno.EILSEQ);
	}

}
