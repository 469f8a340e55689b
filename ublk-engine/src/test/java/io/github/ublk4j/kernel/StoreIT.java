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

import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.store.FileBlockStore;
import io.github.ublk4j.store.MemoryBlockStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * File systems and checksummed random writes on every store.
 */
@KernelTest
class StoreIT {

	// the smallest that mkfs.xfs accepts, and a little
	private static final long SIZE = 320L << 20;

	@TempDir
	private Path directory;

	@ParameterizedTest(name = "{0} on {1}, {2} queues, {3}")
	@CsvSource({ "ext4, SPARSE_MEMORY, 1, COPY", "ext4, FILE, 2, AUTO", "xfs, SPARSE_MEMORY, 2, USER_COPY",
			"xfs, FILE, 1, COPY", "xfs, FILE, 2, USER_COPY", "xfs, FILE, 2, AUTO",
			"ext4, PRE_TOUCHED_MEMORY, 2, AUTO" })
	void fileSystemKeepsItsFiles(String type, Stores stores, int queues, DataMode mode) {
		Path mount = this.directory.resolve("mount");
		// a source tree that is there wherever this test runs
		Path tree = Path.of("").toAbsolutePath().resolve("src/main/java/io/github/ublk4j/engine");
		try (BlockStore store = stores.open(this.directory); UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec(queues, mode), store).block();
			Shell.run("mkdir " + mount + " && mkfs." + type + " -q " + device.path());
			Shell.run("mount " + device.path() + " " + mount);
			try {
				Shell.run("cp -r " + tree + " " + mount + "/tree && sync");
			}
			finally {
				Shell.run("umount " + mount);
			}
			check(type, device);
			Shell.run("mount " + device.path() + " " + mount);
			try {
				Shell.run("diff -r " + tree + " " + mount + "/tree");
				Shell.run("rm -r " + mount + "/tree && fstrim " + mount);
			}
			finally {
				Shell.run("umount " + mount);
			}
			check(type, device);
			assertThat(device.status().queues()).hasSize(queues)
				.allSatisfy((queue) -> assertThat(queue.errors()).isZero());
		}
	}

	private static void check(String type, UblkDevice device) {
		Shell.run(type.equals("xfs") ? "xfs_repair -n " + device.path() : "fsck.ext4 -fn " + device.path());
	}

	@ParameterizedTest(name = "{0}, {1}")
	@MethodSource("storesAndModes")
	void randomWritesReadBackWithTheirChecksums(Stores stores, DataMode mode) {
		try (BlockStore store = stores.open(this.directory); UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec(2, mode), store).block();
			assertThat(device.status().dataMode()).isEqualTo(mode);
			Fio.verify(device.path(),
					"--bsrange=4k-256k --iodepth=32 --numjobs=2 --size=8m --offset_increment=16m --fallocate=none");
			assertThat(device.status().queues()).extracting(QueueStatus::errors).containsOnly(0L);
		}
	}

	@ParameterizedTest
	@EnumSource(Stores.class)
	void discardedAndZeroedRangesReadAsZeros(Stores stores) {
		try (BlockStore store = stores.open(this.directory); UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec(1), store).block();
			Path path = device.path();
			Shell.run("tr '\\0' x < /dev/zero | dd of=" + path + " bs=1M count=4 iflag=fullblock oflag=direct");
			Shell.run("blkdiscard -o 1M -l 1M " + path);
			Shell.run("blkdiscard -z -o 3M -l 512K " + path);
			// direct, so that the kernel's cache does not answer
			String bytes = "dd if=" + path + " bs=512K iflag=direct count=1 status=none ";
			for (int half = 0; half < 8; half++) {
				boolean zeroed = half == 2 || half == 3 || half == 6;
				assertThat(Shell.run(bytes + "skip=" + half + " | tr -d 'x\\0' | wc -c").strip()).isEqualTo("0");
				assertThat(Shell.run(bytes + "skip=" + half + " | tr -d '\\0' | wc -c").strip())
					.isEqualTo(zeroed ? "0" : "524288");
			}
		}
	}

	@Test
	void zeroingADiskLargerThanTheLargestRequestSucceedsInWholeBlocks() {
		try (BlockStore store = MemoryBlockStore.sparse(5L << 30); UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine
				.start(DiskSpec.named("large").size(5L << 30).logicalBlockSize(4096).build(), store)
				.block();
			Shell.run("blkdiscard -z " + device.path());
			Shell.run("blkdiscard " + device.path());
			assertThat(device.status().queues()).extracting(QueueStatus::errors).containsOnly(0L);
		}
	}

	@Test
	void discardGivesTheSpaceOfAFileBack() {
		try (BlockStore store = Stores.FILE.open(this.directory); UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(spec(1), store).block();
			Shell
				.run("tr '\\0' x < /dev/zero | dd of=" + device.path() + " bs=1M count=8 iflag=fullblock oflag=direct");
			assertThat(allocatedBytes()).isGreaterThanOrEqualTo(8L << 20);
			Shell.run("blkdiscard " + device.path());
			assertThat(allocatedBytes()).isLessThan(1L << 20);
		}
	}

	private long allocatedBytes() {
		return Long.parseLong(Shell.run("stat -c %b " + this.directory.resolve("disk.img")).strip()) * 512;
	}

	@Test
	void flushedFileStoreHoldsTheDataInItsFile() {
		try (BlockStore store = Stores.FILE.open(this.directory)) {
			try (UblkEngine engine = UblkEngine.create()) {
				UblkDevice device = engine.start(spec(1), store).block();
				Shell.run("yes ublk | dd of=" + device.path() + " bs=64K count=4 iflag=fullblock conv=fsync,notrunc");
			}
			Shell.run("cmp -n 262144 " + this.directory.resolve("disk.img") + " <(yes ublk)");
		}
	}

	static Stream<Arguments> storesAndModes() {
		return Arrays.stream(Stores.values())
			.flatMap((stores) -> KernelModes.supported().map((mode) -> Arguments.of(stores, mode)));
	}

	private static DiskSpec spec(int queues) {
		return spec(queues, DataMode.AUTO);
	}

	private static DiskSpec spec(int queues, DataMode mode) {
		return DiskSpec.named("store").size(SIZE).queues(queues).dataMode(mode).build();
	}

	enum Stores {

		SPARSE_MEMORY, PRE_TOUCHED_MEMORY, FILE;

		BlockStore open(Path directory) {
			return switch (this) {
				case SPARSE_MEMORY -> MemoryBlockStore.sparse(SIZE);
				case PRE_TOUCHED_MEMORY -> MemoryBlockStore.preTouched(SIZE);
				case FILE -> FileBlockStore.at(directory.resolve("disk.img")).size(SIZE).open();
			};
		}

	}

}
