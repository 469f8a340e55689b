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

package io.github.ublk4j.layer;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.store.MemoryBlockStore;
import org.slf4j.event.Level;

/**
 * The layers of this package that leave the data of a disk as it is, by name, and stacks
 * of them.
 */
public final class LayerCompositions {

	/** How much of the store below the layers may take for themselves. */
	public static final int MARGIN = 8 << 20;

	private static final AtomicInteger files = new AtomicInteger();

	private static final Map<String, Factory> layers = new LinkedHashMap<>();

	static {
		layers.put("window", (below, directory) -> new WindowStore(below, 1 << 20, 0));
		layers.put("delay", (below, directory) -> new DelayStore(below).delay(BlockOperation.READ, Duration.ofMillis(1))
			.delay(BlockOperation.WRITE, Duration.ofMillis(1)));
		layers.put("error", (below, directory) -> new ErrorStore(below));
		layers.put("pause", (below, directory) -> new PauseStore(below));
		layers.put("rate-limit", (below, directory) -> new RateLimitStore(below,
				new RateLimit(256 << 20, 20_000, Duration.ofMillis(100))));
		layers.put("write-through cache",
				(below, directory) -> CacheStore.over(below).capacity(4 << 20).blockSize(4096).build());
		layers.put("write-back cache",
				(below, directory) -> CacheStore.over(below).capacity(2 << 20).writeBack(1 << 20).build());
		layers.put("readahead", (below, directory) -> new ReadaheadStore(below, 256 << 10, 1 << 20, 64 << 10));
		layers.put("checksum in memory", (below, directory) -> new ChecksumStore(below, "test", 512));
		layers.put("checksum in a file", (below, directory) -> new ChecksumStore(below, "test", 512,
				directory.resolve("sums-" + files.incrementAndGet())));
		layers.put("copy-on-write",
				(below, directory) -> new CopyOnWriteStore(below, MemoryBlockStore.sparse(below.size()), 64 << 10));
		layers.put("encrypt", (below, directory) -> new EncryptStore(below, key(), 512));
		layers.put("retry of many errors", (below, directory) -> new RetryStore(new ErrorStore(below).rule(errors()),
				20, Duration.ofMillis(1), Duration.ofMillis(4)));
		layers.put("timeout", (below, directory) -> new TimeoutStore(below, Duration.ofSeconds(60)));
		layers.put("log", (below, directory) -> new LogStore(below, "test", Level.TRACE));
		layers.put("stats", (below, directory) -> new StatsStore(below));
	}

	private LayerCompositions() {
	}

	private static byte[] key() {
		byte[] key = new byte[64];
		new Random(1).nextBytes(key);
		return key;
	}

	private static FaultRule errors() {
		Set<BlockOperation> operations = EnumSet.allOf(BlockOperation.class);
		// a failed flush is never tried again
		operations.remove(BlockOperation.FLUSH);
		return new FaultRule(operations, 0, 0, 0.05, BlockErrno.EIO, 1);
	}

	/**
	 * Returns the names of all layers.
	 */
	public static Set<String> names() {
		return Collections.unmodifiableSet(layers.keySet());
	}

	/**
	 * Chooses layers.
	 * @return two to five of them, the nearest to the kernel first
	 */
	public static List<String> choose(Random random) {
		List<String> names = new ArrayList<>(names());
		Collections.shuffle(names, random);
		return List.copyOf(names.subList(0, 2 + random.nextInt(4)));
	}

	/**
	 * Puts layers over a store.
	 * @param names their names, the nearest to the kernel first
	 * @param below the store, at least {@link #MARGIN} larger than what is used
	 * @param directory where layers put their files
	 * @return the layer nearest to the kernel
	 */
	public static BlockStore over(List<String> names, BlockStore below, Path directory) {
		BlockStore top = below;
		for (int i = names.size() - 1; i >= 0; i--) {
			Factory layer = layers.get(names.get(i));
			if (layer == null) {
				throw new IllegalArgumentException(names.get(i) + " is none of " + names());
			}
			top = layer.over(top, directory);
		}
		return top;
	}

	public static BlockStore over(String name, BlockStore below, Path directory) {
		return over(Arrays.asList(name), below, directory);
	}

	private interface Factory {

		BlockStore over(BlockStore below, Path directory);

	}

}
