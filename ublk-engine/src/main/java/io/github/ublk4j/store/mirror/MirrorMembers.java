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

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockOperation;

/**
 * Which members of a mirror have everything, and what the others have missed.
 * <p>
 * The last current member stays current whatever it fails: there is nothing better.
 */
final class MirrorMembers {

	private static final Logger logger = LoggerFactory.getLogger(MirrorMembers.class);

	private final List<MirrorMember> all;

	private final String name;

	private final long size;

	private final int regionSize;

	/**
	 * Those that a server would take to be current if this one died now. Nothing that one
	 * of them has missed may be acknowledged.
	 */
	private final Set<MirrorMember> recorded = new HashSet<>();

	private final Set<Change> changes = Collections.newSetFromMap(new IdentityHashMap<>());

	private int turn;

	/**
	 * Creates members.
	 * @param all them
	 * @param name what the log calls their mirror
	 * @param size bytes of the mirror
	 * @param regionSize bytes that are copied at once
	 */
	MirrorMembers(List<MirrorMember> all, String name, long size, int regionSize) {
		this.all = List.copyOf(all);
		this.name = name;
		this.size = size;
		this.regionSize = regionSize;
	}

	List<MirrorMember> all() {
		return this.all;
	}

	long size() {
		return this.size;
	}

	int regionSize() {
		return this.regionSize;
	}

	private List<MirrorMember> in(MemberState state) {
		return this.all.stream().filter((member) -> member.state() == state).toList();
	}

	synchronized List<MirrorMember> current() {
		return in(MemberState.CURRENT);
	}

	synchronized List<MirrorMember> stale() {
		return in(MemberState.STALE);
	}

	synchronized List<MemberStatus> status() {
		return this.all.stream()
			.map((member) -> new MemberStatus(member.toString(), member.state(),
					(long) member.missed().cardinality() * this.regionSize, member.since(), member.failure()))
			.toList();
	}

	/**
	 * Chooses whom to read from: the current member with the fewest reads under way.
	 * @param tried those that have failed this read
	 * @return the member, {@code null} if there is no other
	 */
	synchronized @Nullable MirrorMember beginRead(Collection<MirrorMember> tried) {
		List<MirrorMember> candidates = new ArrayList<>(in(MemberState.CURRENT));
		candidates.removeAll(tried);
		if (candidates.isEmpty()) {
			return null;
		}
		this.turn++;
		Collections.rotate(candidates, this.turn);
		MirrorMember chosen = candidates.stream().min(Comparator.comparingInt(MirrorMember::reads)).orElseThrow();
		chosen.addReads(1);
		return chosen;
	}

	synchronized void endRead(MirrorMember member) {
		member.addReads(-1);
	}

	/**
	 * Begins a change. Members that are stale have missed it from now on.
	 * @return it, with those whom to send it to
	 */
	synchronized Change beginChange(long offset, long length) {
		int from = firstRegion(offset);
		int to = regionAfter(offset, length);
		Change change = new Change(from, to, reachable());
		for (MirrorMember member : this.all) {
			if (member.state() == MemberState.STALE) {
				member.missed().set(from, to);
			}
			else if (member.supports(BlockOperation.FLUSH)) {
				member.unflushed().add(from, to);
			}
		}
		this.changes.add(change);
		return change;
	}

	/**
	 * Ends a change.
	 * @return whether a current member has it
	 */
	synchronized boolean endChange(Change change, Map<MirrorMember, Throwable> failures) {
		this.changes.remove(change);
		failures.forEach(this::fail);
		boolean stored = change.targets()
			.stream()
			.anyMatch((member) -> member.state() == MemberState.CURRENT && !failures.containsKey(member));
		for (MirrorMember member : change.targets()) {
			// what has failed on the last current member is anything there
			if (member.state() != MemberState.CURRENT && (!stored || failures.containsKey(member))) {
				member.missed().set(change.from(), change.to());
			}
		}
		return stored;
	}

	/**
	 * Flushes a member, so that it has the changes that have ended whatever happens to
	 * it.
	 */
	Mono<Void> flush(MirrorMember member) {
		return Mono.defer(() -> {
			BitSet covered = beginFlush(member);
			return member.flush()
				.doOnSuccess((nothing) -> endFlush(member, covered, true))
				.doOnError((failure) -> endFlush(member, covered, false))
				.doOnCancel(() -> endFlush(member, covered, false));
		});
	}

	private synchronized BitSet beginFlush(MirrorMember member) {
		BitSet underWay = new BitSet();
		this.changes.forEach((change) -> underWay.set(change.from(), change.to()));
		return member.unflushed().beginFlush(underWay);
	}

	private synchronized void endFlush(MirrorMember member, BitSet covered, boolean durable) {
		member.unflushed().endFlush(covered, durable);
	}

