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

package io.github.ublk4j.store;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.layer.ForwardingBlockStore;
import io.github.ublk4j.store.mirror.MirrorBlockStore;

/**
 * A member of a mirror that can be broken, and that outlives the mirror like a disk does
 * the server.
 */
final class TestMember extends ForwardingBlockStore {

	private final String name;

	private final AtomicInteger reads = new AtomicInteger();

	private final AtomicInteger writes = new AtomicInteger();

	private final AtomicInteger labelWrites = new AtomicInteger();

	private final AtomicInteger failures = new AtomicInteger();

	private volatile BlockErrno errno = BlockErrno.EIO;

	private volatile boolean broken;

	private volatile Sinks.@Nullable Empty<Void> patience;

	private volatile boolean waitedFor;

	private volatile boolean unreadable;

	private volatile long badSector = -1;

	private volatile boolean unwritable;

	private volatile boolean readOnly;

	private volatile boolean slow;

	private volatile boolean closed;

	private volatile Sinks.@Nullable Empty<Void> labels;

	private volatile Sinks.@Nullable Empty<Void> end;

	private volatile boolean endInFlush;

	private volatile boolean dataWritten;

	private volatile boolean held;

	TestMember(String name, long mirrorSize) {
		super(MemoryBlockStore.sparse(mirrorSize + MirrorBlockStore.DATA_OFFSET));
		this.name = name;
	}

	/** Fails every request from now on. */
	void breakDown() {
		this.broken = true;
	}

	/** Fails every request from now on, but not before the sink ends. */
	void breakDownSlowly(Sinks.Empty<Void> until) {
		this.patience = until;
		this.broken = true;
	}

	/** Returns whether a request has begun to fail slowly. */
	boolean isWaitedFor() {
		return this.waitedFor;
	}

	/** Fails every read of data from now on. */
	void breakReads() {
		this.unreadable = true;
	}

	/** Fails every read of a sector until it is written. */
	void breakSector(long offset) {
		this.badSector = MirrorBlockStore.DATA_OFFSET + offset;
	}

	private boolean hasBadSector(long offset, int length) {
		return offset <= this.badSector && this.badSector < offset + length;
	}

	/** Fails every write of data from now on. */
	void breakWrites() {
		this.unwritable = true;
	}

	/** Fails requests with another error than EIO. */
	void errno(BlockErrno errno) {
		this.errno = errno;
	}

	/** Returns how many requests have failed because it is broken. */
	int failures() {
		return this.failures.get();
	}

	void mend() {
		this.broken = false;
		this.errno = BlockErrno.EIO;
		this.unreadable = false;
		this.unwritable = false;
	}

	void readOnly() {
		this.readOnly = true;
	}

	/** Ends writes in any order. */
	void slow() {
		this.slow = true;
	}

	/** Holds labels until the sink ends. */
	void holdLabels(Sinks.@Nullable Empty<Void> until) {
		this.labels = until;
	}

	/** Holds the end of a resync that writes data: its flush, or the label after that. */
	void holdEndOfResync(boolean inFlush, Sinks.Empty<Void> until) {
		this.dataWritten = false;
		this.endInFlush = inFlush;
		this.end = until;
	}

	/** Returns whether the end of a resync has begun to be held. */
	boolean isHeld() {
		return this.held;
	}

	private Mono<Void> end(boolean inFlush) {
		Sinks.Empty<Void> until = this.end;
		if (until == null || !this.dataWritten || inFlush != this.endInFlush) {
			return Mono.empty();
		}
		this.end = null;
		this.held = true;
		return until.asMono();
	}

	/** Returns a way to it, which can be cut like that of a server that dies. */
	Connection connect() {
		return new Connection(this);
	}

	/** Fails every write of a label from now on. */
	void breakLabels() {
		Sinks.Empty<Void> failed = Sinks.empty();
		failed.tryEmitError(new BlockIoException(BlockErrno.EIO, "the label of " + this.name + " cannot be written"));
		holdLabels(failed);
	}

	boolean isClosed() {
		return this.closed;
	}

	/** Returns how often data was read. */
	int reads() {
		return this.reads.get();
	}

