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

package io.github.ublk4j.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.layer.DelayStore;
import io.github.ublk4j.layer.LayerCompositions;
import io.github.ublk4j.layer.RateLimit;
import io.github.ublk4j.layer.RateLimitStore;
import io.github.ublk4j.layer.RetryStore;
import io.github.ublk4j.store.MemoryBlockStore;
import io.github.ublk4j.store.StripeBlockStore;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.DirectoryChunkVolume;
import io.github.ublk4j.store.mirror.MirrorBlockStore;

/**
 * The stores and layers that {@code docs/benchmarks/run.sh} measures, by names like
 * {@code memory} and {@code memory+encrypt}: layers after the store, the nearest to the
 * kernel last, with {@code _} for blanks.
 */
final class BenchmarkStores {

	/** Bytes of each disk. */
	static final long SIZE = 64 << 20;

	// labels of mirrors lie below the data
	private static final long LARGER = SIZE + LayerCompositions.MARGIN;

	private static final int CHUNK = 64 << 10;

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private BenchmarkStores() {
	}

	static BlockStore open(String name, Path directory) {
		List<String> parts = Arrays.stream(name.split("\\+")).map((part) -> part.replace('_', ' ')).toList();
		BlockStore top = store(parts.get(0), directory);
		for (String layer : parts.subList(1, parts.size())) {
			top = layer(layer, top, directory);
		}
		return top;
	}

	// some have nothing to do here, so that only what they cost is measured
	private static BlockStore layer(String name, BlockStore below, Path directory) {
		return switch (name) {
			case "delay of nothing" -> new DelayStore(below);
			case "rate-limit out of reach" ->
				new RateLimitStore(below, new RateLimit(1L << 40, 1L << 30, Duration.ofMillis(100)));
			case "retry of no errors" -> new RetryStore(below, 3, Duration.ofMillis(10), Duration.ofSeconds(1));
			default -> LayerCompositions.over(name, below, directory);
		};
	}

	private static BlockStore store(String name, Path directory) {
		return switch (name) {
			case "memory" -> MemoryBlockStore.preTouched(LARGER);
			case "directory" -> chunks(directory);
			case "stripe" -> new StripeBlockStore(memories(LARGER / 2), CHUNK);
			case "mirror" ->
				Objects.requireNonNull(MirrorBlockStore.of(memories(LARGER)).open().block(PATIENCE), "a mirror");
			default -> throw new IllegalArgumentException("There is no store " + name);
		};
	}

	private static BlockStore chunks(Path directory) {
		try {
			Path volume = Files.createTempDirectory(directory, "volume");
			return Objects.requireNonNull(ChunkBlockStore.of(DirectoryChunkVolume.at(volume))
				.size(LARGER)
				.chunkSize(CHUNK)
				.open()
				.block(PATIENCE), "a store in chunks");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static List<MemoryBlockStore> memories(long size) {
		return Stream.generate(() -> MemoryBlockStore.preTouched(size)).limit(2).toList();
	}

}
