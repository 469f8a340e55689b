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
import java.util.OptionalLong;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.ChunkedStore;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.ChunkBlockStoreBuilder;
import io.github.ublk4j.store.chunk.ChunkVolume;
import io.github.ublk4j.store.chunk.VolumeDescriptor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.util.unit.DataSize;

/**
 * A kind of store that keeps a disk in chunks, written {@code <kind>:<volume>}.
 */
abstract class ChunkStoreFactory implements ConfiguredStoreFactory {

	private final String prefix;

	private final String example;

	private final String connection;

	/**
	 * Creates a factory.
	 * @param kind what stands before the colon
	 * @param example what can stand after it
	 * @param connection what to check if nobody answers, a sentence
	 */
	ChunkStoreFactory(String kind, String example, String connection) {
		this.prefix = kind + ":";
		this.example = example;
		this.connection = connection;
	}

	/**
	 * Names a volume, which need not exist.
	 */
	abstract ChunkVolume volume(String name);

	/** Returns how long opening a volume may take. */
	Duration patience() {
		return Duration.ofSeconds(30);
	}

	private ChunkVolume volumeOf(String store) {
		return volume(store.substring(this.prefix.length()));
	}

	@Override
	public String syntax() {
		return this.prefix + this.example;
	}

	@Override
	public boolean supports(String store) {
		return store.startsWith(this.prefix) && store.length() > this.prefix.length();
	}

	@Override
	public OptionalLong existingSize(String store) {
		ChunkVolume volume = volumeOf(store);
		VolumeDescriptor descriptor = answer(volume, volume.describe());
		return (descriptor != null) ? OptionalLong.of(descriptor.size()) : OptionalLong.empty();
	}

	@Override
	public BlockStore open(DiskSpec spec, String store, Device properties) {
		ChunkVolume volume = volumeOf(store);
		ChunkedStore chunks = properties.chunks();
		ChunkBlockStoreBuilder builder = ChunkBlockStore.of(volume)
			.size(spec.size())
			.readOnly(spec.readOnly())
			.takeOver(chunks.takeOver());
		DataSize chunkSize = chunks.chunkSize();
		if (chunkSize != null) {
			builder.chunkSize(bytes(chunkSize));
		}
		ChunkBlockStore opened = answer(volume, builder.open());
		if (opened == null) {
			throw new IllegalStateException("The " + volume + " was not opened");
		}
		return opened;
	}

	private static int bytes(DataSize chunkSize) {
		long bytes = chunkSize.toBytes();
		if (!VolumeDescriptor.isChunkSize(bytes)) {
			throw new StoreUnavailableException("chunks.chunk-size is " + SizeText.of(bytes) + ".",
					"Set chunks.chunk-size of the disk to a power of two from "
							+ SizeText.of(VolumeDescriptor.MIN_CHUNK_SIZE) + " to "
							+ SizeText.of(VolumeDescriptor.MAX_CHUNK_SIZE) + ", or leave it out.");
		}
		return (int) bytes;
	}

	private <T> @Nullable T answer(ChunkVolume volume, Mono<T> question) {
		try {
			return question.timeout(patience(), Mono.error(() -> late(volume))).block();
		}
		catch (StoreUnavailableException | IllegalArgumentException ex) {
			throw ex;
		}
		catch (RuntimeException ex) {
			Throwable cause = (ex.getCause() != null) ? ex.getCause() : ex;
			throw new StoreUnavailableException("The " + volume + " cannot be used: " + cause.getMessage() + ".",
					this.connection, ex);
		}
	}

	private StoreUnavailableException late(ChunkVolume volume) {
		return new StoreUnavailableException(
				"The " + volume + " has not answered within " + patience().toSeconds() + " seconds.", this.connection);
	}

	@Override
	public @Nullable String ownProperty(Device properties) {
		if (properties.chunks().chunkSize() != null) {
			return "chunks.chunkSize";
		}
		return properties.chunks().takeOver() ? "chunks.takeOver" : null;
	}

}
