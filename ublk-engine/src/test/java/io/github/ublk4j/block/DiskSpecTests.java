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

package io.github.ublk4j.block;

import java.util.function.Consumer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link DiskSpec}.
 */
class DiskSpecTests {

	private static final String BLOCKS = "Use a power of two from the logical block size (512 bytes) to 256 MiB.";

	private static DiskSpec.Builder disk() {
		return DiskSpec.named("disk").size(1 << 20);
	}

	private static void assertRefused(Consumer<DiskSpec.Builder> change, String attribute, Object value,
			String remedy) {
		DiskSpec.Builder builder = disk();
		change.accept(builder);
		assertThatExceptionOfType(InvalidDiskException.class).isThrownBy(builder::build)
			.withMessage("disk 'disk': " + attribute + " is " + value + ". " + remedy)
			.satisfies((ex) -> {
				assertThat(ex.disk()).isEqualTo("disk");
				assertThat(ex.attribute()).isEqualTo(attribute);
				assertThat(ex.value()).isEqualTo(value.toString());
				assertThat(ex.remedy()).isEqualTo(remedy);
			});
	}

	@Test
	void onlyNameAndSizeAreNeeded() {
		DiskSpec spec = disk().build();

		assertThat(spec.name()).isEqualTo("disk");
		assertThat(spec.size()).isEqualTo(1 << 20);
		assertThat(spec.logicalBlockSize()).isEqualTo(512);
		assertThat(spec.physicalBlockSize()).isEqualTo(4096);
		assertThat(spec.queues()).isEqualTo(1);
		assertThat(spec.queueDepth()).isEqualTo(128);
		assertThat(spec.maxIoSize()).isEqualTo(256 << 10);
		assertThat(spec.ioMin()).isEqualTo(4096);
		assertThat(spec.ioOpt()).isEqualTo(4096);
		assertThat(spec.readOnly()).isFalse();
		assertThat(spec.rotational()).isFalse();
		assertThat(spec.partitionScan()).isTrue();
		assertThat(spec).hasToString("disk 'disk' (1048576 bytes, block 512/4096, 1 x 128 x 262144)");
	}

	@Test
	void everyAttributeIsKept() {
		DiskSpec spec = disk().size(1 << 30)
			.logicalBlockSize(4096)
			.physicalBlockSize(8192)
			.queues(3)
			.queueDepth(64)
			.maxIoSize(1 << 20)
			.ioMin(16384)
			.ioOpt(65536)
			.readOnly(true)
			.rotational(true)
			.partitionScan(false)
			.build();

		assertThat(spec.size()).isEqualTo(1 << 30);
		assertThat(spec.logicalBlockSize()).isEqualTo(4096);
		assertThat(spec.physicalBlockSize()).isEqualTo(8192);
		assertThat(spec.queues()).isEqualTo(3);
		assertThat(spec.queueDepth()).isEqualTo(64);
		assertThat(spec.maxIoSize()).isEqualTo(1 << 20);
		assertThat(spec.ioMin()).isEqualTo(16384);
		assertThat(spec.ioOpt()).isEqualTo(65536);
		assertThat(spec.readOnly()).isTrue();
		assertThat(spec.rotational()).isTrue();
		assertThat(spec.partitionScan()).isFalse();
		assertThat(spec.withSize(1 << 20).partitionScan()).isFalse();
		assertThat(spec).hasToString("disk 'disk' (1073741824 bytes, block 4096/8192, 3 x 64 x 1048576, read-only)");
	}

	@Test
	void preferredSizesFollowThePhysicalBlock() {
		assertThat(disk().physicalBlockSize(512).build().ioMin()).isEqualTo(512);
		assertThat(disk().ioMin(65536).build().ioOpt()).isEqualTo(65536);
	}

