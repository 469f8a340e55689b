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

package io.github.ublk4j.kernel;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.layer.ChecksumStore;
import io.github.ublk4j.layer.ForwardingBlockStore;
import io.github.ublk4j.layer.LayerCompositions;
import io.github.ublk4j.layer.ReadOnlyStore;
import io.github.ublk4j.layer.ReadaheadStore;
import io.github.ublk4j.store.FileBlockStore;
import io.github.ublk4j.store.MemoryBlockStore;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.DirectoryChunkVolume;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * A file system and checksummed random writes on every layer, on stacks of layers over a
 * store chosen at random, and on chunks in a directory. Give the seed of a failure with
 * {@code -Dublk.seed}.
 */
@KernelTest
class LayerIT {

	private static final long SIZE = 32L << 20;

	private static final long SEED = Long.getLong("ublk.seed", System.nanoTime());

	@TempDir
	private Path directory;

	/** Those that have nothing to do are tried together. */
	private static final List<String> IDLE = List.of("pause", "error", "stats", "log");

	static Stream<Arguments> layers() {
		Random random = new Random(SEED);
		Stream<Arguments> alone = LayerCompositions.names()
			.stream()
			.filter((name) -> !IDLE.contains(name))
			.map((name) -> arguments(List.of(name), Base.MEMORY));
		Base[] bases = Base.values();
		Stream<Arguments> chosen = Stream
			.generate(() -> arguments(LayerCompositions.choose(random), bases[random.nextInt(bases.length)]))
			.limit(4);
		return Stream.of(alone, Stream.of(arguments(IDLE, Base.MEMORY)), chosen).flatMap((stacks) -> stacks);
	}

	@ParameterizedTest
	@MethodSource("layers")
	void diskKeepsWhatIsWritten(List<String> names, Base base) {
		BlockStore below = base.open(SIZE + LayerCompositions.MARGIN, this.directory);
		try (BlockStore store = LayerCompositions.over(names, below, this.directory)) {
			keepsWhatIsWritten(store, names + " over " + base + ", -Dublk.seed=" + SEED);
		}
	}

	@ParameterizedTest
	@ValueSource(ints = { 4 << 10, 64 << 10 })
	void chunksInADirectoryKeepWhatIsWritten(int chunkSize) {
		Path volume = this.directory.resolve("volume");
		try (ChunkBlockStore store = directory(volume, SIZE, chunkSize)) {
			keepsWhatIsWritten(store, "chunks of " + chunkSize);
		}
		// another server finds what the first one left
		try (ChunkBlockStore store = directory(volume, SIZE, chunkSize); UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(DiskSpec.named("layer").size(SIZE).build(), store).block();
			mounted(device, "-o ro", "diff -r " + tree() + " tree");
		}
	}

	private static ChunkBlockStore directory(Path volume, long size, int chunkSize) {
		return ChunkBlockStore.of(DirectoryChunkVolume.at(volume))
			.size(size)
			.chunkSize(chunkSize)
			.open()
			.block(Duration.ofSeconds(30));
	}

