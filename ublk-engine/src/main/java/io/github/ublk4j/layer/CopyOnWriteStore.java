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

package io.github.ublk4j.layer;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Supplier;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * A snapshot: leaves the store below as it is, and keeps what is written in an overlay, a
 * second store, in blocks of a fixed size. {@link #commit()} puts it into the store below
 * after all, {@link #discardOverlay()} drops it.
 * <p>
 * Which blocks the overlay has is known in memory only, 4 bytes for each: <strong>the
 * overlay ends with the layer</strong>, and what is not committed when it is closed is
 * lost. What the overlay holds at the start does not matter.
 * <p>
 * <strong>Operations.</strong> READ, WRITE, DISCARD and WRITE_ZEROES, whatever the stores
 * have; FLUSH if the overlay has it, and it flushes the overlay. Discarded and zeroed
 * blocks take no space if the overlay can discard. A write of a part of a block reads the
 * rest of it from below first.
 * <p>
 * <strong>Concurrency.</strong> Reads go together; a write waits for requests that touch
 * the same blocks. {@code commit} and {@code discardOverlay} wait for all requests, and
 * all later ones wait for them.
 */
public final class CopyOnWriteStore extends ForwardingBlockStore {

	private static final Logger logger = LoggerFactory.getLogger(CopyOnWriteStore.class);

	private static final int BELOW = 0;

	private static final int OVERLAY = 1;

	private static final int ZERO = 2;

	private final BlockStore overlay;

	private final int blockSize;

	private final long size;

	private final AtomicIntegerArray places;

	private final Set<BlockOperation> operations;

	private final RangeLock lock = new RangeLock();

	/**
	 * Creates a layer.
	 * @param below the store that stays as it is
	 * @param overlay where writes go, at least as large; closed with the layer
	 * @param blockSize the unit that is copied, 512 bytes to 1 MiB, a power of two
	 * @throws InvalidLayerException if the block size is out of bounds
	 */
	public CopyOnWriteStore(BlockStore below, BlockStore overlay, int blockSize) {
		super(below);
		if (blockSize < 512 || blockSize > 1 << 20 || Integer.bitCount(blockSize) != 1) {
			throw new InvalidLayerException("blockSize", blockSize,
					"Use a power of two from 512 to 1MB, such as 64KB.");
		}
		if (overlay.size() < below.size()) {
			throw new InvalidLayerException("overlay", overlay + " with " + overlay.size() + " bytes",
					"Use one of at least " + below.size() + " bytes, as large as the store below.");
		}
		this.size = below.size();
		long blocks = (this.size + blockSize - 1) / blockSize;
		if (blocks > Integer.MAX_VALUE - 8) {
			throw new InvalidLayerException("blockSize", blockSize,
					"The store below has more than 2147483639 blocks of this size. Use larger ones.");
		}
		this.overlay = overlay;
		this.blockSize = blockSize;
		this.places = new AtomicIntegerArray((int) blocks);
		EnumSet<BlockOperation> offered = EnumSet.allOf(BlockOperation.class);
		if (!overlay.operations().contains(BlockOperation.FLUSH)) {
			offered.remove(BlockOperation.FLUSH);
		}
		this.operations = Collections.unmodifiableSet(offered);
	}

	@Override
	public Set<BlockOperation> operations() {
		return this.operations;
	}

	@Override
	public List<BlockStore> parts() {
		return List.of(below(), this.overlay);
	}

	@Override
	public boolean fillsReadBuffers() {
		return below().fillsReadBuffers() && this.overlay.fillsReadBuffers();
	}

	/**
	 * Returns how much of the disk has been written, discarded or zeroed.
	 * @return bytes, in whole blocks
	 */
	public long changedBytes() {
		long changed = 0;
		for (int i = 0; i < this.places.length(); i++) {
			changed += (this.places.get(i) != BELOW) ? this.blockSize : 0;
		}
		return Math.min(changed, this.size);
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		int length = destination.remaining();
		ByteBuffer target = destination.slice();
		return checked(offset, length, this.lock.shared(offset, length, () -> readLocked(offset, target)));
	}

	private Mono<Void> readLocked(long offset, ByteBuffer target) {
		return Flux.<Run, Long>generate(() -> offset, (at, sink) -> {
			long end = offset + target.limit();
			if (at >= end) {
				sink.complete();
				return at;
			}
			Run run = run(at, end);
			sink.next(run);
			return run.end();
		}).concatMap((run) -> readRun(run, target.slice((int) (run.start() - offset), run.length()))).then();
	}

	/**
	 * Returns as much as lies in one place.
	 */
	private Run run(long start, long end) {
		int block = (int) (start / this.blockSize);
		int place = this.places.get(block);
		long to = Math.min(end, (block + 1L) * this.blockSize);
		while (to < end && this.places.get(++block) == place) {
			to = Math.min(end, (block + 1L) * this.blockSize);
		}
		return new Run(place, start, to);
	}

	private Mono<Void> readRun(Run run, ByteBuffer target) {
		return switch (run.place()) {
			case OVERLAY -> this.overlay.read(run.start(), target);
			case ZERO -> Guarded.run(() -> target.put(0, new byte[target.capacity()]));
			default -> below().read(run.start(), target);
		};
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		int length = source.remaining();
		ByteBuffer data = source.slice();
		return checked(offset, length, exclusive(offset, length, () -> writeLocked(offset, data)));
	}

	/**
	 * Writes whole blocks as they are, and parts of blocks after the rest of them.
	 */
	private Mono<Void> writeLocked(long offset, ByteBuffer data) {
		long end = offset + data.limit();
		int first = (int) (offset / this.blockSize);
		int last = (int) ((end - 1) / this.blockSize);
		Mono<Void> prepared = (offset > start(first)) ? copyUp(first) : Mono.empty();
		if (end < end(last) && (last != first || offset == start(first))) {
			prepared = prepared.then(Guarded.defer(() -> copyUp(last)));
		}
		return prepared.then(Guarded.defer(() -> this.overlay.write(offset, data)))
			.then(Mono.fromRunnable(() -> mark(first, last, OVERLAY)));
	}

	private Mono<Void> copyUp(int block) {
		if (this.places.get(block) == OVERLAY) {
			return Mono.empty();
		}
		// new memory is zero, as what is to be read if the block was zeroed
		ByteBuffer whole = ByteBuffer.allocate((int) (end(block) - start(block)));
		Mono<Void> filled = (this.places.get(block) == ZERO) ? Mono.empty()
				: below().read(start(block), whole.duplicate());
		return filled.then(Guarded.defer(() -> this.overlay.write(start(block), whole.duplicate())))
			.then(Mono.fromRunnable(() -> this.places.set(block, OVERLAY)));
	}

	@Override
	public Mono<Void> flush() {
		return this.overlay.flush();
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return zero(offset, length);
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return zero(offset, length);
	}

	private Mono<Void> zero(long offset, long length) {
		return checked(offset, length, exclusive(offset, length, () -> zeroLocked(offset, offset + length)));
	}

	private Mono<Void> zeroLocked(long offset, long end) {
		int first = (int) ((offset + this.blockSize - 1) / this.blockSize);
		// the last block may be shorter than the others
		int after = (end == this.size) ? this.places.length() : (int) (end / this.blockSize);
		if (first >= after) {
			return zeroPart(offset, end);
		}
		return zeroPart(offset, start(first)).then(zeroPart(Math.min(end, end(after - 1)), end))
			.then(Guarded.defer(() -> zeroWhole(first, after - 1)));
	}

	private Mono<Void> zeroPart(long offset, long end) {
		if (offset >= end) {
			return Mono.empty();
		}
		long boundary = end((int) (offset / this.blockSize));
		if (end > boundary) {
			return zeroPart(offset, boundary).then(Guarded.defer(() -> zeroPart(boundary, end)));
		}
		return Guarded.defer(() -> writeLocked(offset, ByteBuffer.allocate((int) (end - offset))));
	}

	private Mono<Void> zeroWhole(int first, int last) {
		mark(first, last, ZERO);
		if (!this.overlay.operations().contains(BlockOperation.DISCARD)) {
			return Mono.empty();
		}
		// only to save space: the blocks read as zeros already
		return this.overlay.discard(start(first), end(last) - start(first))
			.onErrorResume((ex) -> Mono.fromRunnable(() -> logger.debug("The overlay gives no space back", ex)));
	}

	private void mark(int first, int last, int place) {
		for (int block = first; block <= last; block++) {
			this.places.set(block, place);
		}
	}

	/**
	 * Writes everything that has changed into the store below, flushes it, and empties
	 * the overlay. All other requests wait.
	 * @return completes when the store below has it all; after an error the overlay is as
	 * it was, and reads are right, but the store below may have been changed in part:
	 * commit again, or keep the overlay
	 */
	public Mono<Void> commit() {
		Set<BlockOperation> supported = below().operations();
		if (!supported.contains(BlockOperation.WRITE)) {
			return Mono.error(new BlockIoException(BlockErrno.EOPNOTSUPP,
					"The overlay cannot be committed: the store below is read-only. Open it for writing"));
		}
		return this.lock.exclusive(0, this.size, () -> Flux.range(0, this.places.length())
			.filter((block) -> this.places.get(block) != BELOW)
			.concatMap((block) -> Guarded.defer(() -> commit(block)))
			.then(Guarded.defer(() -> supported.contains(BlockOperation.FLUSH) ? below().flush() : Mono.empty()))
			.then(Guarded.defer(this::empty)));
	}

	private Mono<Void> commit(int block) {
		ByteBuffer whole = ByteBuffer.allocate((int) (end(block) - start(block)));
		Mono<Void> filled = (this.places.get(block) == ZERO) ? Mono.empty()
				: this.overlay.read(start(block), whole.duplicate());
		return filled.then(Guarded.defer(() -> below().write(start(block), whole.duplicate())));
	}

	/**
	 * Drops everything that has been written since the layer was made or committed. All
	 * other requests wait. Nothing above may still have what is dropped: unmount first,
	 * and lay a {@link CacheStore}, {@link ReadaheadStore} or {@link ChecksumStore} below
	 * this layer, not above.
	 * @return completes when the store below is what is read
	 */
	public Mono<Void> discardOverlay() {
		return this.lock.exclusive(0, this.size, this::empty);
	}

	private Mono<Void> empty() {
		int last = this.places.length() - 1;
		return zeroWhole(0, last).then(Mono.fromRunnable(() -> mark(0, last, BELOW)));
	}

	private Mono<Void> exclusive(long offset, long length, Supplier<Mono<Void>> work) {
		long start = offset - offset % this.blockSize;
		long end = offset + length + this.blockSize - 1;
		return this.lock.exclusive(start, end - end % this.blockSize - start, work);
	}

	private Mono<Void> checked(long offset, long length, Mono<Void> request) {
		BlockIoException outside = BlockIoException.outside(this.size, offset, length);
		if (outside != null) {
			return Mono.error(outside);
		}
		return (length == 0) ? Mono.empty() : request;
	}

	private long start(int block) {
		return (long) block * this.blockSize;
	}

	private long end(int block) {
		return Math.min(this.size, start(block) + this.blockSize);
	}

	@Override
	public void close() {
		try {
			this.overlay.close();
		}
		finally {
			super.close();
		}
	}

	/**
	 * Bytes that lie in one place.
	 */
	private record Run(int place, long start, long end) {

		int length() {
			return (int) (this.end - this.start);
		}

	}

}
