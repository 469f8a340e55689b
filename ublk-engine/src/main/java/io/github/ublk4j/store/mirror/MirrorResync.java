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
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.layer.RangeLock;

/**
 * Copies to members what they have missed, a region at a time, while requests go on. What
 * is equal already is not written.
 * <p>
 * A region that the member cannot read is written, and has to be readable then. One that
 * no current member can read stays missed, and so the member stale, but the others are
 * copied, as long as there are only a few such regions.
 */
final class MirrorResync {

	private static final Logger logger = LoggerFactory.getLogger(MirrorResync.class);

	/** So many regions that cannot be read are an outage, and each can take its time. */
	private static final int MOST_UNREADABLE = 16;

	private final MirrorMembers members;

	private final MirrorLabels labels;

	private final RangeLock order;

	private final Source source;

	private final ByteBuffer zeros;

	MirrorResync(MirrorMembers members, MirrorLabels labels, RangeLock order, Source source) {
		this.members = members;
		this.labels = labels;
		this.order = order;
		this.source = source;
		this.zeros = ByteBuffer.allocate(members.regionSize()).asReadOnlyBuffer();
	}

	/**
	 * Tries to make all members current. Never fails.
	 */
	Mono<Void> run() {
		return Flux.defer(() -> Flux.fromIterable(this.members.stale()))
			.concatMap((member) -> probe(member).flatMap((answers) -> answers ? resync(member) : Mono.empty())
				.onErrorResume((failure) -> {
					this.members.fail(member, failure);
					return Mono.empty();
				}))
			.then();
	}

	/**
	 * Asks a member for an answer while no request waits for it, which can take as long
	 * as its server is given to answer.
	 */
	private Mono<Boolean> probe(MirrorMember member) {
		return Mono.defer(() -> member.store().read(0, ByteBuffer.allocate(MirrorLabel.SLOTS * MirrorLabel.LENGTH)))
			.then(this.members.flush(member))
			.thenReturn(true)
			.onErrorResume((failure) -> {
				this.members.unreachable(member, failure);
				return Mono.just(false);
			});
	}

	private Mono<Void> resync(MirrorMember member) {
		return Mono.defer(() -> {
			if (!this.members.beginResync(member)) {
				return Mono.empty();
			}
			Regions regions = new Regions(member);
			Mono<Boolean> round = Mono.defer(regions::copyNext)
				.repeat()
				.takeUntil((more) -> !more)
				.then(this.members.flush(member))
				.then(Mono.defer(regions::endRound))
				.then(this.labels.promote(member))
				.then(Mono.fromSupplier(() -> this.members.isResyncing(member)));
			return this.labels.announce().then(round.repeat().takeUntil((missedMore) -> !missedMore).then());
		});
	}

	/**
	 * Reads what is current.
	 */
	@FunctionalInterface
	interface Source {

		Mono<Void> read(long offset, ByteBuffer destination);

	}

	private final class Regions {

		private final MirrorMember member;

		private final ByteBuffer wanted = ByteBuffer.allocate(MirrorResync.this.members.regionSize());

		private final ByteBuffer found = ByteBuffer.allocate(MirrorResync.this.members.regionSize());

		private int next;

		private int unreadable;

		private @Nullable Throwable whyUnreadable;

		Regions(MirrorMember member) {
			this.member = member;
		}

		/** Returns whether there may be more. */
		Mono<Boolean> copyNext() {
			int region = MirrorResync.this.members.nextMissed(this.member, this.next);
			if (region < 0 || this.unreadable == MOST_UNREADABLE) {
				return Mono.just(false);
			}
			this.next = region + 1;
			long offset = (long) region * this.wanted.capacity();
			int length = (int) Math.min(this.wanted.capacity(), MirrorResync.this.members.size() - offset);
			logger.debug("Copying {} bytes at {} to {}", length, offset, this.member);
			return MirrorResync.this.order.exclusive(offset, length, ifResyncing(() -> copy(region, offset, length)))
				.thenReturn(true);
		}

		private Supplier<Mono<Void>> ifResyncing(Supplier<Mono<Void>> work) {
			return () -> MirrorResync.this.members.isResyncing(this.member) ? work.get()
					: Mono.error(new BlockIoException(BlockErrno.EIO, "it has failed again: " + this.member.failure()));
		}

		/**
		 * Fails if there are regions that no copy was made of, so that it is tried later.
		 */
		Mono<Void> endRound() {
			Throwable why = this.whyUnreadable;
			this.next = 0;
			return (why == null) ? Mono.empty() : Mono.error(new BlockIoException(BlockIoException.errnoOf(why),
					"it lacks what the current members cannot read: " + why.getMessage(), why));
		}

		private Mono<Void> copy(int region, long offset, int length) {
			ByteBuffer to = this.found.slice(0, length);
			ByteBuffer from = this.wanted.slice(0, length);
			return MirrorResync.this.source.read(offset, from.duplicate()).thenReturn(true).onErrorResume((failure) -> {
				this.unreadable++;
				this.whyUnreadable = failure;
				return Mono.empty();
			})
				.flatMap((readable) -> makeEqual(offset, from, to)
					.then(Mono.fromRunnable(() -> MirrorResync.this.members.copied(this.member, region))));
		}

		private Mono<Void> makeEqual(long offset, ByteBuffer from, ByteBuffer to) {
			return readBack(offset, to).onErrorResume((failure) -> store(offset, from).then(readBack(offset, to)))
				.then(Mono.defer(() -> (from.mismatch(to) < 0) ? Mono.empty() : store(offset, from)));
		}

		private Mono<Void> readBack(long offset, ByteBuffer to) {
			return Mono.defer(() -> this.member.store().read(MirrorBlockStore.DATA_OFFSET + offset, to.duplicate()));
		}

		private Mono<Void> store(long offset, ByteBuffer data) {
			long at = MirrorBlockStore.DATA_OFFSET + offset;
			boolean zero = data.mismatch(MirrorResync.this.zeros.slice(0, data.limit())) < 0;
			return (zero && this.member.supports(BlockOperation.WRITE_ZEROES))
					? this.member.store().writeZeroes(at, data.limit(), true)
					: this.member.store().write(at, data.duplicate());
		}

	}

}
