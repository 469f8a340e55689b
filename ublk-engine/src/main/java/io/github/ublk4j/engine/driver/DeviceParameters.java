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

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.driver.UblkLayout.ParamBasic;
import io.github.ublk4j.engine.driver.UblkLayout.ParamDiscard;
import io.github.ublk4j.engine.driver.UblkLayout.ParamDmaAlign;
import io.github.ublk4j.engine.driver.UblkLayout.ParamSegment;
import io.github.ublk4j.engine.driver.UblkLayout.Params;
import io.github.ublk4j.engine.linux.LinuxPlatform;

/**
 * Tells the driver what a disk can do, {@code struct ublk_params}.
 */
final class DeviceParameters {

	static final int SECTOR_SHIFT = 9;

	private static final int TYPE_BASIC = 1;

	private static final int TYPE_DISCARD = 1 << 1;

	private static final int TYPE_DMA_ALIGN = 1 << 4;

	private static final int TYPE_SEGMENT = 1 << 5;

	// BLK_MAX_SEGMENTS
	private static final int DEFAULT_SEGMENTS = 128;

	// BLK_SEG_BOUNDARY_MASK and BLK_MAX_SEGMENT_SIZE
	private static final long SEGMENT_BOUNDARY_MASK = 0xffffffffL;

	private static final int MAX_SEGMENT_SIZE = 64 << 10;

	private static final int ATTR_READ_ONLY = 1;

	private static final int ATTR_ROTATIONAL = 1 << 1;

	private static final int ATTR_VOLATILE_CACHE = 1 << 2;

	private static final int ATTR_FUA = 1 << 3;

	// A length in bytes fits an int. The kernel cuts a range into pieces of this size,
	// which
	// must be whole blocks of any size
	private static final int MAX_RANGE_SECTORS = (Integer.MAX_VALUE & -LinuxPlatform.PAGE_SIZE) >> SECTOR_SHIFT;

	private DeviceParameters() {
	}

	static ByteBuffer encode(DiskSpec spec, Set<BlockOperation> operations, DeviceInfo granted) {
		ByteBuffer params = ByteBuffer.allocateDirect(Params.SIZE).order(ByteOrder.nativeOrder());
		params.putInt(Params.LEN, Params.SIZE);
		int types = TYPE_BASIC;
		int attributes = spec.readOnly() ? ATTR_READ_ONLY : 0;
		if (spec.rotational()) {
			attributes |= ATTR_ROTATIONAL;
		}
		if (operations.contains(BlockOperation.FLUSH)) {
			attributes |= ATTR_VOLATILE_CACHE | ATTR_FUA;
		}
		int basic = Params.BASIC;
		params.putInt(basic + ParamBasic.ATTRS, attributes);
		params.put(basic + ParamBasic.LOGICAL_BS_SHIFT, shift(spec.logicalBlockSize()));
		params.put(basic + ParamBasic.PHYSICAL_BS_SHIFT, shift(spec.physicalBlockSize()));
		params.put(basic + ParamBasic.IO_OPT_SHIFT, shift(spec.ioOpt()));
		params.put(basic + ParamBasic.IO_MIN_SHIFT, shift(spec.ioMin()));
		params.putInt(basic + ParamBasic.MAX_SECTORS, granted.maxIoSize() >> SECTOR_SHIFT);
		params.putLong(basic + ParamBasic.DEV_SECTORS, spec.size() >> SECTOR_SHIFT);
		boolean discard = operations.contains(BlockOperation.DISCARD);
		boolean writeZeroes = operations.contains(BlockOperation.WRITE_ZEROES);
		if (discard || writeZeroes) {
			types |= TYPE_DISCARD;
			int group = Params.DISCARD;
			// the driver wants a granularity even for write zeroes alone
			params.putInt(group + ParamDiscard.DISCARD_GRANULARITY, spec.logicalBlockSize());
			if (discard) {
				params.putInt(group + ParamDiscard.MAX_DISCARD_SECTORS, MAX_RANGE_SECTORS);
				params.putShort(group + ParamDiscard.MAX_DISCARD_SEGMENTS, (short) 1);
			}
			if (writeZeroes) {
				params.putInt(group + ParamDiscard.MAX_WRITE_ZEROES_SECTORS, MAX_RANGE_SECTORS);
			}
		}
		if (UblkFeature.SUPPORT_ZERO_COPY.in(granted.flags())) {
			// Request memory goes to files with direct I/O as it is
			types |= TYPE_DMA_ALIGN;
			params.putInt(Params.DMA + ParamDmaAlign.ALIGNMENT, spec.logicalBlockSize() - 1);
		}
		if (granted.maxIoSize() > DEFAULT_SEGMENTS * LinuxPlatform.PAGE_SIZE) {
			// Otherwise the kernel cuts requests whose pages are scattered
			types |= TYPE_SEGMENT;
			params.putLong(Params.SEG + ParamSegment.SEG_BOUNDARY_MASK, SEGMENT_BOUNDARY_MASK);
			params.putInt(Params.SEG + ParamSegment.MAX_SEGMENT_SIZE, MAX_SEGMENT_SIZE);
			params.putShort(Params.SEG + ParamSegment.MAX_SEGMENTS,
					(short) (granted.maxIoSize() / LinuxPlatform.PAGE_SIZE + 1));
		}
		params.putInt(Params.TYPES, types);
		return params;
	}

