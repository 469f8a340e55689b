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
import java.util.List;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.store.StoreUnavailableException;

/**
 * Collects how to open a mirror.
 */
public final class MirrorBlockStoreBuilder {

	private final List<BlockStore> stores;

	private String name = "mirror";

	private int regionSize = 1 << 20;

	private Duration retryEvery = Duration.ofSeconds(10);

	MirrorBlockStoreBuilder(List<? extends BlockStore> stores) {
		this.stores = List.copyOf(stores);
	}

	/**
	 * Sets what the log calls the mirror, such as {@code mirror of disk 'scratch'}.
	 * @param name words that can follow an article; default {@code mirror}
	 * @return this builder
	 */
	public MirrorBlockStoreBuilder name(String name) {
		this.name = name;
		return this;
	}

	/**
	 * Sets what is copied at once to a member that has missed a part of it.
	 * @param bytes a power of two from 4 KiB to 64 MiB; default 1 MiB
	 * @return this builder
	 */
	public MirrorBlockStoreBuilder regionSize(int bytes) {
		this.regionSize = bytes;
		return this;
	}

	/**
	 * Sets when a member that is not current is tried again.
	 * @param period at least 1 millisecond; default 10 seconds
	 * @return this builder
	 */
	public MirrorBlockStoreBuilder retryEvery(Duration period) {
		this.retryEvery = period;
		return this;
	}

	/**
	 * Reads how large the mirror is that the stores are members of. Nothing is changed or
	 * closed, and the stores need not be all of its members. Their own size does not say
	 * it: a mirror keeps the size that it was made with when its members become larger.
	 * @return bytes, empty if no store is a member of a mirror yet; fails with a
	 * {@link StoreUnavailableException} if one cannot be read
	 */
	public Mono<Long> existingSize() {
		return Flux.fromIterable(this.stores)
			.filter((store) -> store.size() > MirrorBlockStore.DATA_OFFSET)
			.concatMap((store) -> start(store, MirrorLabel.SLOTS * MirrorLabel.LENGTH))
			.mapNotNull(MirrorLabel::latest)
			.reduce((one, other) -> (one.events() > other.events()) ? one : other)
			.map(MirrorLabel::size);
	}

	/**
	 * Opens the mirror. Stores without labels are made members, and get the content of
	 * the current ones; if none has a label, that of the first. They must begin with 1
	 * MiB of zeros. Stores that can only be read are served as they are, and not
	 * resynced.
	 * @return the store; fails with a {@link StoreUnavailableException} if the stores are
	 * no mirror and cannot become one
	 */
	public Mono<MirrorBlockStore> open() {
		if (this.stores.isEmpty() || this.stores.size() > MirrorBlockStore.MAX_MEMBERS) {
			throw new IllegalArgumentException("A mirror cannot have " + this.stores.size() + " members. Use 1 to "
					+ MirrorBlockStore.MAX_MEMBERS + ".");
		}
		if (this.regionSize < 4 << 10 || this.regionSize > 64 << 20 || Integer.bitCount(this.regionSize) != 1
				|| this.retryEvery.toMillis() < 1) {
			throw new IllegalArgumentException(
					"A mirror cannot be resynced in regions of " + this.regionSize + " bytes every " + this.retryEvery
							+ ". Use a power of two from 4 KiB to 64 MiB, and 1 ms or more.");
		}
		return Flux.fromIterable(this.stores)
			.concatMap(MirrorBlockStoreBuilder::look)
			.collectList()
			.flatMap(this::open)
			.doOnError((failure) -> this.stores.forEach(BlockStore::close));
	}

	private Mono<MirrorBlockStore> open(List<MirrorAssembly.Found> found) {
		MirrorAssembly assembly = MirrorAssembly.of(found, this.name);
		MirrorMembers members = assembly.members(this.regionSize);
		MirrorLabels labels = new MirrorLabels(assembly.mirror(), members, assembly.events());
		boolean writable = this.stores.stream().allMatch((store) -> store.operations().contains(BlockOperation.WRITE));
		if (!writable && assembly.isNew()) {
			return Mono.error(new StoreUnavailableException("The stores " + this.stores + " are no mirror yet.",
					"Open them writable once."));
		}
		Mono<Void> recorded = labels.record()
			.onErrorMap(BlockIoException.class, (failure) -> new StoreUnavailableException(failure.getMessage() + ".",
					"Mend the store, or serve the mirror without it.", failure));
		return (writable ? recorded : Mono.<Void>empty())
			.then(Mono.fromSupplier(() -> new MirrorBlockStore(members, labels, this.retryEvery)));
	}

	private static Mono<MirrorAssembly.Found> look(BlockStore store) {
		if (store.size() <= MirrorBlockStore.DATA_OFFSET) {
			return Mono.error(new StoreUnavailableException(
					"The member " + store + " has " + store.size() + " bytes, too few for a member of a mirror.",
					"Use a store of more than 1 MiB, which the labels of the mirror take."));
		}
		return start(store, MirrorBlockStore.DATA_OFFSET).map((start) -> MirrorAssembly.Found.of(store, start));
	}

	private static Mono<ByteBuffer> start(BlockStore store, int length) {
		ByteBuffer start = ByteBuffer.allocate(length);
		return store.read(0, start.duplicate())
			.onErrorMap((failure) -> new StoreUnavailableException(
					"The member " + store + " cannot be read: " + failure.getMessage() + ".",
					"Mend it, or serve the mirror without it.", failure))
			.thenReturn(start);
	}

}
