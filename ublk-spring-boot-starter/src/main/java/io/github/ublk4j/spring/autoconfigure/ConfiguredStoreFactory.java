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
import java.util.Set;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.BlockStoreFactory;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import io.github.ublk4j.store.StoreUnavailableException;
import org.jspecify.annotations.Nullable;

/**
 * A kind of store of the starter, some with properties of their own under
 * {@code ublk.devices.<name>}.
 */
interface ConfiguredStoreFactory extends BlockStoreFactory {

	/**
	 * Returns a factory of this kind: any other is one without properties.
	 */
	static ConfiguredStoreFactory of(BlockStoreFactory factory) {
		return (factory instanceof ConfiguredStoreFactory configured) ? configured : new WithoutProperties(factory);
	}

	@Override
	default BlockStore open(DiskSpec spec, String store) {
		return open(spec, store, Device.UNSET);
	}

	/**
	 * Makes a store for a disk.
	 * @throws StoreUnavailableException if it cannot be opened
	 */
	BlockStore open(DiskSpec spec, String store, Device properties);

	/**
	 * Returns the size of a disk that declares none, if the store exists already.
	 */
	default OptionalLong existingSize(String store, Device properties) {
		return existingSize(store);
	}

	/**
	 * Returns whether such a store can never have been made before, so that its disk
	 * needs a size.
	 */
	default boolean needsSize(Device properties) {
		return false;
	}

	/**
	 * Returns whether what is written to such a store can be read again.
	 */
	default boolean keepsWrites() {
		return true;
	}

	/**
	 * Returns the properties that are set and mean something to the store of a disk.
	 * @return properties in camel case
	 */
	default Set<String> usedProperties(Device properties) {
		String own = ownProperty(properties);
		return (own != null) ? Set.of(own) : Set.of();
	}

	/**
	 * Returns a property that is set and means something to this kind of store alone.
	 * @return the property in camel case, {@code null} if there is none
	 */
	default @Nullable String ownProperty(Device properties) {
		return null;
	}

	/**
	 * A factory of the application.
	 */
	record WithoutProperties(BlockStoreFactory factory) implements ConfiguredStoreFactory {

		@Override
		public String syntax() {
			return this.factory.syntax();
		}

		@Override
		public boolean supports(String store) {
			return this.factory.supports(store);
		}

		@Override
		public OptionalLong existingSize(String store) {
			return this.factory.existingSize(store);
		}

		@Override
		public BlockStore open(DiskSpec spec, String store, Device properties) {
			return this.factory.open(spec, store);
		}

	}

}
