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

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import reactor.core.publisher.Mono;

/**
 * Stands for a store that this host shall not open, to look at the rest of its disk.
 *
 * @param store what the property asks for
 * @param needsSize whether the size has to be declared
 */
record UnopenedSource(String store, boolean needsSize) implements DiskSource {

	// any that every block size divides
	private static final long SOME_SIZE = 1L << 30;

	@Override
	public OptionalLong defaultSize(String disk) {
		return this.needsSize ? OptionalLong.empty() : OptionalLong.of(SOME_SIZE);
	}

	@Override
	public Mono<UblkDevice> start(UblkEngine engine, DiskSpec spec) {
		return Mono.error(new IllegalStateException("Not to be opened: " + this));
	}

	@Override
	public String toString() {
		return "store " + StoreText.shown(this.store);
	}

}