	/**
	 * Returns the capacity that parameters tell, in bytes.
	 */
	static long size(ByteBuffer params) {
		return params.getLong(Params.BASIC + ParamBasic.DEV_SECTORS) << SECTOR_SHIFT;
	}

	/**
	 * Compares the parameters of a device with those of a disk.
	 * @return a sentence for each difference
	 */
	static List<String> differences(ByteBuffer wanted, ByteBuffer actual) {
		Differences found = new Differences();
		int basic = Params.BASIC;
		compare(found, "size in bytes", wanted, actual,
				(params) -> power(params.getLong(basic + ParamBasic.DEV_SECTORS), (byte) SECTOR_SHIFT));
		compare(found, "logical block size", wanted, actual,
				(params) -> power(1, params.get(basic + ParamBasic.LOGICAL_BS_SHIFT)));
		compare(found, "physical block size", wanted, actual,
				(params) -> power(1, params.get(basic + ParamBasic.PHYSICAL_BS_SHIFT)));
		compare(found, "io-min", wanted, actual, (params) -> power(1, params.get(basic + ParamBasic.IO_MIN_SHIFT)));
		compare(found, "io-opt", wanted, actual, (params) -> power(1, params.get(basic + ParamBasic.IO_OPT_SHIFT)));
		compare(found, "largest request in sectors", wanted, actual,
				(params) -> params.getInt(basic + ParamBasic.MAX_SECTORS));
		compareAttribute(found, "read-only", wanted, actual, ATTR_READ_ONLY);
		compareAttribute(found, "rotational", wanted, actual, ATTR_ROTATIONAL);
		compareAttribute(found, "supports flush", wanted, actual, ATTR_VOLATILE_CACHE);
		found.requireAbility("supports discard", discards(actual), discards(wanted));
		found.requireAbility("supports write zeroes", writesZeroes(actual), writesZeroes(wanted));
		return found.asList();
	}

	// of any size: what a driver should not say must not look like what it should
	private static BigInteger power(long factor, byte shift) {
		return new BigInteger(Long.toUnsignedString(factor)).shiftLeft(Byte.toUnsignedInt(shift));
	}

	private static void compareAttribute(Differences found, String name, ByteBuffer wanted, ByteBuffer actual,
			int attribute) {
		compare(found, name, wanted, actual,
				(params) -> (params.getInt(Params.BASIC + ParamBasic.ATTRS) & attribute) != 0);
	}

	private static void compare(Differences found, String name, ByteBuffer wanted, ByteBuffer actual,
			Function<ByteBuffer, Object> value) {
		found.compare(name, value.apply(actual), value.apply(wanted));
	}

	private static boolean discards(ByteBuffer params) {
		return hasDiscardGroup(params) && params.getInt(Params.DISCARD + ParamDiscard.MAX_DISCARD_SECTORS) != 0;
	}

	private static boolean writesZeroes(ByteBuffer params) {
		return hasDiscardGroup(params) && params.getInt(Params.DISCARD + ParamDiscard.MAX_WRITE_ZEROES_SECTORS) != 0;
	}

	private static boolean hasDiscardGroup(ByteBuffer params) {
		return (params.getInt(Params.TYPES) & TYPE_DISCARD) != 0;
	}

	private static byte shift(int powerOfTwo) {
		return (byte) Integer.numberOfTrailingZeros(powerOfTwo);
	}

}
