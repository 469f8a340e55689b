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

import java.util.OptionalLong;
import java.util.function.Supplier;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import io.github.ublk4j.store.StoreUnavailableException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.util.Assert;

/**
 * A store asked for by {@code ublk.devices.<name>.store}, opened and closed with the
 * disk.
 */
final class StoreDiskSource implements DiskSource {

	private final ConfiguredStoreFactory factory;

	private final String store;

	private final Device properties;

	private volatile @Nullable BlockStore opened;

	StoreDiskSource(ConfiguredStoreFactory factory, String store, Device properties) {
		this.factory = factory;
		this.store = store;
		this.properties = properties;
	}

	@Override
	public OptionalLong defaultSize(String disk) {
		return explained(disk, () -> this.factory.existingSize(this.store, this.properties));
	}

	@Override
	public void open(DiskSpec spec) {
		this.opened = explained(spec.name(), () -> this.factory.open(spec, this.store, this.properties));
	}

	private <T> T explained(String disk, Supplier<T> action) {
		String subject = "The disk '" + disk + "' cannot be made, because " + PropertyNames.of(disk, "store") + "="
				+ StoreText.shown(this.store) + " cannot be opened: ";
		try {
			return action.get();
		}
		catch (StoreUnavailableException ex) {
			throw new DiskStartupException(subject + ex.problem(), ex.remedy(), ex);
		}
		catch (IllegalArgumentException ex) {
			throw new DiskStartupException(subject + ex.getMessage(),
					"Change " + PropertyNames.of(disk, "size") + " or " + PropertyNames.of(disk, "store") + ".", ex);
		}
	}

	/**
	 * Returns the store that is open.
	 */
	BlockStore store() {
		BlockStore store = this.opened;
		Assert.state(store != null, () -> "Not open: " + this);
		return store;
	}

	@Override
	public @Nullable BlockStore openStore() {
		return this.opened;
	}

	@Override
	public Mono<UblkDevice> start(UblkEngine engine, DiskSpec spec) {
		return engine.start(spec, store());
	}

	@Override
	public void close() {
		BlockStore store = this.opened;
		this.opened = null;
		if (store != null) {
			store.close();
		}
	}

	@Override
	public String toString() {
		return "store " + StoreText.shown(this.store);
	}

}
