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

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import io.github.ublk4j.store.StoreUnavailableException;
import org.jspecify.annotations.Nullable;

/**
 * Makes the stores of one kind, as asked for by {@code ublk.devices.<name>.store}.
 */
interface BlockStoreFactory {

	/**
	 * Returns how the property is written for this kind of store.
	 */
	String syntax();

	/**
	 * Returns whether the property asks for this kind of store.
	 */
	boolean supports(String store);

	/**
	 * Returns the size of a disk that declares none, if the store exists already.
	 * @throws StoreUnavailableException if it exists, but cannot be opened
	 */
	default OptionalLong existingSize(String store) {
		return OptionalLong.empty();
	}

	/**
	 * Makes a store for a disk.
	 * @throws StoreUnavailableException if it cannot be opened
	 */
	BlockStore open(DiskSpec spec, String store, Device properties);

	/**
	 * Returns a property that is set and means something to this kind of store alone.
	 * @return the property in camel case, {@code null} if there is none
	 */
	@Nullable String ownProperty(Device properties);

}
