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
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.RequestParts;

/**
 * Several stores as one, in stripes: the first unit lies on the first store, the next on
 * the second, and so on in turn, so that large requests are served by all of them
 * together. The data is gone when one of them is.
 * <p>
 * The order of the stores and the unit are part of what the data means, and are stored
 * nowhere: they must always be the same. Each store is used up to the size of the
 * smallest. A request fails if it fails on any store; the parts on the others may have
 * taken effect.
 */
public final class StripeBlockStore implements BlockStore {

	private final List<BlockStore> stores;

	private final int unit;

	private final long size;

	private final Set<BlockOperation> operations;

	private volatile boolean closed;

	/**
	 * Puts stores together.
	 * @param stores the stores, at least one, in their order; closed with this one
	 * @param unit bytes of a stripe on one store, a multiple of 512; 64 KiB is a good
	 * choice
	 */
	public StripeBlockStore(List<? extends BlockStore> stores, int unit) {
		if (stores.isEmpty() || unit <= 0 || unit % 512 != 0) {
			throw new IllegalArgumentException("Stripes of " + unit + " bytes on " + stores.size()
					+ " stores are not possible. Use a multiple of 512 bytes and at least one store.");
		}
		this.stores = List.copyOf(stores);
		this.unit = unit;
		long smallest = stores.stream().mapToLong(BlockStore::size).min().orElseThrow();
		this.size = Math.multiplyExact(smallest / unit * unit, stores.size());
		if (this.size == 0) {
			throw new IllegalArgumentException("Stripes of " + unit + " bytes do not fit on a store of " + smallest
					+ " bytes. Use smaller stripes or larger stores.");
		}
		this.operations = commonOperations();
	}

	private Set<BlockOperation> commonOperations() {
		Set<BlockOperation> common = EnumSet.allOf(BlockOperation.class);
		this.stores.forEach((store) -> common.retainAll(store.operations()));
		if (this.stores.stream().anyMatch((store) -> store.operations().contains(BlockOperation.FLUSH))) {
			common.add(BlockOperation.FLUSH);
		}
		return Collections.unmodifiableSet(common);
	}

	@Override
	public List<BlockStore> parts() {
		return this.stores;
	}

	@Override
	public long size() {
		return this.size;
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		return transfer(offset, destination, BlockStore::read);
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		return transfer(offset, source, BlockStore::write);
	}

	private Mono<Void> transfer(long offset, ByteBuffer buffer, Transfer transfer) {
		BlockIoException refusal = refusal(offset, buffer.remaining());
		if (refusal != null) {
			return Mono.error(refusal);
		}
		List<Mono<Void>> parts = new ArrayList<>();
		int start = buffer.position();
		int length = buffer.remaining();
		for (int done = 0; done < length;) {
			long at = offset + done;
			int count = (int) Math.min(length - done, this.unit - at % this.unit);
			int store = (int) (at / this.unit % this.stores.size());
			parts.add(transfer.start(this.stores.get(store), before(at, store), buffer.slice(start + done, count)));
			done += count;
		}
		return RequestParts.all(parts);
	}

	/**
	 * Returns how many of the bytes before an offset lie on a store.
	 */
	private long before(long offset, int store) {
		long row = (long) this.unit * this.stores.size();
		long inRow = offset % row - (long) store * this.unit;
		return offset / row * this.unit + Math.max(0, Math.min(this.unit, inRow));
	}

	@Override
	public Mono<Void> flush() {
		if (this.closed) {
			return Mono.error(closedException());
		}
		if (!this.operations.contains(BlockOperation.FLUSH)) {
			return BlockStore.super.flush();
		}
		return RequestParts.all(this.stores.stream()
			.filter((store) -> store.operations().contains(BlockOperation.FLUSH))
			.map(BlockStore::flush)
			.toList());
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return range(offset, length, (part) -> part.store().discard(part.offset(), part.length()));
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return range(offset, length, (part) -> part.store().writeZeroes(part.offset(), part.length(), mayUnmap));
	}

	/** A range of the whole is one range of each store. */
	private Mono<Void> range(long offset, long length, Function<Part, Mono<Void>> request) {
		BlockIoException refusal = refusal(offset, length);
		if (refusal != null) {
			return Mono.error(refusal);
		}
		List<Mono<Void>> parts = new ArrayList<>();
		for (int store = 0; store < this.stores.size(); store++) {
			long from = before(offset, store);
			long to = before(offset + length, store);
			if (from < to) {
				parts.add(request.apply(new Part(this.stores.get(store), from, to - from)));
			}
		}
		return RequestParts.all(parts);
	}

	private @Nullable BlockIoException refusal(long offset, long length) {
		return this.closed ? closedException() : BlockIoException.outside(this.size, offset, length);
	}

	private static BlockIoException closedException() {
		return new BlockIoException(BlockErrno.EIO, "The stripe store is closed");
	}

	@Override
	public Set<BlockOperation> operations() {
		return this.operations;
	}

	@Override
	public boolean fillsReadBuffers() {
		return this.stores.stream().allMatch(BlockStore::fillsReadBuffers);
	}

	/**
	 * Closes the stores. Later requests fail with EIO.
	 */
	@Override
	public void close() {
		this.closed = true;
		this.stores.forEach(BlockStore::close);
	}

	@Override
	public String toString() {
		return "stripes of " + this.unit + " bytes on " + this.stores;
	}

	private record Part(BlockStore store, long offset, long length) {

	}

	@FunctionalInterface
	private interface Transfer {

		Mono<Void> start(BlockStore store, long offset, ByteBuffer part);

	}

}
