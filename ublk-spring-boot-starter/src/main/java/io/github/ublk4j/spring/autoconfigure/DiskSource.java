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

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What serves a disk. {@link Object#toString()} names it for people.
 */
interface DiskSource {

	/**
	 * Returns the size of a disk that declares none. Asked only then.
	 * @param disk the name of the disk
	 */
	default OptionalLong defaultSize(String disk) {
		return OptionalLong.empty();
	}

	/**
	 * Refuses a disk that this source cannot serve, whatever {@link #open} finds.
	 */
	default void requireServable(DiskSpec spec) {
	}

	/**
	 * Takes what the disk needs. Called for all disks before the first is started, so
	 * that a bad path does not bring disks up only to take them down again.
	 */
	default void open(DiskSpec spec) {
	}

	/**
	 * Starts the disk.
	 */
	Mono<UblkDevice> start(UblkEngine engine, DiskSpec spec);

	/**
	 * Returns the store that is open, below all layers.
	 * @return the store, {@code null} if none is, or what serves the disk is not one
	 */
	default @Nullable BlockStore openStore() {
		return null;
	}

	/**
	 * Returns the layers that are open, the nearest to the kernel first, by their names.
	 */
	default Map<String, BlockStore> layers() {
		return Map.of();
	}

	/**
	 * Returns what {@link #open} took. Called after the device stopped, and also if
	 * {@link #open} was not called or failed.
	 */
	default void close() {
	}

}
