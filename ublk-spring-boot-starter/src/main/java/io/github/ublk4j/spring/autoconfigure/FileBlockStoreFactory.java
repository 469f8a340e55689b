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

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import io.github.ublk4j.store.FileBlockStore;
import org.jspecify.annotations.Nullable;

/**
 * {@code store: file:/path/to/disk.img}.
 */
final class FileBlockStoreFactory implements ConfiguredStoreFactory {

	private static final String PREFIX = "file:";

	@Override
	public String syntax() {
		return "file:/path/to/disk.img";
	}

	@Override
	public boolean supports(String store) {
		return store.startsWith(PREFIX) && store.length() > PREFIX.length();
	}

	@Override
	public OptionalLong existingSize(String store) {
		Path path = path(store);
		if (Files.notExists(path)) {
			return OptionalLong.empty();
		}
		try (FileBlockStore existing = FileBlockStore.at(path).createIfMissing(false).readOnly(true).open()) {
			return OptionalLong.of(existing.size());
		}
	}

	@Override
	public BlockStore open(DiskSpec spec, String store, Device properties) {
		return FileBlockStore.at(path(store))
			.size(spec.size())
			.readOnly(spec.readOnly())
			.directIo(properties.file().directIo())
			.open();
	}

	@Override
	public @Nullable String ownProperty(Device properties) {
		return properties.file().directIo() ? "file.directIo" : null;
	}

	private static Path path(String store) {
		return Path.of(store.substring(PREFIX.length()));
	}

}
