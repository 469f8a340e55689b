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

import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.layer.RangeLock;

/**
 * Writes on the members who is current, one time after the other.
 */
final class MirrorLabels {

	private final UUID mirror;

	private final MirrorMembers members;

	private final RangeLock turn = new RangeLock();

	private long events;

	/**
	 * Creates labels.
	 * @param events that of the latest label there is
	 */
	MirrorLabels(UUID mirror, MirrorMembers members, long events) {
		this.mirror = mirror;
		this.members = members;
		this.events = events;
	}

	/**
	 * Makes durable who is current, if the labels say something else.
	 */
	Mono<Void> record() {
		return inTurn(() -> this.members.isRecorded() ? Mono.empty() : write(false, null));
	}

	/**
	 * Writes who is current on all members that are written, also on one that is not, so
	 * that it is not taken for one that is when it is found alone.
	 */
	Mono<Void> announce() {
		return inTurn(() -> write(false, null));
	}

	/**
	 * Makes a member current, unless it has missed something or failed meanwhile.
	 */
	Mono<Void> promote(MirrorMember member) {
		return inTurn(() -> write(false, member));
	}

	/**
	 * Writes that the members are equal. Nothing may be changed later.
	 */
	Mono<Void> close() {
		return inTurn(() -> write(true, null));
	}

	private Mono<Void> inTurn(Supplier<Mono<Void>> work) {
		return this.turn.exclusive(0, 1, work);
	}

	private Mono<Void> write(boolean clean, @Nullable MirrorMember promoted) {
		return Mono.defer(() -> {
			Set<MirrorMember> current = this.members.beginRecord(promoted);
			Map<MirrorMember, Throwable> failures = new ConcurrentHashMap<>();
			this.events++;
			return Flux.fromIterable(this.members.reachable())
				.flatMap((member) -> write(member, clean, current).onErrorResume((failure) -> {
					failures.put(member, failure);
					return Mono.empty();
				}))
				.then(Mono.defer(() -> ended(current, promoted, failures)));
		}).repeat().takeUntil(Boolean::booleanValue).then();
	}

	private Mono<Boolean> ended(Set<MirrorMember> current, @Nullable MirrorMember promoted,
			Map<MirrorMember, Throwable> failures) {
		boolean done = this.members.endRecord(current, promoted, failures);
		for (MirrorMember member : this.members.current()) {
			Throwable failure = failures.get(member);
			if (failure != null) {
				return Mono.error(new BlockIoException(BlockErrno.EIO, "The last current member of the mirror, "
						+ member + ", cannot record its state: " + failure.getMessage(), failure));
			}
		}
		return Mono.just(done);
	}

	private Mono<Void> write(MirrorMember member, boolean clean, Set<MirrorMember> current) {
		MirrorLabel label = new MirrorLabel(this.mirror, member.id(), this.members.size(), this.events, clean,
				current.stream().map(MirrorMember::id).collect(Collectors.toSet()));
		return Mono.defer(() -> member.store().write(label.offset(), label.encode())).then(this.members.flush(member));
	}

}
