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

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import io.github.ublk4j.store.StoreUnavailableException;

/**
 * A kind of store that is made of others, which are written like {@code store} itself in
 * the property {@code <kind>.stores}.
 */
abstract class ComposedStoreFactory implements ConfiguredStoreFactory {

	static final int SECTOR = 512;

	private final String kind;

	private final BlockStoreFactories kinds;

	ComposedStoreFactory(String kind, BlockStoreFactories kinds) {
		this.kind = kind;
		this.kinds = kinds;
	}

	/** Returns the members that are asked for. */
	abstract List<String> stores(Device properties);

	/** Returns the bytes of each of some members of a disk. */
	abstract long memberSize(long size, Device properties);

	/** Returns the bytes of a disk of some members. */
	abstract long size(long smallestMember, Device properties);

	/** Puts stores together, which are closed by the caller if that fails. */
	abstract BlockStore compose(DiskSpec spec, List<BlockStore> members, Device properties);

	@Override
	public String syntax() {
		return this.kind;
	}

	@Override
	public boolean supports(String store) {
		return store.equals(this.kind);
	}

	private List<String> members(Device properties) {
		List<String> stores = stores(properties);
		if (stores.isEmpty()) {
			throw new StoreUnavailableException("it has no stores.", "Set " + this.kind
					+ ".stores of the disk to those that it is made of, such as file:/disk1/a.img and file:/disk2/a.img.");
		}
		return stores;
	}

	private ConfiguredStoreFactory kindOf(String member) {
		ConfiguredStoreFactory found = this.kinds.find(member)
			.orElseThrow(() -> new StoreUnavailableException(
					"there is no store '" + StoreText.shown(member) + "' for a member.", remedy(member)));
		if (!canBeMember(found)) {
			throw new StoreUnavailableException(
					"the store '" + StoreText.shown(member) + "' cannot be a member of a " + this.kind + ".",
					remedy(member));
		}
		return found;
	}

	private String remedy(String member) {
		return this.kinds.remedy("an entry of " + this.kind + ".stores", member, this.kinds.syntax(this::canBeMember));
	}

	/** Returns whether the store can be made of those of a kind. */
	boolean canBeMember(ConfiguredStoreFactory member) {
		return !(member instanceof ComposedStoreFactory);
	}

	@Override
	public OptionalLong existingSize(String store, Device properties) {
		long smallest = Long.MAX_VALUE;
		for (String member : members(properties)) {
			OptionalLong size = kindOf(member).existingSize(member, properties);
			if (size.isEmpty()) {
				return size;
			}
			smallest = Math.min(smallest, size.getAsLong());
		}
		long size = size(smallest, properties);
		return (size > 0) ? OptionalLong.of(size) : OptionalLong.empty();
	}

	/** Returns whether there is a member that can never have been made before. */
	boolean anyNeedsSize(Device properties) {
		return stores(properties).stream()
			.flatMap((member) -> this.kinds.find(member).stream())
			.anyMatch((factory) -> factory.needsSize(properties));
	}

	/**
	 * Opens the members that exist, to be read and closed by the caller.
	 */
	List<BlockStore> openExisting(Device properties) {
		List<BlockStore> opened = new ArrayList<>();
		try {
			for (String member : members(properties)) {
				long size = kindOf(member).existingSize(member, properties).orElse(0) / SECTOR * SECTOR;
				if (size > 0) {
					DiskSpec spec = DiskSpec.named(this.kind).size(size).readOnly(true).build();
					opened.add(openMember(spec, member, properties));
				}
			}
			return opened;
		}
		catch (RuntimeException ex) {
			opened.forEach(BlockStore::close);
			throw ex;
		}
	}

	@Override
	public BlockStore open(DiskSpec spec, String store, Device properties) {
		DiskSpec memberSpec = spec.withSize(memberSize(spec.size(), properties));
		List<BlockStore> opened = new ArrayList<>();
		try {
			for (String member : members(properties)) {
				opened.add(openMember(memberSpec, member, properties));
			}
			BlockStore composed = compose(spec, opened, properties);
			if (composed.size() < spec.size()) {
				composed.close();
				throw new StoreUnavailableException(
						"it has " + SizeText.of(composed.size()) + ", not " + SizeText.of(spec.size()) + ".",
						"Set the size of the disk to " + SizeText.of(composed.size()) + ".");
			}
			return composed;
		}
		catch (RuntimeException ex) {
			opened.forEach(BlockStore::close);
			throw ex;
		}
	}

	private BlockStore openMember(DiskSpec spec, String member, Device properties) {
		ConfiguredStoreFactory factory = kindOf(member);
		try {
			return factory.open(spec, member, properties);
		}
		catch (StoreUnavailableException ex) {
			throw new StoreUnavailableException("its member " + StoreText.shown(member) + ": " + ex.problem(),
					ex.remedy(), ex);
		}
		catch (IllegalArgumentException ex) {
			throw new StoreUnavailableException("its member " + StoreText.shown(member) + ": " + ex.getMessage(),
					"Change the entry of " + this.kind + ".stores.", ex);
		}
	}

	/** Those of the members are used too. */
	@Override
	public Set<String> usedProperties(Device properties) {
		Set<String> used = new HashSet<>(ConfiguredStoreFactory.super.usedProperties(properties));
		for (String member : stores(properties)) {
			this.kinds.find(member)
				.filter(this::canBeMember)
				.ifPresent((factory) -> used.addAll(factory.usedProperties(properties)));
		}
		return used;
	}

}
