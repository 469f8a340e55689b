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
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.store.StoreUnavailableException;

/**
 * Decides by the labels of stores which of them are current members of a mirror.
 */
final class MirrorAssembly {

	private static final Logger logger = LoggerFactory.getLogger(MirrorAssembly.class);

	private final List<Found> found;

	private final String name;

	private final @Nullable MirrorLabel latest;

	private final UUID mirror;

	private final long size;

	private MirrorAssembly(List<Found> found, String name, @Nullable MirrorLabel latest, UUID mirror, long size) {
		this.found = found;
		this.name = name;
		this.latest = latest;
		this.mirror = mirror;
		this.size = size;
	}

	/**
	 * Puts members together.
	 * @param found them
	 * @param name what the log calls their mirror
	 */
	static MirrorAssembly of(List<Found> found, String name) {
		MirrorLabel latest = found.stream()
			.map(Found::label)
			.filter(Objects::nonNull)
			.max(Comparator.comparingLong(MirrorLabel::events))
			.orElse(null);
		Found smallest = found.stream().min(Comparator.comparingLong(Found::room)).orElseThrow();
		if (latest == null) {
			return new MirrorAssembly(found, name, null, UUID.randomUUID(), smallest.room());
		}
		requireOneMirror(found, name, latest);
		requireOneHistory(found, latest);
		if (smallest.room() < latest.size()) {
			throw new StoreUnavailableException(
					"The member " + smallest.store() + " has room for " + smallest.room() + " bytes of a mirror of "
							+ latest.size() + ".",
					"If the disk was given a smaller size than the mirror has, make it " + latest.size()
							+ " bytes. Otherwise make the store as large as the other members, "
							+ MirrorBlockStore.DATA_OFFSET + " bytes larger than the mirror.");
		}
		return new MirrorAssembly(found, name, latest, latest.mirror(), latest.size());
	}

	private static void requireOneMirror(List<Found> found, String name, MirrorLabel latest) {
		Set<UUID> members = new HashSet<>();
		for (Found each : found) {
			MirrorLabel label = each.label();
			if (label != null && !label.mirror().equals(latest.mirror())) {
				throw new StoreUnavailableException(
						"The member " + each.store() + " is a member of another mirror than the others.",
						"Take it out, or overwrite its first 8 KiB with zeros to make it a new member.");
			}
			if (label != null && !members.add(label.member())) {
				throw new StoreUnavailableException(
						"The member " + each.store() + " is the same as another member, or a copy.",
						"Take it out, or overwrite its first 8 KiB with zeros to make it a new member.");
			}
		}
		Set<UUID> missing = new HashSet<>(latest.current());
		missing.removeAll(members);
		if (missing.containsAll(latest.current())) {
			throw new StoreUnavailableException("None of the stores " + found.stream().map(Found::store).toList()
					+ " has all that was written to their mirror.", "Add the member that has been left out.");
		}
		if (!missing.isEmpty()) {
			logger.warn("The {} is opened as {} without {} of its current members; if those have been written alone, "
					+ "that is lost", name, found.stream().map(Found::store).toList(), missing.size());
		}
	}

	/**
	 * A member that was the last current one has been told of each that joined it. If it
	 * does not know the current ones, they were made so without it.
	 */
	private static void requireOneHistory(List<Found> found, MirrorLabel latest) {
		for (Found each : found) {
			MirrorLabel label = each.label();
			if (label != null && label.current().equals(Set.of(label.member()))
					&& !latest.current().contains(label.member())) {
				Found other = found.stream().filter((any) -> latest.equals(any.label())).findFirst().orElseThrow();
				throw new StoreUnavailableException(
						"The members " + each.store() + " and " + other.store()
								+ " were both written without the other, so that each has what the other has not.",
						"Decide which of them counts, and overwrite the first 8 KiB of the one to give up with zeros.");
			}
		}
	}

	boolean isNew() {
		return this.latest == null;
	}

	UUID mirror() {
		return this.mirror;
	}

	long events() {
		return (this.latest != null) ? this.latest.events() : 0;
	}

	MirrorMembers members(int regionSize) {
		List<MirrorMember> members = new ArrayList<>();
		boolean first = true;
		for (Found each : this.found) {
			MirrorLabel label = each.label();
			MirrorMember member = new MirrorMember((label != null) ? label.member() : UUID.randomUUID(), each.store());
			String reason = notCurrent(label, first);
			if (reason == null) {
				first = false;
			}
			else {
				boolean fresh = label == null;
				member.state(MemberState.STALE, fresh ? null : reason);
				member.missed().set(0, (int) ((this.size + regionSize - 1) / regionSize));
				logger.atLevel(fresh ? Level.INFO : Level.WARN)
					.log("The member {} of the {} is {}: {}", member, this.name, fresh ? "filled" : "resynced", reason);
			}
			members.add(member);
		}
		return new MirrorMembers(members, this.name, this.size, regionSize);
	}

	private @Nullable String notCurrent(@Nullable MirrorLabel label, boolean first) {
		if (this.latest == null) {
			return first ? null : "the mirror is new";
		}
		if (label == null) {
			return "it is a new member";
		}
		if (!this.latest.current().contains(label.member())) {
			return "it has missed writes before the mirror was opened";
		}
		return (first || this.latest.clean()) ? null : "the mirror was not closed";
	}

	/**
	 * A store and what its first bytes say.
	 *
	 * @param store the store
	 * @param label its latest label, {@code null} if it has none
	 */
	record Found(BlockStore store, @Nullable MirrorLabel label) {

		/**
		 * Looks at a store. File systems begin anywhere in what a new member is to hold
		 * in front of its data, so all of that has to be zeros.
		 */
		static Found of(BlockStore store, ByteBuffer start) {
			MirrorLabel label = MirrorLabel.latest(start);
			if (label == null && start.mismatch(ByteBuffer.allocate(start.capacity())) >= 0) {
				throw new StoreUnavailableException("The member " + store + " holds something else than a mirror.",
						"Use an empty store, or overwrite its first 1 MiB with zeros if nothing on it is needed.");
			}
			return new Found(store, label);
		}

		/** Bytes that it has beside the labels. */
		long room() {
			return this.store.size() - MirrorBlockStore.DATA_OFFSET;
		}

	}

}
