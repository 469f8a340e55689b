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

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.mirror.MirrorBlockStore;
import org.jspecify.annotations.Nullable;

/**
 * {@code store: mirror}.
 */
final class MirrorBlockStoreFactory extends ComposedStoreFactory {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	MirrorBlockStoreFactory(BlockStoreFactories kinds) {
		super("mirror", kinds);
	}

	@Override
	List<String> stores(Device properties) {
		return properties.mirror().stores();
	}

	/** Asked for before members are opened, and perhaps made. */
	@Override
	long memberSize(long size, Device properties) {
		int members = stores(properties).size();
		if (members > MirrorBlockStore.MAX_MEMBERS) {
			throw new StoreUnavailableException("it has " + members + " stores.",
					"Leave at most " + MirrorBlockStore.MAX_MEMBERS + " in mirror.stores of the disk.");
		}
		return Math.addExact(size, MirrorBlockStore.DATA_OFFSET);
	}

	@Override
	long size(long smallestMember, Device properties) {
		return smallestMember - MirrorBlockStore.DATA_OFFSET;
	}

	/**
	 * A mirror keeps the size that it was made with, and members that are not there yet
	 * get it.
	 */
	@Override
	public OptionalLong existingSize(String store, Device properties) {
		Long labelled = labelledSize(properties);
		return (labelled != null) ? OptionalLong.of(labelled) : super.existingSize(store, properties);
	}

	private @Nullable Long labelledSize(Device properties) {
		List<BlockStore> existing = openExisting(properties);
		try {
			return MirrorBlockStore.of(existing).existingSize().block(PATIENCE);
		}
		finally {
			existing.forEach(BlockStore::close);
		}
	}

	/**
	 * A member that would get too small for the disk is not what is to be mended.
	 */
	@Override
	public BlockStore open(DiskSpec spec, String store, Device properties) {
		Long labelled = labelledSize(properties);
		if (labelled != null && labelled < spec.size()) {
			throw new StoreUnavailableException(
					"its mirror was made with " + SizeText.of(labelled) + " and keeps that.",
					"Leave out " + PropertyNames.of(spec.name(), "size")
							+ ": the disk is as large as its mirror. A larger one is a new mirror, of new stores.");
		}
		return super.open(spec, store, properties);
	}

	/** Labels are written to members, and have to be there later. */
	@Override
	boolean canBeMember(ConfiguredStoreFactory member) {
		return super.canBeMember(member) && member.keepsWrites();
	}

	@Override
	BlockStore compose(DiskSpec spec, List<BlockStore> members, Device properties) {
		return Objects.requireNonNull(
				MirrorBlockStore.of(members).name("mirror of disk '" + spec.name() + "'").open().block(PATIENCE),
				"no mirror");
	}

	@Override
	public @Nullable String ownProperty(Device properties) {
		return properties.mirror().ownProperty();
	}

}
