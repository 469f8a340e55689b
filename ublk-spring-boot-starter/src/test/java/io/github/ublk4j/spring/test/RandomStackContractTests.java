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

package io.github.ublk4j.spring.test;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.layer.CacheStore;
import io.github.ublk4j.layer.ChecksumStore;
import io.github.ublk4j.layer.CopyOnWriteStore;
import io.github.ublk4j.layer.DelayStore;
import io.github.ublk4j.layer.EncryptStore;
import io.github.ublk4j.layer.ErrorStore;
import io.github.ublk4j.layer.FaultRule;
import io.github.ublk4j.layer.LogStore;
import io.github.ublk4j.layer.PauseStore;
import io.github.ublk4j.layer.RateLimit;
import io.github.ublk4j.layer.RateLimitStore;
import io.github.ublk4j.layer.ReadaheadStore;
import io.github.ublk4j.layer.RetryStore;
import io.github.ublk4j.layer.StatsStore;
import io.github.ublk4j.layer.TimeoutStore;
import io.github.ublk4j.layer.WindowStore;
import io.github.ublk4j.store.FileBlockStore;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Some stacks of layers over a file store, other ones each time. The same seed gives the
 * same stacks and, in them, the same requests.
 */
@ParameterizedClass(name = "{1}")
@MethodSource("stacks")
class RandomStackContractTests extends StoreContract {

	private static final Logger logger = LoggerFactory.getLogger(RandomStackContractTests.class);

	private static final int STACKS = 4;

	private static final int SIZE = 8 << 20;

	private static final Map<String, Layer> LAYERS = new LinkedHashMap<>();

	static {
		LAYERS.put("window", (below, directory) -> new WindowStore(below, 4096, 0));
		LAYERS.put("delay", (below, directory) -> new DelayStore(below).delay(BlockOperation.READ, Duration.ofMillis(1))
			.delay(BlockOperation.WRITE, Duration.ofMillis(1)));
		LAYERS.put("error", (below, directory) -> new ErrorStore(below));
		LAYERS.put("pause", (below, directory) -> new PauseStore(below));
		LAYERS.put("rate-limit", (below, directory) -> new RateLimitStore(below,
				new RateLimit(256 << 20, 20_000, Duration.ofMillis(100))));
		LAYERS.put("cache", (below, directory) -> CacheStore.over(below).capacity(256 << 10).blockSize(4096).build());
		LAYERS.put("write-back cache",
				(below, directory) -> CacheStore.over(below).capacity(256 << 10).writeBack(128 << 10).build());
		LAYERS.put("readahead", (below, directory) -> new ReadaheadStore(below, 256 << 10, 1 << 20, 64 << 10));
		LAYERS.put("checksum", (below, directory) -> new ChecksumStore(below, "stack", 512, directory.resolve("sums")));
		LAYERS.put("copy-on-write", (below, directory) -> new CopyOnWriteStore(below,
				FileBlockStore.at(directory.resolve("overlay")).size(below.size()).open(), 64 << 10));
		LAYERS.put("encrypt", (below, directory) -> new EncryptStore(below, key(), 512));
		LAYERS.put("retry",
				(below, directory) -> new RetryStore(new ErrorStore(below)
					.rule(new FaultRule(Collections.singleton(BlockOperation.WRITE), 0, 0, 0.05, BlockErrno.EIO, 1)),
						20, Duration.ofMillis(1), Duration.ofMillis(2)));
		LAYERS.put("timeout", (below, directory) -> new TimeoutStore(below, Duration.ofSeconds(60)));
		LAYERS.put("log", (below, directory) -> new LogStore(below, "stack", Level.TRACE));
		LAYERS.put("stats", (below, directory) -> new StatsStore(below));
	}

	private final long seed;

	RandomStackContractTests(long seed, List<String> layers, @TempDir Path directory) {
		super(stack(layers, directory), DiskSpec.named("stack"));
		this.seed = seed;
	}

	static Stream<Arguments> stacks() {
		long seed = Long.getLong(SEED_PROPERTY, System.nanoTime());
		logger.info("stacks of layers with -D{}={}", SEED_PROPERTY, seed);
		Random random = new Random(seed);
		return Stream.generate(() -> Arguments.of(seed, choose(random))).limit(STACKS);
	}

	/** The nearest to the kernel first. */
	private static List<String> choose(Random random) {
		List<String> names = new ArrayList<>(LAYERS.keySet());
		Collections.shuffle(names, random);
		return List.copyOf(names.subList(0, 2 + random.nextInt(4)));
	}

	private static BlockStore stack(List<String> layers, Path directory) {
		BlockStore top = FileBlockStore.at(directory.resolve("disk")).size(SIZE).open();
		for (int i = layers.size() - 1; i >= 0; i--) {
			top = Objects.requireNonNull(LAYERS.get(layers.get(i))).over(top, directory);
		}
		return top;
	}

	private static byte[] key() {
		byte[] key = new byte[64];
		new Random(1).nextBytes(key);
		return key;
	}

	@Override
	protected long seed() {
		return this.seed;
	}

	@FunctionalInterface
	private interface Layer {

		BlockStore over(BlockStore below, Path directory);

	}

}
