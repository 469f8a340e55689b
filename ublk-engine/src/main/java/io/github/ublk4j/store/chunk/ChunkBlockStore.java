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

package io.github.ublk4j.store.chunk;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.RequestParts;

/**
 * A disk in chunks of one size, of which those that are all zeros are not there.
 * <p>
 * <strong>Writes</strong> go through: one that has completed is in the chunk store, and
 * one that could not be stored, after several attempts, fails. Each byte of a write that
 * has failed has its old or its new value, and keeps it: nothing is read before it is
 * certain which. A write of a part of a chunk reads the chunk first. While a chunk is
 * being stored, later writes to it are merged into the next one. Overlapping writes and
 * discards take effect in the order in which they were subscribed. One that is cancelled
 * before the store is asked to change the chunk has not taken place in it.
 * <p>
 * <strong>Durability.</strong> A write is durable after a later {@link #flush()}.
 * <p>
 * <strong>One server.</strong> A volume that another server holds is refused. If that one
 * is taken over, all its writes fail from then on, and its reads from the next renewal of
 * its lease on.
 * <p>
 * <strong>Threads.</strong> Requests begin when they are subscribed, and end on the
 * threads of the chunk store. One that is cancelled runs to its end.
 */
public final class ChunkBlockStore implements BlockStore {

	private static final Logger logger = LoggerFactory.getLogger(ChunkBlockStore.class);

	private static final Set<BlockOperation> READ_ONLY = Collections.unmodifiableSet(EnumSet.of(BlockOperation.READ));

	private static final Set<BlockOperation> READ_WRITE = Collections
		.unmodifiableSet(EnumSet.allOf(BlockOperation.class));

	/** Chunks that a discard changes without a look at which are there. */
	private static final int FEW = 64;

	/** Chunks that a larger one asks for together. */
	private static final int MANY = 1024;

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

	private final ChunkVolume volume;

	private final VolumeDescriptor descriptor;

	private final ChunkStore chunks;

	private final boolean readOnly;

	private final int parallelism;

	private final VolumeFence fence;

	private final ByteBuffer zeros;

	private final Permits permits;

	private final ChunkAttempts attempts;

	private final ChunkWriter writer;

	private final Disposable leaseRenewal;

	private volatile boolean closed;

	ChunkBlockStore(ChunkVolume volume, VolumeDescriptor descriptor, ChunkStore chunks, ChunkBlockStoreBuilder how) {
		this.volume = volume;
		this.descriptor = descriptor;
		this.chunks = chunks;
		this.readOnly = how.isReadOnly();
		this.parallelism = how.parallelism();
		this.fence = new VolumeFence(volume, chunks, how.timeout());
		this.zeros = ByteBuffer.allocate(descriptor.chunkSize()).asReadOnlyBuffer();
		this.permits = new Permits(this.parallelism);
		this.attempts = new ChunkAttempts(volume, chunks, this.fence, how.timeout(), how.retries(), how.firstPause());
		this.writer = new ChunkWriter(descriptor, chunks, this.permits, this.attempts, this.zeros);
		this.leaseRenewal = this.readOnly ? () -> {
		} : renewLease(how.lease().dividedBy(3));
	}

	private Disposable renewLease(Duration period) {
		return Flux.interval(period, Schedulers.parallel())
			.onBackpressureDrop()
			.concatMap((tick) -> this.fence.renewLease())
			.subscribe();
	}

	/**
	 * Begins to open a volume.
	 * @param volume where it is
	 * @return a builder
	 */
	public static ChunkBlockStoreBuilder of(ChunkVolume volume) {
		return new ChunkBlockStoreBuilder(volume);
	}

	/**
	 * Returns what the volume is.
	 * @return its descriptor
	 */
	public VolumeDescriptor descriptor() {
		return this.descriptor;
	}

	@Override
	public long size() {
		return this.descriptor.size();
	}

	@Override
	public Set<BlockOperation> operations() {
		return this.readOnly ? READ_ONLY : READ_WRITE;
	}

	@Override
	public boolean fillsReadBuffers() {
		return true;
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		int start = destination.position();
		return run(BlockOperation.READ, offset, destination.remaining(), () -> {
			List<Mono<Void>> pieces = new ArrayList<>();
			ChunkRange.of(this.descriptor, offset, destination.remaining())
				.forEach((piece) -> pieces
					.add(read(piece, destination.slice(start + (int) (piece.diskOffset() - offset), piece.length()))));
			return RequestParts.all(pieces);
		});
	}

