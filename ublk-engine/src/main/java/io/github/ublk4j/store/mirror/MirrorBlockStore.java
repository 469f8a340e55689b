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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.layer.RangeLock;

/**
 * Several stores with the same content. Writes go to all, each read to the one that has
 * the least to do.
 * <p>
 * <strong>Failures.</strong> A member that fails a request is stale from then on, and the
 * mirror goes on without it. Only what the last current member fails, fails. From time to
 * time a stale member is resynced: what it has missed is copied to it while requests go
 * on, and then it is read again. {@link #members()} tells how each is.
 * <p>
 * <strong>Labels.</strong> The first 8 KiB of each member say which members are current.
 * Before a write that a member has missed is acknowledged, all current members have said
 * durably that this one is not. So a member that has missed anything is not read after
 * any crash, and is copied as a whole, since which regions it has missed is only in
 * memory. A mirror that was not closed is resynced from one of its current members: those
 * may differ in writes that were under way.
 * <p>
 * The data begins at {@value #DATA_OFFSET} bytes of each member, which a mirror holds so
 * much less than. Which member is current is known as long as one of the current ones is
 * among the stores: whoever opens a mirror without them decides that the rest counts.
 * <p>
 * <strong>Order.</strong> Overlapping changes reach all members in the order in which
 * they were subscribed. While a write is under way, reads of its range can return the old
 * or the new data in turn.
 * <p>
 * <strong>Threads.</strong> Requests begin when they are subscribed, and end on the
 * threads of the members. A member has to end its requests: one that hangs, hangs the
 * requests of the mirror. Changes that are cancelled run to their end.
 */
public final class MirrorBlockStore implements BlockStore {

	private static final Logger logger = LoggerFactory.getLogger(MirrorBlockStore.class);

	/** Where the data begins on each member, in bytes. */
	public static final int DATA_OFFSET = 1 << 20;

	/** How many members there can be, at most. */
	public static final int MAX_MEMBERS = 16;

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

	private final MirrorMembers members;

	private final MirrorLabels labels;

	private final Set<BlockOperation> operations;

	private final RangeLock order = new RangeLock();

	private final Disposable resync;

	private volatile boolean closed;

	MirrorBlockStore(MirrorMembers members, MirrorLabels labels, Duration retryEvery) {
		this.members = members;
		this.labels = labels;
		this.operations = commonOperations();
		MirrorResync copies = new MirrorResync(members, labels, this.order, this::readCurrent);
		Duration first = members.stale().isEmpty() ? retryEvery : Duration.ZERO;
		this.resync = isReadOnly() ? () -> {
		} : Flux.interval(first, retryEvery, Schedulers.parallel())
			.onBackpressureDrop()
			.concatMap((tick) -> copies.run(), 1)
			.subscribe();
	}

	private Set<BlockOperation> commonOperations() {
		Set<BlockOperation> common = EnumSet.allOf(BlockOperation.class);
		this.members.all().forEach((member) -> common.retainAll(member.store().operations()));
		if (common.contains(BlockOperation.WRITE)
				&& this.members.all().stream().anyMatch((member) -> member.supports(BlockOperation.FLUSH))) {
			common.add(BlockOperation.FLUSH);
		}
		return Collections.unmodifiableSet(common);
	}

	private boolean isReadOnly() {
		return !this.operations.contains(BlockOperation.WRITE);
	}

	/**
	 * Begins to open a mirror, or to make one.
	 * @param stores the members, 1 to 16; closed with the mirror, or if it cannot be
	 * opened
	 * @return a builder
	 */
	public static MirrorBlockStoreBuilder of(List<? extends BlockStore> stores) {
		return new MirrorBlockStoreBuilder(stores);
	}

	/**
	 * Returns how the members are.
	 * @return them, in the order in which they were given
	 */
	public List<MemberStatus> members() {
		return this.members.status();
	}

	/**
	 * Finds the mirrors in a stack of stores, such as one under the layers of a disk.
	 * @param top what is above all others
	 * @return the mirrors, none if there is none
	 */
	public static List<MirrorBlockStore> in(BlockStore top) {
		List<MirrorBlockStore> mirrors = new ArrayList<>();
		if (top instanceof MirrorBlockStore mirror) {
			mirrors.add(mirror);
		}
		top.parts().forEach((part) -> mirrors.addAll(in(part)));
		return mirrors;
	}

	@Override
	public List<BlockStore> parts() {
		return this.members.all().stream().map(MirrorMember::store).toList();
	}

	@Override
	public long size() {
		return this.members.size();
	}

	@Override
	public Set<BlockOperation> operations() {
		return this.operations;
	}

