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

package io.github.ublk4j.spring;

import java.util.OptionalLong;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.store.StoreUnavailableException;

/**
 * Makes the stores of one kind, as asked for by {@code ublk.devices.<name>.store}. A bean
 * of this type adds a kind to those of the starter; where several support the same value,
 * the first in the order of {@code @Order} is taken, and those of the starter come last.
 * <p>
 * Methods are called while disks are started, by any thread that may block, and for
 * several disks at the same time if they are started by
 * {@link BlockDevices#start(String)}.
 */
public interface BlockStoreFactory {

	/**
	 * Returns how the property is written for this kind of store, for messages.
	 * @return for example {@code bucket:<name>}
	 */
	String syntax();

	/**
	 * Returns whether the property asks for this kind of store.
	 * @param store the value of the property
	 * @return whether {@link #open} can make it
	 */
	boolean supports(String store);

	/**
	 * Returns the size of a disk that declares none, if the store exists already.
	 * @param store the value of the property
	 * @return bytes; empty by default
	 * @throws StoreUnavailableException if it exists, but cannot be opened
	 */
	default OptionalLong existingSize(String store) {
		return OptionalLong.empty();
	}

	/**
	 * Makes the store of a disk. It is closed when the disk has stopped, and another one
	 * is made when the disk starts again.
	 * @param spec the disk
	 * @param store the value of the property
	 * @return a store of at least {@link DiskSpec#size()} bytes
	 * @throws StoreUnavailableException if it cannot be opened
	 * @throws IllegalArgumentException if the value or the size is of no use
	 */
	BlockStore open(DiskSpec spec, String store);

}
