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
import java.util.List;
import java.util.Set;

import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * A layer that does nothing: every method is that of the store below. Layers override
 * what they change.
 * <p>
 * {@link #handler()} is not passed on: the handler of the store below might move data
 * past the layer.
 */
public abstract class ForwardingBlockStore implements BlockStore {

	private final BlockStore below;

	/**
	 * Creates a layer.
	 * @param below the store below, closed with the layer
	 */
	protected ForwardingBlockStore(BlockStore below) {
		this.below = below;
	}

	/**
	 * Returns the store below.
	 * @return the store
	 */
	protected final BlockStore below() {
		return this.below;
	}

	@Override
	public long size() {
		return this.below.size();
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		return this.below.read(offset, destination);
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		return this.below.write(offset, source);
	}

	@Override
	public Mono<Void> flush() {
		return this.below.flush();
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return this.below.discard(offset, length);
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return this.below.writeZeroes(offset, length, mayUnmap);
	}

	@Override
	public Set<BlockOperation> operations() {
		return this.below.operations();
	}

	@Override
	public boolean fillsReadBuffers() {
		return this.below.fillsReadBuffers();
	}

	@Override
	public List<BlockStore> parts() {
		return List.of(this.below);
	}

	@Override
	public void close() {
		this.below.close();
	}

}
