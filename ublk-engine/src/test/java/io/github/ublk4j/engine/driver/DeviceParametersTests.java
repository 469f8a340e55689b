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

package io.github.ublk4j.engine.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.Set;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.driver.UblkLayout.ParamBasic;
import io.github.ublk4j.engine.driver.UblkLayout.ParamDiscard;
import io.github.ublk4j.engine.driver.UblkLayout.ParamDmaAlign;
import io.github.ublk4j.engine.driver.UblkLayout.ParamSegment;
import io.github.ublk4j.engine.driver.UblkLayout.Params;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DeviceParameters}.
 */
class DeviceParametersTests {

	private static final Set<BlockOperation> READ_WRITE = EnumSet.of(BlockOperation.READ, BlockOperation.WRITE);

	private static final int READ_ONLY = 1;

	private static final int ROTATIONAL = 2;

	private static final int VOLATILE_CACHE = 4;

	private static final int FUA = 8;

	@Test
	void structureIsWholeAndItsLengthIsInIt() {
		ByteBuffer params = DeviceParameters.encode(disk().build(), READ_WRITE, granted(65536, 0));
		assertThat(params.capacity()).isEqualTo(Params.SIZE);
		assertThat(params.isDirect()).isTrue();
		assertThat(params.order()).isEqualTo(ByteOrder.nativeOrder());
		assertThat(params.getInt(Params.LEN)).isEqualTo(Params.SIZE);
	}

	@Test
	void geometryIsInSectorsAndPowersOfTwo() {
		DiskSpec spec = disk().size(3L << 40)
			.logicalBlockSize(1024)
			.physicalBlockSize(8192)
			.ioMin(16384)
			.ioOpt(1 << 20)
			.maxIoSize(1 << 20)
			.build();
		ByteBuffer params = DeviceParameters.encode(spec, READ_WRITE, granted(512 << 10, 0));
		assertThat(basic(params, ParamBasic.LOGICAL_BS_SHIFT)).isEqualTo(10);
		assertThat(basic(params, ParamBasic.PHYSICAL_BS_SHIFT)).isEqualTo(13);
		assertThat(basic(params, ParamBasic.IO_MIN_SHIFT)).isEqualTo(14);
		assertThat(basic(params, ParamBasic.IO_OPT_SHIFT)).isEqualTo(20);
		assertThat(params.getLong(Params.BASIC + ParamBasic.DEV_SECTORS)).isEqualTo((3L << 40) / 512);
		assertThat(params.getInt(Params.BASIC + ParamBasic.MAX_SECTORS)).as("what the driver granted").isEqualTo(1024);
		assertThat(params.getInt(Params.BASIC + ParamBasic.CHUNK_SECTORS)).isZero();
		assertThat(params.getLong(Params.BASIC + ParamBasic.VIRT_BOUNDARY_MASK)).isZero();
	}

	@Test
	void largestBlocksAreThoseThatTheDriverAccepts() {
		DiskSpec spec = disk().logicalBlockSize(4096).physicalBlockSize(256 << 20).build();
		ByteBuffer params = DeviceParameters.encode(spec, READ_WRITE, granted(65536, 0));
		assertThat(basic(params, ParamBasic.LOGICAL_BS_SHIFT)).isEqualTo(12);
		assertThat(basic(params, ParamBasic.PHYSICAL_BS_SHIFT)).isEqualTo(28);
		assertThat(basic(params, ParamBasic.IO_MIN_SHIFT)).isEqualTo(28);
		assertThat(basic(params, ParamBasic.IO_OPT_SHIFT)).isEqualTo(28);
	}

	@ParameterizedTest
	@CsvSource({ "false,false,0", "true,false," + READ_ONLY, "false,true," + ROTATIONAL,
			"true,true," + (READ_ONLY | ROTATIONAL) })
	void readOnlyAndRotationalAreAttributes(boolean readOnly, boolean rotational, int expected) {
		DiskSpec spec = disk().readOnly(readOnly).rotational(rotational).build();
		assertThat(attributes(DeviceParameters.encode(spec, READ_WRITE, granted(65536, 0)))).isEqualTo(expected);
	}

	@Test
	void diskWithFlushHasAVolatileCacheAndFua() {
		assertThat(attributes(encode(BlockOperation.FLUSH))).isEqualTo(VOLATILE_CACHE | FUA);
	}

	@ParameterizedTest
	@ValueSource(strings = { "DISCARD", "WRITE_ZEROES", "WRITE" })
	void diskWithoutFlushHasNeitherCacheNorFua(BlockOperation other) {
		assertThat(attributes(encode(other))).isZero();
	}

