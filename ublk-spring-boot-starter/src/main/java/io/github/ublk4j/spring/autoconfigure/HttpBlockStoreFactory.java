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
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.Supplier;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.HttpStore;
import io.github.ublk4j.spring.http.HttpBlockStore;
import io.github.ublk4j.store.StoreUnavailableException;
import org.jspecify.annotations.Nullable;

import org.springframework.web.reactive.function.client.WebClient;

/**
 * {@code store: https://host/path/to/disk.img}.
 */
final class HttpBlockStoreFactory implements ConfiguredStoreFactory {

	static final String SYNTAX = "https://host/path/to/disk.img";

	private final Supplier<WebClient> client;

	HttpBlockStoreFactory(Supplier<WebClient> client) {
		this.client = client;
	}

	@Override
	public String syntax() {
		return SYNTAX;
	}

	@Override
	public boolean supports(String store) {
		return store.startsWith("http://") || store.startsWith("https://");
	}

	@Override
	public boolean keepsWrites() {
		return false;
	}

	@Override
	public OptionalLong existingSize(String store) {
		return existingSize(store, Device.UNSET);
	}

	@Override
	public OptionalLong existingSize(String store, Device properties) {
		try (HttpBlockStore image = open(store, properties.http())) {
			return OptionalLong.of(image.size());
		}
	}

	@Override
	public BlockStore open(DiskSpec spec, String store, Device properties) {
		HttpBlockStore image = open(store, properties.http());
		if (image.size() < spec.size()) {
			image.close();
			throw new StoreUnavailableException(
					"The " + image + " has " + image.size() + " bytes, not " + spec.size() + ".",
					"Leave the size out, or make it that of the image.");
		}
		return image;
	}

	private HttpBlockStore open(String store, HttpStore properties) {
		HttpBlockStore.Builder builder = HttpBlockStore.at(this.client.get(), store);
		Duration timeout = properties.timeout();
		if (timeout != null) {
			if (timeout.toMillis() < 1) {
				throw new StoreUnavailableException("http.timeout is " + timeout + ".",
						"Set http.timeout of the disk to 1ms or more, such as 5s, or leave it out.");
			}
			builder.timeout(timeout);
		}
		Integer retries = properties.retries();
		if (retries != null) {
			if (retries < 0) {
				throw new StoreUnavailableException("http.retries is " + retries + ".",
						"Set http.retries of the disk to 0 or more, such as 3, or leave it out.");
			}
			builder.retries(retries);
		}
		try {
			return Objects.requireNonNull(builder.open().block(), "no store");
		}
		catch (StoreUnavailableException | IllegalArgumentException ex) {
			throw ex;
		}
		catch (RuntimeException ex) {
			throw new StoreUnavailableException(
					"The image " + StoreText.shown(store) + " cannot be served: " + ex.getMessage() + ".",
					"Check the WebClient.Builder.", ex);
		}
	}

	@Override
	public @Nullable String ownProperty(Device properties) {
		return properties.http().ownProperty();
	}

}
