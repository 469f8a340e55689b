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

package io.github.ublk4j.block;

import java.util.Set;

import reactor.core.publisher.Mono;

/**
 * Serves a {@link BlockStore} as a disk. A write with
 * {@linkplain WriteRequest#forceUnitAccess() forced unit access} is a write and a flush,
 * or a write alone if the store does not support FLUSH and so promises that what is
 * written is durable.
 */
public final class BlockStoreHandler implements BlockDeviceHandler {

	private final BlockStore store;

	private final boolean flushes;

	/**
	 * Creates a handler.
	 * @param store where the data goes; not closed by the handler
	 */
	public BlockStoreHandler(BlockStore store) {
		this.store = store;
		this.flushes = store.operations().contains(BlockOperation.FLUSH);
	}

	@Override
	public Mono<Void> read(ReadRequest request) {
		return this.store.read(request.offset(), request.buffer());
	}

	@Override
	public Mono<Void> write(WriteRequest request) {
		Mono<Void> written = this.store.write(request.offset(), request.buffer());
		return (this.flushes && request.forceUnitAccess()) ? written.then(Mono.defer(this.store::flush)) : written;
	}

	@Override
	public Mono<Void> flush(FlushRequest request) {
		return this.store.flush();
	}

	@Override
	public Mono<Void> discard(DiscardRequest request) {
		return this.store.discard(request.offset(), request.length());
	}

	@Override
	public Mono<Void> writeZeroes(WriteZeroesRequest request) {
		return this.store.writeZeroes(request.offset(), request.length(), request.mayUnmap());
	}

	@Override
	public Set<BlockOperation> operations() {
		return this.store.operations();
	}

	@Override
	public boolean fillsReadBuffers() {
		return this.store.fillsReadBuffers();
	}

}
