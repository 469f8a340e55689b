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

import java.time.Instant;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import reactor.core.publisher.Mono;

/**
 * A member of a mirror. What changes is guarded by {@link MirrorMembers}.
 */
final class MirrorMember {

	private final UUID id;

	private final BlockStore store;

	/** Regions in which it may differ from the current members. */
	private final BitSet missed = new BitSet();

	/** What it can lose if its own server dies. */
	private final Unflushed unflushed = new Unflushed();

	private MemberState state = MemberState.CURRENT;

	/** When it ceased to be current. */
	private @Nullable Instant since;

	private @Nullable String failure;

	/** What has failed since then. */
	private final Set<String> kindsOfFailure = new HashSet<>();

	private int reads;

	MirrorMember(UUID id, BlockStore store) {
		this.id = id;
		this.store = store;
	}

	UUID id() {
		return this.id;
	}

	BlockStore store() {
		return this.store;
	}

	BitSet missed() {
		return this.missed;
	}

	Unflushed unflushed() {
		return this.unflushed;
	}

	MemberState state() {
		return this.state;
	}

	void state(MemberState state, @Nullable String failure) {
		if (state == MemberState.CURRENT) {
			this.since = null;
			this.kindsOfFailure.clear();
		}
		else if (this.since == null) {
			this.since = Instant.now();
		}
		this.state = state;
		this.failure = failure;
	}

	@Nullable Instant since() {
		return this.since;
	}

	@Nullable String failure() {
		return this.failure;
	}

	/**
	 * Notes how it has failed.
	 * @return whether it has not failed like that since it ceased to be current
	 */
	boolean addKindOf(Throwable failure) {
		Throwable cause = failure.getCause();
		return this.kindsOfFailure.add(failure.getClass().getName() + BlockIoException.errnoOf(failure)
				+ ((cause != null) ? cause.getClass().getName() : ""));
	}

	int reads() {
		return this.reads;
	}

	void addReads(int more) {
		this.reads += more;
	}

	boolean supports(BlockOperation operation) {
		return this.store.operations().contains(operation);
	}

	/** What needs no flush is durable. */
	Mono<Void> flush() {
		return supports(BlockOperation.FLUSH) ? Mono.defer(this.store::flush) : Mono.empty();
	}

	@Override
	public String toString() {
		return this.store.toString();
	}

}