	@Test
	void diskThatOnlyReadsAndWritesHasOnlyTheBasicGroup() {
		ByteBuffer params = DeviceParameters.encode(disk().build(), READ_WRITE, granted(65536, 0));
		assertThat(params.getInt(Params.TYPES)).isEqualTo(1);
		for (int i = Params.DISCARD; i < Params.SIZE; i++) {
			assertThat(params.get(i)).isZero();
		}
	}

	@Test
	void discardHasOneSegmentAndTheGranularityOfABlock() {
		ByteBuffer params = encode(BlockOperation.DISCARD);
		assertThat(params.getInt(Params.TYPES)).isEqualTo(3);
		assertThat(discard(params, ParamDiscard.DISCARD_GRANULARITY)).isEqualTo(512);
		assertThat(discard(params, ParamDiscard.DISCARD_ALIGNMENT)).isZero();
		assertThat(discard(params, ParamDiscard.MAX_DISCARD_SECTORS)).isPositive();
		assertThat(params.getShort(Params.DISCARD + ParamDiscard.MAX_DISCARD_SEGMENTS)).isEqualTo((short) 1);
		assertThat(discard(params, ParamDiscard.MAX_WRITE_ZEROES_SECTORS)).isZero();
	}

	@Test
	void writeZeroesAloneStillNamesAGranularity() {
		ByteBuffer params = encode(BlockOperation.WRITE_ZEROES);
		assertThat(params.getInt(Params.TYPES)).isEqualTo(3);
		assertThat(discard(params, ParamDiscard.DISCARD_GRANULARITY)).isEqualTo(512);
		assertThat(discard(params, ParamDiscard.MAX_WRITE_ZEROES_SECTORS)).isPositive();
		assertThat(discard(params, ParamDiscard.MAX_DISCARD_SECTORS)).isZero();
		assertThat(params.getShort(Params.DISCARD + ParamDiscard.MAX_DISCARD_SEGMENTS)).isZero();
	}

	@Test
	void longestRangeFitsAnIntAndIsWholeBlocksOfAnySize() {
		ByteBuffer params = encode(BlockOperation.DISCARD, BlockOperation.WRITE_ZEROES);
		for (int field : new int[] { ParamDiscard.MAX_DISCARD_SECTORS, ParamDiscard.MAX_WRITE_ZEROES_SECTORS }) {
			long bytes = discard(params, field) * 512L;
			assertThat(bytes).isBetween(1L << 30, (long) Integer.MAX_VALUE);
			assertThat(bytes % 4096).isZero();
		}
	}

	@Test
	void zeroCopyAsksForRequestMemoryAlignedToBlocks() {
		DiskSpec spec = disk().logicalBlockSize(1024).build();
		ByteBuffer params = DeviceParameters.encode(spec, READ_WRITE,
				granted(65536, UblkFeature.SUPPORT_ZERO_COPY.mask()));
		assertThat(params.getInt(Params.TYPES)).isEqualTo(0b10001);
		assertThat(params.getInt(Params.DMA + ParamDmaAlign.ALIGNMENT)).isEqualTo(1023);
	}

	@Test
	void largeRequestsOfScatteredPagesAreNotCut() {
		ByteBuffer params = DeviceParameters.encode(disk().build(), READ_WRITE, granted(32 << 20, 0));
		assertThat(params.getInt(Params.TYPES)).isEqualTo(0b100001);
		assertThat(Short.toUnsignedInt(params.getShort(Params.SEG + ParamSegment.MAX_SEGMENTS)))
			.isGreaterThanOrEqualTo(8192);
		assertThat(params.getInt(Params.SEG + ParamSegment.MAX_SEGMENT_SIZE)).isGreaterThanOrEqualTo(4096);
		assertThat(params.getLong(Params.SEG + ParamSegment.SEG_BOUNDARY_MASK)).isEqualTo(0xffffffffL);
	}

	private static ByteBuffer encode(BlockOperation first, BlockOperation... others) {
		EnumSet<BlockOperation> operations = EnumSet.of(first, others);
		operations.addAll(READ_WRITE);
		return DeviceParameters.encode(disk().build(), operations, granted(65536, 0));
	}

	private static DeviceInfo granted(int maxIoSize, long flags) {
		return DeviceInfo.request(1, 128, maxIoSize, flags, 0);
	}

	private static DiskSpec.Builder disk() {
		return DiskSpec.named("test").size(1 << 20);
	}

	private static int attributes(ByteBuffer params) {
		return params.getInt(Params.BASIC + ParamBasic.ATTRS);
	}

	private static int basic(ByteBuffer params, int field) {
		return params.get(Params.BASIC + field);
	}

	private static int discard(ByteBuffer params, int field) {
		return params.getInt(Params.DISCARD + field);
	}

}
