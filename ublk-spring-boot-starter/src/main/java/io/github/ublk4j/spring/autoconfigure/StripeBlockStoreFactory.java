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

import java.util.List;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.StripeBlockStore;
import org.jspecify.annotations.Nullable;

import org.springframework.util.unit.DataSize;

/**
 * {@code store: stripe}.
 */
final class StripeBlockStoreFactory extends ComposedStoreFactory {

	private static final DataSize DEFAULT_UNIT = DataSize.ofKilobytes(64);

	StripeBlockStoreFactory(BlockStoreFactories kinds) {
		super("stripe", kinds);
	}

	@Override
	List<String> stores(Device properties) {
		return properties.stripe().stores();
	}

	@Override
	long memberSize(long size, Device properties) {
		long row = Math.multiplyExact(stores(properties).size(), unit(properties));
		return (row > 0) ? Math.addExact(size, row - 1) / row * unit(properties) : size;
	}

	@Override
	long size(long smallestMember, Device properties) {
		return smallestMember / unit(properties) * unit(properties) * stores(properties).size();
	}

	@Override
	public boolean needsSize(Device properties) {
		return anyNeedsSize(properties);
	}

	@Override
	BlockStore compose(DiskSpec spec, List<BlockStore> members, Device properties) {
		return new StripeBlockStore(members, (int) unit(properties));
	}

	/** Asked for before members are opened, and perhaps made. */
	private static long unit(Device properties) {
		DataSize unit = properties.stripe().unit();
		long bytes = ((unit != null) ? unit : DEFAULT_UNIT).toBytes();
		if (bytes <= 0 || bytes % SECTOR != 0 || bytes > Integer.MAX_VALUE) {
			throw new StoreUnavailableException("its stripes cannot have " + bytes + " bytes.",
					"Set stripe.unit of the disk to a multiple of 512 bytes, such as 64KB.");
		}
		return bytes;
	}

	@Override
	public @Nullable String ownProperty(Device properties) {
		return properties.stripe().ownProperty();
	}

}
