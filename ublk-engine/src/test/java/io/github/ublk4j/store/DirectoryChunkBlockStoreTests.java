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
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.ChunkBlockStoreBuilder;
import io.github.ublk4j.store.chunk.DirectoryChunkVolume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for a {@link ChunkBlockStore} in a directory.
 */
class DirectoryChunkBlockStoreTests extends AbstractBlockStoreTests {

	private static final int CHUNK = 64 << 10;

	@TempDir(factory = QuickDirectory.class)
	private Path directory = Path.of("");

	private int created;

	@Override
	BlockStore create(long size) {
		return open(this.directory.resolve("volume-" + this.created++), size);
	}

	private static ChunkBlockStoreBuilder at(Path directory) {
		return ChunkBlockStore.of(DirectoryChunkVolume.at(directory));
	}

	private static ChunkBlockStore open(ChunkBlockStoreBuilder builder) {
		return builder.open().blockOptional(TIMEOUT).orElseThrow();
	}

	private ChunkBlockStore open(Path path, long size) {
		return closedAfterwards(open(at(path).size(size).chunkSize(CHUNK)));
	}

	private static List<Path> files(Path path) throws IOException {
		try (Stream<Path> files = Files.walk(path.resolve("chunks"))) {
			return files.filter(Files::isRegularFile).toList();
		}
	}

	@Test
	void contentSurvivesTheCloseInItsOwnSize() {
		Path path = this.directory.resolve("disk");
		byte[] data = bytes(1, 3 * CHUNK);
		try (ChunkBlockStore store = open(path, SIZE)) {
			write(store, 512, data);
			succeed(store.flush());
		}

		ChunkBlockStore again = closedAfterwards(open(at(path)));

		assertThat(again.size()).isEqualTo(SIZE);
		assertThat(again.descriptor().chunkSize()).isEqualTo(CHUNK);
		assertBytes(read(again, 512, data.length), data);
	}

	@Test
	void chunksOfZerosHaveNoFile() throws Exception {
		Path path = this.directory.resolve("disk");
		ChunkBlockStore store = open(path, SIZE);
		write(store, 0, new byte[CHUNK]);
		assertThat(files(path)).isEmpty();

		write(store, CHUNK - 512, bytes(1, 1024));
		assertThat(files(path)).hasSize(2);

		write(store, CHUNK - 512, new byte[512]);
		succeed(store.discard(CHUNK, 512));
		assertThat(files(path)).isEmpty();
	}

	@Test
	void discardOfLargeDiskRemovesTheFilesThatAreThere() throws Exception {
		Path path = this.directory.resolve("disk");
		ChunkBlockStore store = open(path, 1L << 36);
		write(store, (1L << 35) - CHUNK, bytes(1, 3 * CHUNK));
		write(store, 0, bytes(1, 512));
		assertThat(files(path)).hasSize(4);

		succeed(store.discard(512, (1L << 36) - 512));

		assertThat(files(path)).hasSize(1);
	}