	/**
	 * Goes on without a member, unless it is the last current one.
	 */
	synchronized void fail(MirrorMember member, Throwable failure) {
		boolean last = member.state() == MemberState.CURRENT && in(MemberState.CURRENT).size() == 1;
		if (member.state() == MemberState.STALE || last) {
			return;
		}
		boolean again = member.state() == MemberState.RESYNCING;
		// its server may have died, and have lost what it had not made durable
		member.unflushed().addTo(member.missed());
		member.state(MemberState.STALE, String.valueOf(failure.getMessage()));
		if (again) {
			logNotYet(member, failure);
		}
		else {
			member.addKindOf(failure);
			logger.error("The {} goes on without its member {}: {}", this.name, member, failure.getMessage(), failure);
		}
	}

	/**
	 * Goes on without a member that cannot be read. What was to be read is written to it
	 * again, which is how a disk replaces a sector that it cannot read.
	 */
	synchronized void failRead(MirrorMember member, long offset, long length, Throwable failure) {
		fail(member, failure);
		if (member.state() != MemberState.CURRENT) {
			member.missed().set(firstRegion(offset), regionAfter(offset, length));
		}
	}

	private int firstRegion(long offset) {
		return (int) (offset / this.regionSize);
	}

	private int regionAfter(long offset, long length) {
		return (length > 0) ? (int) ((offset + length - 1) / this.regionSize) + 1 : firstRegion(offset);
	}

	/** Called every time it is tried, which can be for days. */
	private void logNotYet(MirrorMember member, Throwable failure) {
		logger.atLevel(member.addKindOf(failure) ? Level.WARN : Level.DEBUG)
			.log("The member {} of the {} cannot be resynced yet: {}", member, this.name, failure.getMessage());
	}

	/**
	 * Returns whether a change that some members have can be acknowledged.
	 */
	synchronized boolean recordedHave(Collection<MirrorMember> reached) {
		return reached.containsAll(this.recorded);
	}

	synchronized boolean isRecorded() {
		return this.recorded.equals(Set.copyOf(in(MemberState.CURRENT)));
	}

	/**
	 * What has failed on the last current member can have been missed since the last
	 * copy.
	 */
	private static boolean hasAll(MirrorMember member) {
		return member.state() == MemberState.RESYNCING && member.missed().isEmpty();
	}

	/**
	 * Begins to write labels that say who is current.
	 * @param promoted a member that becomes current with them, if it is still resyncing
	 * and has everything
	 * @return those that are
	 */
	synchronized Set<MirrorMember> beginRecord(@Nullable MirrorMember promoted) {
		Set<MirrorMember> current = new HashSet<>(in(MemberState.CURRENT));
		if (promoted != null && hasAll(promoted)) {
			current.add(promoted);
		}
		// until it is known which labels have been written, either can be what is found
		this.recorded.addAll(current);
		return current;
	}

	/** Returns whom labels are written on. */
	synchronized List<MirrorMember> reachable() {
		return this.all.stream().filter((member) -> member.state() != MemberState.STALE).toList();
	}

	/**
	 * Ends it.
	 * @param current what the labels say
	 * @param promoted the member that becomes current
	 * @param failures members that have no new label
	 * @return whether the labels are true and on all members that are current
	 */
	synchronized boolean endRecord(Set<MirrorMember> current, @Nullable MirrorMember promoted,
			Map<MirrorMember, Throwable> failures) {
		failures.forEach(this::fail);
		if (failures.keySet().stream().anyMatch(current::contains)) {
			return false;
		}
		if (promoted != null && current.contains(promoted) && hasAll(promoted)) {
			promoted.state(MemberState.CURRENT, null);
			logger.info("The member {} of the {} is current", promoted, this.name);
		}
		if (!current.equals(Set.copyOf(in(MemberState.CURRENT)))) {
			return false;
		}
		this.recorded.clear();
		this.recorded.addAll(current);
		return true;
	}

	/**
	 * Begins to write a member that is not current.
	 * @return whether it is one
	 */
	synchronized boolean beginResync(MirrorMember member) {
		if (member.state() != MemberState.STALE) {
			return false;
		}
		member.state(MemberState.RESYNCING, member.failure());
		return true;
	}

	/**
	 * Returns the first region from one on that a member has missed, -1 if there is none.
	 */
	synchronized int nextMissed(MirrorMember member, int from) {
		return member.missed().nextSetBit(from);
	}

	synchronized void copied(MirrorMember member, int region) {
		if (member.state() == MemberState.RESYNCING) {
			member.missed().clear(region);
			if (member.supports(BlockOperation.FLUSH)) {
				member.unflushed().add(region, region + 1);
			}
		}
	}

	synchronized boolean isResyncing(MirrorMember member) {
		return member.state() == MemberState.RESYNCING;
	}

	/** Notes why a stale member stays so. */
	synchronized void unreachable(MirrorMember member, Throwable failure) {
		if (member.state() == MemberState.STALE) {
			member.state(MemberState.STALE, String.valueOf(failure.getMessage()));
			logNotYet(member, failure);
		}
	}

	/**
	 * A change under way, or a flush, which changes no region.
	 *
	 * @param from the first region
	 * @param to the first region after it
	 * @param targets the members that it is sent to
	 */
	record Change(int from, int to, List<MirrorMember> targets) {

	}

}