	@ParameterizedTest
	@ValueSource(strings = { "a", "0", "Scratch", "a.b_c-d", "disk.img",
			"a234567890123456789012345678901234567890123456789012345678901234" })
	void nameOfAFileIsAccepted(String name) {
		assertThat(DiskSpec.named(name).size(512).build().name()).isEqualTo(name);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "a b", "a/b", ".hidden", "..", "-rf", "_a", "disk\n", "d\u00efsk", "a\u0000",
			"a2345678901234567890123456789012345678901234567890123456789012345" })
	void nameThatCannotBeAFileIsRefused(String name) {
		assertThatExceptionOfType(InvalidDiskException.class).isThrownBy(() -> DiskSpec.named(name).size(512).build())
			.withMessage("disk '" + name + "': name is '" + name
					+ "'. Use up to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit.")
			.satisfies((ex) -> assertThat(ex.attribute()).isEqualTo("name"));
	}

	@ParameterizedTest
	@ValueSource(longs = { 512, 1024, 512 * 3, 1L << 40, Long.MAX_VALUE - 511 })
	void sizeOfWholeBlocksIsAccepted(long size) {
		assertThat(disk().size(size).build().size()).isEqualTo(size);
	}

	@ParameterizedTest
	@ValueSource(longs = { 0, -1, -512, Long.MIN_VALUE })
	void sizeThatIsNotPositiveIsRefused(long size) {
		assertRefused((builder) -> builder.size(size), "size", size,
				"Give the disk a size in bytes, a multiple of its logical block size (512).");
	}

	@Test
	void missingSizeIsRefused() {
		assertThatExceptionOfType(InvalidDiskException.class).isThrownBy(() -> DiskSpec.named("disk").build())
			.withMessageStartingWith("disk 'disk': size is 0. Give the disk a size");
	}

	@Test
	void sizeOfABrokenBlockIsRefusedWithItsNeighbours() {
		assertRefused((builder) -> builder.size(1), "size", 1,
				"Use a multiple of the logical block size (512 bytes); the smallest is 512.");
		assertRefused((builder) -> builder.size(1000), "size", 1000,
				"Use a multiple of the logical block size (512 bytes); the nearest are 512 and 1024.");
		assertRefused((builder) -> builder.size(5120).logicalBlockSize(4096), "size", 5120,
				"Use a multiple of the logical block size (4096 bytes); the nearest are 4096 and 8192.");
		assertRefused((builder) -> builder.size(Long.MAX_VALUE), "size", Long.MAX_VALUE,
				"Use a multiple of the logical block size (512 bytes); the largest is 9223372036854775296.");
	}

	@ParameterizedTest
	@ValueSource(ints = { 512, 1024, 2048, 4096 })
	void logicalBlockUpToAPageIsAccepted(int bytes) {
		assertThat(disk().logicalBlockSize(bytes).build().logicalBlockSize()).isEqualTo(bytes);
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, -512, 256, 513, 1536, 8192, Integer.MIN_VALUE, Integer.MAX_VALUE })
	void otherLogicalBlockIsRefused(int bytes) {
		assertRefused((builder) -> builder.logicalBlockSize(bytes), "logicalBlockSize", bytes,
				"Use 512, 1024, 2048 or 4096 bytes.");
	}

	@ParameterizedTest
	@ValueSource(ints = { 512, 4096, 1 << 20, 256 << 20 })
	void physicalBlockFromTheLogicalOneIsAccepted(int bytes) {
		assertThat(disk().physicalBlockSize(bytes).build().physicalBlockSize()).isEqualTo(bytes);
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, -4096, 256, 4097, 512 << 20, Integer.MIN_VALUE, Integer.MAX_VALUE })
	void otherPhysicalBlockIsRefused(int bytes) {
		assertRefused((builder) -> builder.physicalBlockSize(bytes), "physicalBlockSize", bytes, BLOCKS);
	}

	@Test
	void physicalBlockBelowTheLogicalOneIsRefused() {
		assertRefused((builder) -> builder.logicalBlockSize(4096).physicalBlockSize(2048), "physicalBlockSize", 2048,
				"Use a power of two from the logical block size (4096 bytes) to 256 MiB.");
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 2, 64, 4096 })
	void queuesAreAccepted(int queues) {
		assertThat(disk().queues(queues).build().queues()).isEqualTo(queues);
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, -1, 4097, Integer.MIN_VALUE, Integer.MAX_VALUE })
	void otherNumberOfQueuesIsRefused(int queues) {
		assertRefused((builder) -> builder.queues(queues), "queues", queues,
				"Use 1 to 4096 queues; the kernel caps them at its number of CPUs.");
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 2, 128, 4096 })
	void queueDepthIsAccepted(int depth) {
		assertThat(disk().queueDepth(depth).build().queueDepth()).isEqualTo(depth);
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, -1, 4097, 5000, Integer.MIN_VALUE, Integer.MAX_VALUE })
	void otherQueueDepthIsRefused(int depth) {
		assertRefused((builder) -> builder.queueDepth(depth), "queueDepth", depth,
				"Use 1 to 4096 requests in flight per queue.");
	}

	@ParameterizedTest
	@ValueSource(ints = { 4096, 12288, 1 << 20, 32 << 20 })
	void maxIoSizeOfWholePagesIsAccepted(int bytes) {
		assertThat(disk().maxIoSize(bytes).build().maxIoSize()).isEqualTo(bytes);
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, -4096, 512, 4097, (32 << 20) + 4096, Integer.MIN_VALUE, Integer.MAX_VALUE })
	void otherMaxIoSizeIsRefused(int bytes) {
		assertRefused((builder) -> builder.maxIoSize(bytes), "maxIoSize", bytes,
				"Use a multiple of 4096 bytes from 4096 to 33554432 (32 MiB).");
	}

	@ParameterizedTest
	@CsvSource({ "512,512", "512,1024", "4096,4096", "65536,1048576", "268435456,268435456" })
	void preferredSizesAreAccepted(int ioMin, int ioOpt) {
		DiskSpec spec = disk().ioMin(ioMin).ioOpt(ioOpt).build();

		assertThat(spec.ioMin()).isEqualTo(ioMin);
		assertThat(spec.ioOpt()).isEqualTo(ioOpt);
	}

	@ParameterizedTest
	@ValueSource(ints = { -1, 1, 256, 513, 512 << 20, Integer.MIN_VALUE, Integer.MAX_VALUE })
	void otherPreferredMinimumIsRefused(int bytes) {
		assertRefused((builder) -> builder.ioMin(bytes), "ioMin", bytes, BLOCKS);
	}

	@ParameterizedTest
	@ValueSource(ints = { -1, 1, 2048, 4097, 512 << 20, Integer.MIN_VALUE, Integer.MAX_VALUE })
	void otherPreferredSizeIsRefused(int bytes) {
		assertRefused((builder) -> builder.ioOpt(bytes), "ioOpt", bytes,
				"Use a power of two from ioMin (4096 bytes) to 256 MiB.");
	}

	@Test
	void builderCanBeUsedAgain() {
		DiskSpec.Builder builder = disk();
		DiskSpec first = builder.build();

		builder.queues(2);

		assertThat(first.queues()).isEqualTo(1);
		assertThat(builder.build().queues()).isEqualTo(2);
	}

}
