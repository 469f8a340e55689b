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

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import io.github.ublk4j.store.MemoryBlockStore;
import org.jspecify.annotations.Nullable;

/**
 * {@code store: memory}.
 */
final class MemoryBlockStoreFactory implements ConfiguredStoreFactory {

	@Override
	public String syntax() {
		return "memory";
	}

	@Override
	public boolean supports(String store) {
		return store.equals("memory");
	}

	@Override
	public boolean needsSize(Device properties) {
		return true;
	}

	@Override
	public BlockStore open(DiskSpec spec, String store, Device properties) {
		return properties.memory().preTouch() ? MemoryBlockStore.preTouched(spec.size())
				: MemoryBlockStore.sparse(spec.size());
	}

	@Override
	public @Nullable String ownProperty(Device properties) {
		return properties.memory().preTouch() ? "memory.preTouch" : null;
	}

}
