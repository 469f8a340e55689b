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

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;

import io.github.ublk4j.block.Recovery;

/**
 * The feature flags of the driver and of a device ({@code UBLK_F_*}).
 */
public enum UblkFeature {

	/** Request pages can be registered as fixed buffers of a ring; Linux 6.15. */
	SUPPORT_ZERO_COPY(0),

	/** Requests are delivered by task work. */
	URING_CMD_COMP_IN_TASK(1),

	/** Write data is fetched by a second command. */
	NEED_GET_DATA(2),

	/** The device survives its server. */
	USER_RECOVERY(3),

	/** Requests in flight are issued again after recovery. */
	USER_RECOVERY_REISSUE(4),

	/** The device belongs to an ordinary user. */
	UNPRIVILEGED_DEV(5),

	/** Commands are encoded like ioctls; the engine requires it. */
	CMD_IOCTL_ENCODE(6),

	/** The server moves data by reading and writing the character device. */
	USER_COPY(7),

	/** The device has zones. */
	ZONED(8),

	/** Requests fail while there is no server. */
	USER_RECOVERY_FAIL_IO(9),

	/** The capacity can be changed. */
	UPDATE_SIZE(10),

	/** Request pages are registered as fixed buffers before delivery. */
	AUTO_BUF_REG(11),

	/** The device can be detached from a live server. */
	QUIESCE(12),

	/** Each tag may be served by a thread of its own. */
	PER_IO_DAEMON(13),

	/** Any thread may register request pages. */
	BUF_REG_OFF_DAEMON(14),

	/** Tags are fetched and committed in batches. */
	BATCH_IO(15),

	/** Requests carry protection information. */
	INTEGRITY(16),

	/** TRY_STOP_DEV refuses while the disk is open. */
	SAFE_STOP_DEV(17),

	/** Partitions are not scanned at start; Linux 7.0. */
	NO_AUTO_PART_SCAN(18),

	/** Shared memory can be registered for zero copy. */
	SHMEM_ZC(19),

	/** The size of a request descriptor can be chosen. */
	IO_DESC_SIZE(20);

	private final int bit;

	UblkFeature(int bit) {
		this.bit = bit;
	}

	/**
	 * Returns the flag as the driver knows it.
	 * @return a mask with one bit
	 */
	public long mask() {
		return 1L << this.bit;
	}

	/**
	 * Returns whether a set of flags contains this one.
	 * @param flags flags of the driver
	 * @return whether the bit is set
	 */
	public boolean in(long flags) {
		return (flags & mask()) != 0;
	}

	/**
	 * Returns which flags ask for a kind of recovery.
	 * @param recovery what becomes of a disk whose server dies
	 * @return the masks, 0 for {@link Recovery#NONE}
	 */
	public static long maskOf(Recovery recovery) {
		return switch (recovery) {
			case NONE -> 0;
			case QUEUE -> USER_RECOVERY.mask();
			case REISSUE -> USER_RECOVERY.mask() | USER_RECOVERY_REISSUE.mask();
			case FAIL_IO -> USER_RECOVERY.mask() | USER_RECOVERY_FAIL_IO.mask();
		};
	}

	/**
	 * Returns which kind of recovery a device has.
	 * @param flags flags of the device
	 * @return what becomes of it when its server dies
	 */
	public static Recovery recovery(long flags) {
		if (!USER_RECOVERY.in(flags)) {
			return Recovery.NONE;
		}
		if (USER_RECOVERY_REISSUE.in(flags)) {
			return Recovery.REISSUE;
		}
		return USER_RECOVERY_FAIL_IO.in(flags) ? Recovery.FAIL_IO : Recovery.QUEUE;
	}

	/**
	 * Names the flags that are set.
	 * @param flags flags of the driver
	 * @return their names in alphabetical order; a flag that this version does not know
	 * is {@code BIT_n}
	 */
	public static Set<String> names(long flags) {
		Set<String> names = new TreeSet<>();
		long unknown = flags;
		for (UblkFeature feature : EnumSet.allOf(UblkFeature.class)) {
			if (feature.in(flags)) {
				names.add(feature.name());
				unknown &= ~feature.mask();
			}
		}
		for (int bit = 0; bit < Long.SIZE; bit++) {
			if ((unknown & 1L << bit) != 0) {
				names.add("BIT_" + bit);
			}
		}
		return Collections.unmodifiableSet(names);
	}

}
