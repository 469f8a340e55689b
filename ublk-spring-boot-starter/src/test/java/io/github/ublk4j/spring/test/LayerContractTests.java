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

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Random;
import java.util.function.UnaryOperator;

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
import io.github.ublk4j.layer.ReadOnlyStore;
import io.github.ublk4j.layer.ReadaheadStore;
import io.github.ublk4j.layer.RetryStore;
import io.github.ublk4j.layer.StatsStore;
import io.github.ublk4j.layer.TimeoutStore;
import io.github.ublk4j.layer.WindowStore;
import io.github.ublk4j.store.MemoryBlockStore;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.event.Level;

/**
 * The layers, each over a memory store that answers at once, or later and in any order.
 */
class LayerContractTests {

	private static final int SIZE = 8 << 20;

	private static BlockStore slow(BlockStore store) {
		Duration delay = Duration.ofMillis(1);
		return new DelayStore(store).delay(BlockOperation.READ, delay)
			.delay(BlockOperation.WRITE, delay)
			.delay(BlockOperation.DISCARD, delay)
			.delay(BlockOperation.WRITE_ZEROES, delay);
	}

	private static byte[] key() {
		byte[] key = new byte[64];
		for (int i = 0; i < key.length; i++) {
			key[i] = (byte) i;
		}
		return key;
	}

	abstract static class Contract extends StoreContract {

		Contract(UnaryOperator<BlockStore> layer) {
			this(MemoryBlockStore.sparse(SIZE), layer);
		}

		Contract(BlockStore below, UnaryOperator<BlockStore> layer) {
			super(layer.apply(below), DiskSpec.named("layer"));
		}

	}

	@Nested
	class Window extends Contract {

		Window() {
			super((below) -> new WindowStore(below, 512, SIZE - 4096));
		}

	}

	@Nested
	class ThatDoNothing extends Contract {

		ThatDoNothing() {
			super((below) -> new PauseStore(new ErrorStore(new StatsStore(
					new LogStore(new RateLimitStore(below, new RateLimit(1L << 40, 1L << 30, Duration.ofMillis(1))),
							"layer", Level.TRACE)))));
		}

	}

	@Nested
	class ErrorThatFailsNothing extends Contract {

		ErrorThatFailsNothing() {
			super(ErrorStore::new);
		}

	}

	@Nested
	class Pause extends Contract {

		Pause() {
			super(PauseStore::new);
		}

	}

	@Nested
	class Stats extends Contract {

		Stats() {
			super(StatsStore::new);
		}

	}

	@Nested
	class Log extends Contract {

		Log() {
			super((below) -> new LogStore(below, "layer", Level.TRACE));
		}

	}

	/** Which the tests reach. */
	@Nested
	class RateLimited extends Contract {

		RateLimited() {
			super((below) -> new RateLimitStore(below, new RateLimit(256 << 20, 20_000, Duration.ofMillis(10))));
		}

	}

	@Nested
	class ReadOnly extends StoreContract {

		ReadOnly() {
			super(new ReadOnlyStore(filled()), DiskSpec.named("layer").readOnly(true));
		}

		private static BlockStore filled() {
			MemoryBlockStore store = MemoryBlockStore.sparse(SIZE);
			byte[] data = new byte[SIZE];
			new Random(1).nextBytes(data);
			store.write(0, ByteBuffer.wrap(data)).block();
			return store;
		}

	}

	@Nested
	class Delay extends Contract {

		Delay() {
			super(LayerContractTests::slow);
		}

	}

	@Nested
	class RetryOfManyErrors extends Contract {

		RetryOfManyErrors() {
			super((below) -> new RetryStore(new ErrorStore(below).rule(errors()), 20, Duration.ofMillis(1),
					Duration.ofMillis(2)));
		}

		private static FaultRule errors() {
			return new FaultRule(EnumSet.allOf(BlockOperation.class), 0, 0, 0.1, BlockErrno.EIO, 1);
		}

	}

	@Nested
	class TimeoutOverSlowStore extends Contract {

		TimeoutOverSlowStore() {
			super((below) -> new TimeoutStore(slow(below), Duration.ofSeconds(30)));
		}

	}

	@Nested
	class Encrypt extends Contract {

		Encrypt() {
			super((below) -> new EncryptStore(below, key(), 512));
		}

	}

	@Nested
	class EncryptOverSlowStore extends Contract {

		EncryptOverSlowStore() {
			super((below) -> new EncryptStore(slow(below), key(), 512));
		}

	}

	@Nested
	class CopyOnWrite extends Contract {

		CopyOnWrite() {
			super((below) -> new CopyOnWriteStore(below, MemoryBlockStore.sparse(SIZE), 64 << 10));
		}

	}

	@Nested
	class CopyOnWriteOverSlowStores extends Contract {

		CopyOnWriteOverSlowStores() {
			super((below) -> new CopyOnWriteStore(slow(below), slow(MemoryBlockStore.sparse(SIZE)), 4096));
		}

	}

	@Nested
	class WriteThroughCache extends Contract {

		WriteThroughCache() {
			super((below) -> CacheStore.over(below).build());
		}

	}

	@Nested
	class SmallWriteThroughCacheOverSlowStore extends Contract {

		SmallWriteThroughCacheOverSlowStore() {
			super((below) -> CacheStore.over(slow(below)).capacity(64 << 10).blockSize(4096).build());
		}

	}

	@Nested
	class WriteBackCache extends Contract {

		WriteBackCache() {
			super((below) -> CacheStore.over(below).writeBack(1 << 20).build());
		}

	}

	@Nested
	class SmallWriteBackCacheOverSlowStore extends Contract {

		SmallWriteBackCacheOverSlowStore() {
			super((below) -> CacheStore.over(slow(below))
				.capacity(64 << 10)
				.blockSize(4096)
				.writeBack(128 << 10)
				.build());
		}

	}

	@Nested
	class Readahead extends Contract {

		Readahead() {
			super((below) -> new ReadaheadStore(below, 256 << 10, 1 << 20, 64 << 10));
		}

	}

	@Nested
	class SmallReadaheadOverSlowStore extends Contract {

		SmallReadaheadOverSlowStore() {
			super((below) -> new ReadaheadStore(slow(below), 16 << 10, 64 << 10, 4096));
		}

	}

	@Nested
	class Checksum extends Contract {

		Checksum() {
			super((below) -> new ChecksumStore(below, "layer", 512));
		}

	}

	@Nested
	class ChecksumInFileOverSlowStore extends Contract {

		ChecksumInFileOverSlowStore(@TempDir Path directory) {
			super((below) -> new ChecksumStore(slow(below), "layer", 512, directory.resolve("sums")));
		}

	}

	@Nested
	class StackOfLayers extends Contract {

		StackOfLayers() {
			super((below) -> CacheStore
				.over(new CopyOnWriteStore(new EncryptStore(slow(below), key(), 512), MemoryBlockStore.sparse(SIZE),
						8192))
				.writeBack(1 << 20)
				.build());
		}

	}

}