	private Mono<Void> read(ChunkRange piece, ByteBuffer destination) {
		return this.permits.run(this.attempts.read(piece.index(), piece.offset(), piece.length())
			.doOnNext(destination::put)
			.switchIfEmpty(Mono.fromRunnable(() -> destination.put(this.zeros.slice(0, destination.remaining()))))
			.then());
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		int start = source.position();
		return run(BlockOperation.WRITE, offset, source.remaining(), () -> {
			List<Mono<Void>> pieces = new ArrayList<>();
			ChunkRange.of(this.descriptor, offset, source.remaining())
				.forEach((piece) -> pieces.add(this.writer.apply(piece.index(), ChunkEdit.write(piece.offset(),
						source.slice(start + (int) (piece.diskOffset() - offset), piece.length())))));
			return RequestParts.all(pieces);
		});
	}

	@Override
	public Mono<Void> flush() {
		// not cancelled: one that is interrupted has failed for good
		return run(BlockOperation.FLUSH, 0, 0,
				() -> Mono.fromFuture(this.chunks.flush().toFuture(), true)
					.onErrorMap((failure) -> new BlockIoException(BlockIoException.errnoOf(failure),
							"The " + this.volume + " cannot be flushed: " + failure.getMessage(), failure)));
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return run(BlockOperation.DISCARD, offset, length, () -> zero(offset, length));
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return run(BlockOperation.WRITE_ZEROES, offset, length, () -> zero(offset, length));
	}

	private Mono<Void> zero(long offset, long length) {
		if (length <= (long) FEW * this.descriptor.chunkSize()) {
			return RequestParts.all(ChunkRange.of(this.descriptor, offset, length).map(this::zero).toList());
		}
		// it may be the whole disk, of which little is there
		return Flux.fromStream(() -> ChunkRange.of(this.descriptor, offset, length))
			.buffer(MANY)
			.concatMapDelayError(this::existing)
			.flatMapDelayError(this::zero, this.parallelism, this.parallelism)
			.then()
			.onErrorMap((failure) -> Exceptions.unwrapMultiple(failure).get(0));
	}

	private Mono<Void> zero(ChunkRange piece) {
		return this.writer.apply(piece.index(), ChunkEdit.zero(piece.offset(), piece.length()));
	}

	private Flux<ChunkRange> existing(List<ChunkRange> pieces) {
		return Flux.defer(() -> {
			// before the store is asked: a chunk whose edits end meanwhile is in its
			// answer
			Set<Long> changing = pieces.stream()
				.map(ChunkRange::index)
				.filter(this.writer::isChanging)
				.collect(Collectors.toSet());
			return this.attempts.existing(pieces.get(0).index(), pieces.get(pieces.size() - 1).index())
				.flatMapIterable((indexes) -> pieces.stream()
					.filter((piece) -> indexes.contains(piece.index()) || changing.contains(piece.index()))
					.toList());
		});
	}

	private Mono<Void> run(BlockOperation operation, long offset, long length, Supplier<Mono<Void>> work) {
		return Mono.defer(() -> {
			BlockIoException refusal = refusal(operation, offset, length);
			return (refusal != null) ? Mono.error(refusal) : work.get();
		});
	}

	private @Nullable BlockIoException refusal(BlockOperation operation, long offset, long length) {
		if (!operations().contains(operation)) {
			return new BlockIoException(BlockErrno.EOPNOTSUPP,
					operation + " is not supported: the " + this.volume + " was opened read-only");
		}
		if (this.closed) {
			return new BlockIoException(BlockErrno.EIO, "The " + this.volume + " is closed");
		}
		BlockIoException outside = BlockIoException.outside(size(), offset, length);
		return (outside != null) ? outside : this.fence.loss();
	}

	/**
	 * Waits up to 10 seconds for the writes that have begun, and gives the volume up.
	 * Later requests fail with EIO.
	 */
	@Override
	public synchronized void close() {
		if (this.closed) {
			return;
		}
		this.closed = true;
		this.leaseRenewal.dispose();
		await("waiting for the last writes", this.writer.close());
		await("giving the volume up", this.chunks.release());
	}

	private void await(String what, Mono<Void> end) {
		try {
			// not block(), which some threads of Reactor refuse
			end.toFuture().get(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (ExecutionException | TimeoutException ex) {
			logger.warn("Closing the {} went wrong while {}; others may be refused until the lease ends", this.volume,
					what, ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			logger.warn("Closing the {} was interrupted while {}; others may be refused until the lease ends",
					this.volume, what);
		}
	}

	@Override
	public String toString() {
		return "chunks of the " + this.volume + (this.readOnly ? ", read-only" : "");
	}

}