	@Test
	void otherSettingsThanThoseOfTheVolumeAreRefused() {
		Path path = this.directory.resolve("disk");
		open(path, SIZE).close();

		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> open(at(path).size(SIZE + 4096)))
			.withMessage("The directory " + path + " was made with " + SIZE + " bytes, not " + (SIZE + 4096)
					+ ". Leave the size out, make it the same, or use another volume.");
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> open(at(path).chunkSize(4096)))
			.withMessageContaining("was made with chunks of " + CHUNK + " bytes, not 4096.");
	}

	@Test
	void laterFormatIsRefused() throws Exception {
		Path path = this.directory.resolve("disk");
		open(path, SIZE).close();
		Path descriptor = path.resolve("volume.properties");
		Files.writeString(descriptor, Files.readString(descriptor).replace("format=1", "format=2"));

		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> open(at(path)))
			.withMessageContaining("has the format 2; this version of ublk4j knows 1.");
	}

	@Test
	void descriptorThatIsDamagedIsRefused() throws Exception {
		Path path = this.directory.resolve("disk");
		open(path, SIZE).close();
		Files.writeString(path.resolve("volume.properties"), "format=1\n");

		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> open(at(path)))
			.withMessageContaining("does not describe a volume");
	}

	@Test
	void missingVolumeIsNotMadeWithoutSizeOrReadOnly() {
		assertThatExceptionOfType(StoreUnavailableException.class)
			.isThrownBy(() -> open(at(this.directory.resolve("none"))))
			.withMessageContaining("no size is given");
		assertThatExceptionOfType(StoreUnavailableException.class)
			.isThrownBy(() -> open(at(this.directory.resolve("none")).size(SIZE).readOnly(true)))
			.withMessageContaining("does not exist. Serve it writable once");
		assertThat(this.directory).isEmptyDirectory();
	}

	@Test
	void missingParentIsExplained() {
		assertThatExceptionOfType(StoreUnavailableException.class)
			.isThrownBy(() -> open(at(this.directory.resolve("no/disk")).size(SIZE)))
			.withMessageContaining("Check the path");
	}

	@Test
	void secondServerOfTheSameJvmIsRefusedUntilTheFirstCloses() {
		Path path = this.directory.resolve("disk");
		ChunkBlockStore first = open(path, SIZE);

		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> open(at(path).takeOver(true)))
			.withMessageContaining("is already served by this JVM");

		first.close();
		open(path, SIZE);
	}

	@Test
	void serverThatReadsSeesWhatTheOtherOneWrites() {
		Path path = this.directory.resolve("disk");
		ChunkBlockStore writer = open(path, SIZE);
		ChunkBlockStore reader = closedAfterwards(open(at(path).readOnly(true)));
		byte[] data = bytes(1, 4096);

		write(writer, 4096, data);

		assertBytes(read(reader, 4096, 4096), data);
		fail(reader.write(0, ByteBuffer.allocate(512)), BlockErrno.EOPNOTSUPP, "read-only");
	}

	@Test
	void filesThatACrashHasLeftUnfinishedAreRemoved() throws Exception {
		Path path = this.directory.resolve("disk");
		try (ChunkBlockStore store = open(path, SIZE)) {
			write(store, 0, bytes(1, 512));
		}
		Path unfinished = Files.writeString(files(path).get(0).resolveSibling("0.7.tmp"), "x");

		open(path, SIZE);

		assertThat(unfinished).doesNotExist();
		assertThat(files(path)).hasSize(1);
	}

	@Test
	void flushMakesDurableWhatTheServerBeforeHasNotFlushed() throws Exception {
		Path path = this.directory.resolve("disk");
		try (ChunkBlockStore died = open(path, SIZE)) {
			write(died, 0, bytes(1, 512));
		}
		ChunkBlockStore store = open(path, SIZE);
		// in place of the directory with the chunk, one that cannot be opened to sync it
		Path group = files(path).get(0).getParent();
		Files.move(group, this.directory.resolve("moved"));
		Files.createSymbolicLink(group, group);

		fail(store.flush(), BlockErrno.EIO, "cannot be flushed: " + group);
	}

	@Test
	void chunkThatHasBeenCutFailsReads() throws Exception {
		Path path = this.directory.resolve("disk");
		ChunkBlockStore store = closedAfterwards(
				open(at(path).size(SIZE).chunkSize(CHUNK).retries(0).timeout(Duration.ofSeconds(5))));
		write(store, 0, bytes(1, CHUNK));
		Files.write(files(path).get(0), new byte[512]);

		fail(store.read(0, ByteBuffer.allocate(4096)), BlockErrno.ENODATA, "512 bytes at 0 instead of 4096");
	}

	@Test
	void chunkThatCannotBeStoredFailsTheWrite() throws Exception {
		Path path = this.directory.resolve("disk");
		ChunkBlockStore store = closedAfterwards(open(at(path).size(SIZE).chunkSize(CHUNK).retries(1)));
		Files.delete(path.resolve("chunks"));
		Files.writeString(path.resolve("chunks"), "not a directory");

		fail(store.write(0, ByteBuffer.wrap(bytes(1, CHUNK))), BlockErrno.EIO,
				"Chunk 0 of the directory " + path + " cannot be changed");
	}

	@Test
	void serverOfAnotherProcessIsRefused() throws Exception {
		Path path = this.directory.resolve("disk");
		open(path, SIZE);

		assertThat(ForkedJvm.run(List.of(), OtherServer.class, path))
			.contains("The directory " + path + " is served by process " + ProcessHandle.current().pid());
	}

	static final class OtherServer {

		private OtherServer() {
		}

		public static void main(String[] arguments) {
			try (ChunkBlockStore store = at(Path.of(arguments[0])).open().block(TIMEOUT)) {
				System.out.println("opened " + store);
			}
			catch (StoreUnavailableException ex) {
				System.out.println(ex.getMessage());
			}
		}

	}

	/** Thousands of puts, each made durable, take their time on a disk. */
	static class QuickDirectory implements TempDirFactory {

		@Override
		public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext extension)
				throws IOException {
			Path memory = Path.of("/dev/shm");
			return Files.isWritable(memory) ? Files.createTempDirectory(memory, "ublk-chunks")
					: Files.createTempDirectory("ublk-chunks");
		}

	}

}