	@Override
	public boolean fillsReadBuffers() {
		return this.members.all().stream().allMatch((member) -> member.store().fillsReadBuffers());
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		ByteBuffer data = destination.slice();
		return Mono.defer(() -> {
			BlockIoException refusal = refusal(BlockOperation.READ, offset, data.remaining());
			return (refusal != null) ? Mono.error(refusal) : readCurrent(offset, data);
		});
	}

	private Mono<Void> readCurrent(long offset, ByteBuffer destination) {
		return read(offset, destination, List.of(), new BlockIoException(BlockErrno.EIO, "The mirror has no member"));
	}

	private Mono<Void> read(long offset, ByteBuffer destination, List<MirrorMember> tried, Throwable failure) {
		return Mono.defer(() -> {
			MirrorMember member = this.members.beginRead(tried);
			if (member == null) {
				return Mono.error(failure);
			}
			return Mono.defer(() -> member.store().read(DATA_OFFSET + offset, destination.duplicate()))
				.doFinally((signal) -> this.members.endRead(member))
				.onErrorResume((next) -> {
					this.members.failRead(member, offset, destination.remaining(), next);
					List<MirrorMember> failed = new ArrayList<>(tried);
					failed.add(member);
					return read(offset, destination, failed, next);
				});
		});
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		ByteBuffer data = source.slice();
		return change(BlockOperation.WRITE, offset, data.remaining(),
				(member) -> member.store().write(DATA_OFFSET + offset, data.duplicate()));
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return change(BlockOperation.DISCARD, offset, length,
				(member) -> member.store().discard(DATA_OFFSET + offset, length));
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return change(BlockOperation.WRITE_ZEROES, offset, length,
				(member) -> member.store().writeZeroes(DATA_OFFSET + offset, length, mayUnmap));
	}

	@Override
	public Mono<Void> flush() {
		return Mono.defer(() -> {
			BlockIoException refusal = refusal(BlockOperation.FLUSH, 0, 0);
			// not cancelled: what a member fails must be known, however late
			return (refusal != null) ? Mono.error(refusal)
					: Mono.fromFuture(all(0, 0, this.members::flush).toFuture(), true);
		});
	}

	private Mono<Void> change(BlockOperation operation, long offset, long length,
			Function<MirrorMember, Mono<Void>> request) {
		return Mono.defer(() -> {
			BlockIoException refusal = refusal(operation, offset, length);
			return (refusal != null) ? Mono.error(refusal)
					: this.order.exclusive(offset, length, () -> all(offset, length, request));
		});
	}

	/** Ends when all have ended: until then they may use the buffer. */
	private Mono<Void> all(long offset, long length, Function<MirrorMember, Mono<Void>> request) {
		MirrorMembers.Change change = this.members.beginChange(offset, length);
		Map<MirrorMember, Throwable> failures = new ConcurrentHashMap<>();
		return Flux.fromIterable(change.targets())
			.flatMap((member) -> Mono.defer(() -> request.apply(member)).onErrorResume((failure) -> {
				failures.put(member, failure);
				return Mono.empty();
			}))
			.then(Mono.defer(() -> {
				if (!this.members.endChange(change, failures)) {
					return Mono.error(failures.values()
						.stream()
						.findFirst()
						.orElseGet(() -> new BlockIoException(BlockErrno.EIO, "The mirror has no current member")));
				}
				List<MirrorMember> reached = new ArrayList<>(change.targets());
				reached.removeAll(failures.keySet());
				// only what a later server is certain to find is acknowledged
				return this.members.recordedHave(reached) ? Mono.empty() : this.labels.record();
			}));
	}

	private @Nullable BlockIoException refusal(BlockOperation operation, long offset, long length) {
		if (!this.operations.contains(operation)) {
			return new BlockIoException(BlockErrno.EOPNOTSUPP,
					operation + " is not supported by all members of " + this);
		}
		return this.closed ? new BlockIoException(BlockErrno.EIO, "The " + this + " is closed")
				: BlockIoException.outside(size(), offset, length);
	}

	/**
	 * Waits up to 10 seconds for the changes under way, records that the current members
	 * are equal, and closes them. Later requests fail with EIO.
	 */
	@Override
	public synchronized void close() {
		if (this.closed) {
			return;
		}
		this.closed = true;
		this.resync.dispose();
		if (!isReadOnly()) {
			awaitLast();
		}
		this.members.all().forEach((member) -> member.store().close());
	}

	private void awaitLast() {
		try {
			this.order.exclusive(0, size(), () -> all(0, 0, this.members::flush))
				.then(this.labels.close())
				.toFuture()
				.get(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (ExecutionException | TimeoutException ex) {
			logger.warn("The {} was not closed properly; its members will be compared when it is opened again", this,
					ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			logger.warn("Closing the {} was interrupted; its members will be compared when it is opened again", this);
		}
	}

	@Override
	public String toString() {
		return "mirror of " + this.members.all();
	}

}