	private void keepsWhatIsWritten(BlockStore store, String what) {
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(DiskSpec.named("layer").size(SIZE).queues(2).build(), store).block();
			Fio.verify(device.path(), "--bsrange=4k-64k --iodepth=16 --size=2m --offset=8m --fsync=64");
			Shell.run("mkfs.ext4 -q -F " + device.path());
			mounted(device, "", "cp -r " + tree() + " gone && cp -r gone tree && sync && rm -r gone && fstrim .");
			Shell.run("fsck.ext4 -fn " + device.path());
			mounted(device, "-o ro", "diff -r " + tree() + " tree");
			assertThat(device.status().queues()).as(what).extracting(QueueStatus::errors).containsOnly(0L);
		}
		catch (AssertionError ex) {
			throw new AssertionError(what + ": " + ex.getMessage(), ex);
		}
	}

	/** A tree of files that is there wherever this test runs. */
	private static Path tree() {
		return Path.of("").toAbsolutePath().resolve("src/test/java/io/github/ublk4j/kernel");
	}

	private void mounted(UblkDevice device, String options, String command) {
		Path mount = this.directory.resolve("mount");
		Shell.run("mkdir -p " + mount + " && mount " + options + " " + device.path() + " " + mount);
		try {
			Shell.run("cd " + mount + " && " + command);
		}
		finally {
			Shell.run("umount " + mount);
		}
	}

	@Test
	void readOnlyLayerServesWhatIsThereAndNothingElse() {
		try (MemoryBlockStore memory = MemoryBlockStore.sparse(SIZE); UblkEngine engine = UblkEngine.create()) {
			DiskSpec.Builder spec = DiskSpec.named("layer").size(SIZE);
			UblkDevice writable = engine.start(spec.build(), kept(memory)).block();
			Shell.run("mkfs.ext4 -q " + writable.path());
			mounted(writable, "", "echo data > file");
			writable.stop().block();
			UblkDevice device = engine.start(spec.readOnly(true).build(), new ReadOnlyStore(kept(memory))).block();
			mounted(device, "-o ro", "grep data file");
			assertThat(Shell.tryRun("dd if=/dev/zero of=" + device.path() + " bs=4k count=1 oflag=direct").status())
				.isNotZero();
		}
	}

	private static BlockStore kept(BlockStore store) {
		return new ForwardingBlockStore(store) {

			@Override
			public void close() {
				// by the test
			}

		};
	}

	@Test
	void corruptionReachesTheReaderAsAnErrorAndNoData() {
		try (MemoryBlockStore memory = MemoryBlockStore.sparse(SIZE); UblkEngine engine = UblkEngine.create()) {
			ChecksumStore store = new ChecksumStore(kept(memory), "layer", 4096);
			DiskSpec spec = DiskSpec.named("layer").size(SIZE).logicalBlockSize(4096).build();
			UblkDevice device = engine.start(spec, store).block();
			Shell.run("yes data | dd of=" + device.path() + " bs=64k count=8 iflag=fullblock oflag=direct");
			memory.write(5 * 4096 + 17, ByteBuffer.wrap(new byte[] { 1 })).block();
			String read = "dd if=" + device.path() + " of=/dev/null iflag=direct bs=4k count=1 skip=";
			assertThat(Shell.tryRun(read + "5").status()).isNotZero();
			assertThat(Shell.tryRun(read + "4").status()).isZero();
			assertThat(store.mismatches()).isPositive();
			Shell.run("yes mended | dd of=" + device.path() + " bs=4k count=1 seek=5 iflag=fullblock oflag=direct");
			assertThat(Shell.tryRun(read + "5").status()).isZero();
		}
	}

	@Test
	void sequentialReadsAreServedFromWhatWasReadAhead() {
		try (MemoryBlockStore memory = MemoryBlockStore.sparse(SIZE); UblkEngine engine = UblkEngine.create()) {
			ReadaheadStore store = new ReadaheadStore(kept(memory), 1 << 20, 4 << 20, 128 << 10);
			UblkDevice device = engine.start(DiskSpec.named("layer").size(SIZE).build(), store).block();
			Shell.run("dd if=" + device.path() + " of=/dev/null iflag=direct bs=128k");
			assertThat(store.usedBytes()).isGreaterThan(SIZE * 9 / 10);
			assertThat(store.heldBytes()).isLessThanOrEqualTo(4 << 20);
		}
	}

	/**
	 * What is below all layers.
	 */
	enum Base {

		MEMORY {

			@Override
			BlockStore open(long size, Path directory) {
				return MemoryBlockStore.sparse(size);
			}

		},

		FILE {

			@Override
			BlockStore open(long size, Path directory) {
				return FileBlockStore.at(directory.resolve("base.img")).size(size).open();
			}

		},

		CHUNKS {

			@Override
			BlockStore open(long size, Path directory) {
				return LayerIT.directory(directory.resolve("base"), size, 64 << 10);
			}

		};

		abstract BlockStore open(long size, Path directory);

	}

}
