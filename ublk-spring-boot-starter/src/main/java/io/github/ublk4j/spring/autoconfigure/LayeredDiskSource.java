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

package io.github.ublk4j.spring.autoconfigure;

import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Supplier;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.layer.ForwardingBlockStore;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.util.Assert;

/**
 * A store under layers, which are opened and closed with the disk.
 */
final class LayeredDiskSource implements DiskSource {

	private final DiskSource below;

	private final Supplier<BlockStore> store;

	private final LayerStack stack;

	private volatile Map<String, BlockStore> layers = Map.of();

	/**
	 * Creates a source.
	 * @param below what opens and closes the store
	 * @param store returns the store when it is open
	 * @param stack the layers
	 */
	LayeredDiskSource(DiskSource below, Supplier<BlockStore> store, LayerStack stack) {
		this.below = below;
		this.store = store;
		this.stack = stack;
	}

	@Override
	public OptionalLong defaultSize(String disk) {
		OptionalLong size = this.below.defaultSize(disk);
		return size.isPresent() ? OptionalLong.of(size.getAsLong() - this.stack.hidden()) : size;
	}

	@Override
	public void open(DiskSpec spec) {
		this.below.open(spec.withSize(spec.size() + this.stack.hidden()));
		this.layers = this.stack.open(new Bottom(this.store.get()), spec);
	}

	@Override
	public void requireServable(DiskSpec spec) {
		this.below.requireServable(spec);
	}

	@Override
	public Mono<UblkDevice> start(UblkEngine engine, DiskSpec spec) {
		BlockStore top = top();
		Assert.state(top != null, () -> "Not open: " + this);
		return engine.start(spec, top);
	}

	private @Nullable BlockStore top() {
		return this.layers.values().stream().findFirst().orElse(null);
	}

	@Override
	public @Nullable BlockStore openStore() {
		return this.below.openStore();
	}

	@Override
	public Map<String, BlockStore> layers() {
		return this.layers;
	}

	@Override
	public void close() {
		BlockStore top = top();
		this.layers = Map.of();
		try {
			if (top != null) {
				top.close();
			}
		}
		finally {
			this.below.close();
		}
	}

	@Override
	public String toString() {
		return this.below.toString();
	}

	/**
	 * The store as the lowest layer sees it. Whoever has opened it closes it.
	 */
	private static final class Bottom extends ForwardingBlockStore {

		Bottom(BlockStore store) {
			super(store);
		}

		@Override
		public void close() {
			// by the source below
		}

	}

}
