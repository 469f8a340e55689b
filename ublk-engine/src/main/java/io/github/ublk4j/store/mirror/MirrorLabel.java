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

package io.github.ublk4j.store.mirror;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.zip.CRC32C;

import org.jspecify.annotations.Nullable;

/**
 * What is written at the start of each member: which members had everything when it was
 * written.
 *
 * @param mirror the mirror
 * @param member the member that it is written on
 * @param size what the mirror holds, in bytes
 * @param events counts the labels of the mirror; the largest is the latest
 * @param clean whether the mirror was closed after it, so that all current members are
 * equal
 * @param current the members that have everything
 */
record MirrorLabel(UUID mirror, UUID member, long size, long events, boolean clean, Set<UUID> current) {

	/** Bytes of a label, the largest logical block. */
	static final int LENGTH = 4096;

	/** A label goes where the one before is not, so that one of them is always whole. */
	static final int SLOTS = 2;

	// "ublkmirr"
	private static final long MAGIC = 0x75626c6b6d697272L;

	private static final int VERSION = 1;

	private static final int CHECKSUM_AT = LENGTH - Integer.BYTES;

	MirrorLabel {
		current = Set.copyOf(current);
	}

	long offset() {
		return this.events % SLOTS * LENGTH;
	}

	ByteBuffer encode() {
		ByteBuffer block = ByteBuffer.allocate(LENGTH);
		block.putLong(MAGIC).putInt(VERSION);
		put(block, this.mirror);
		put(block, this.member);
		block.putLong(this.size).putLong(this.events).putInt(this.clean ? 1 : 0).putInt(this.current.size());
		this.current.stream().sorted().forEach((id) -> put(block, id));
		block.putInt(CHECKSUM_AT, checksum(block));
		return block.rewind();
	}

	/**
	 * Finds the latest label in all slots, which follow each other.
	 * @return the label, {@code null} if there is none
	 */
	static @Nullable MirrorLabel latest(ByteBuffer slots) {
		MirrorLabel latest = null;
		for (int slot = 0; slot < SLOTS; slot++) {
			MirrorLabel label = decode(slots.slice(slot * LENGTH, LENGTH));
			if (label != null && (latest == null || label.events > latest.events)) {
				latest = label;
			}
		}
		return latest;
	}

	private static @Nullable MirrorLabel decode(ByteBuffer block) {
		if (block.getLong() != MAGIC || block.getInt() != VERSION || block.getInt(CHECKSUM_AT) != checksum(block)) {
			return null;
		}
		UUID mirror = uuid(block);
		UUID member = uuid(block);
		long size = block.getLong();
		long events = block.getLong();
		boolean clean = block.getInt() == 1;
		List<UUID> current = new ArrayList<>();
		for (int left = block.getInt(); left > 0; left--) {
			current.add(uuid(block));
		}
		return new MirrorLabel(mirror, member, size, events, clean, Set.copyOf(current));
	}

	private static int checksum(ByteBuffer block) {
		CRC32C checksum = new CRC32C();
		checksum.update(block.slice(0, CHECKSUM_AT));
		return (int) checksum.getValue();
	}

	private static void put(ByteBuffer block, UUID id) {
		block.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
	}

	private static UUID uuid(ByteBuffer block) {
		return new UUID(block.getLong(), block.getLong());
	}

}