	/** Returns how often data was written. */
	int writes() {
		return this.writes.get();
	}

	/** Returns how often a label was to be written, also those that are held. */
	int labelWrites() {
		return this.labelWrites.get();
	}

	/** Returns what it holds of the mirror, whatever its state. */
	byte[] content() {
		ByteBuffer content = ByteBuffer.allocate((int) size() - MirrorBlockStore.DATA_OFFSET);
		below().read(MirrorBlockStore.DATA_OFFSET, content).block(Duration.ofSeconds(10));
		return content.array();
	}

	/** Overwrites it behind the back of the mirror. */
	void overwrite(long offset, byte[] data) {
		below().write(offset, ByteBuffer.wrap(data)).block(Duration.ofSeconds(10));
	}

	@Override
	public Set<BlockOperation> operations() {
		return this.readOnly ? EnumSet.of(BlockOperation.READ) : EnumSet.allOf(BlockOperation.class);
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		return unlessBroken(() -> {
			if (offset >= MirrorBlockStore.DATA_OFFSET) {
				this.reads.incrementAndGet();
				if (this.unreadable || hasBadSector(offset, destination.remaining())) {
					return Mono
						.error(new BlockIoException(BlockErrno.EIO, "the member " + this.name + " cannot be read"));
				}
			}
			return super.read(offset, destination);
		});
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		Mono<Void> write = unlessBroken(() -> {
			boolean data = offset >= MirrorBlockStore.DATA_OFFSET;
			if (data && this.unwritable) {
				return Mono.error(new BlockIoException(BlockErrno.EIO, "the member " + this.name + " is not written"));
			}
			this.dataWritten |= data;
			if (hasBadSector(offset, source.remaining())) {
				this.badSector = -1;
			}
			return data ? super.write(offset, source) : end(false).then(super.write(offset, source));
		});
		Sinks.Empty<Void> held = this.labels;
		if (offset < MirrorBlockStore.DATA_OFFSET) {
			this.labelWrites.incrementAndGet();
			return (held != null) ? held.asMono().then(write) : write;
		}
		this.writes.incrementAndGet();
		return this.slow ? Mono.delay(Duration.ofMillis(ThreadLocalRandom.current().nextInt(4))).then(write) : write;
	}

	@Override
	public Mono<Void> flush() {
		return unlessBroken(() -> end(true));
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return unlessBroken(() -> super.discard(offset, length));
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return unlessBroken(() -> super.writeZeroes(offset, length, mayUnmap));
	}

	private Mono<Void> unlessBroken(Supplier<Mono<Void>> request) {
		return Mono.defer(() -> {
			if (!this.broken) {
				return request.get();
			}
			this.failures.incrementAndGet();
			Mono<Void> failure = Mono.error(new BlockIoException(this.errno, "the member " + this.name + " is broken"));
			Sinks.Empty<Void> until = this.patience;
			this.waitedFor = until != null;
			return (until != null) ? until.asMono().then(failure) : failure;
		});
	}

	@Override
	public void close() {
		this.closed = true;
	}

	@Override
	public String toString() {
		return this.name;
	}

	/** A way to a member. */
	static final class Connection extends ForwardingBlockStore {

		private volatile boolean cut;

		Connection(TestMember member) {
			super(member);
		}

		/** Nothing that begins later reaches the member. */
		void cut() {
			this.cut = true;
		}

		@Override
		public Mono<Void> read(long offset, ByteBuffer destination) {
			return unlessCut(() -> super.read(offset, destination));
		}

		@Override
		public Mono<Void> write(long offset, ByteBuffer source) {
			return unlessCut(() -> super.write(offset, source));
		}

		@Override
		public Mono<Void> flush() {
			return unlessCut(super::flush);
		}

		@Override
		public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
			return unlessCut(() -> super.writeZeroes(offset, length, mayUnmap));
		}

		private Mono<Void> unlessCut(Supplier<Mono<Void>> request) {
			return Mono.defer(() -> this.cut ? Mono.error(new BlockIoException(BlockErrno.EIO, "the server has died"))
					: request.get());
		}

	}

}
