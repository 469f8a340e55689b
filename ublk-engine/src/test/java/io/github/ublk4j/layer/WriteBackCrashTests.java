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

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockStore;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import static io.github.ublk4j.layer.TestBytes.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * A machine crashes under a write-back cache, over storage that has a volatile cache
 * itself: the memory of the layer is gone, and the storage has kept what it liked of what
 * was not flushed. What was flushed is there; each other sector has one of the states
 * that it has had since. Give the seed of a failure with {@code -Dublk.seed}.
 */
class WriteBackCrashTests {

	private static final int SECTOR = 512;

	private static final int SECTORS = 512;

	private static final long SEED = Long.getLong("ublk.seed", System.nanoTime());

	private final Random random = new Random(SEED);

	private final CrashingStore storage = new CrashingStore(SECTORS * SECTOR, this.random);

	/** The states that each sector may have, the latest last. A state is one number. */
	private final List<List<Integer>> states = new ArrayList<>();

	WriteBackCrashTests() {
		for (int i = 0; i < SECTORS; i++) {
			this.states.add(new ArrayList<>(List.of(0)));
		}
	}

	static Stream<Arguments> stacks() {
		byte[] key = new byte[32];
		key[0] = 1;
		return Stream.of(arguments("write-back cache", stack((below) -> cache(below, 64 << 10))),
				arguments("small write-back cache", stack((below) -> cache(below, 8 << 10))),
				arguments("write-back cache over encrypt",
						stack((below) -> cache(new EncryptStore(below, key, 512), 32 << 10))),
				arguments("encrypt over write-back cache over readahead",
						stack((below) -> new EncryptStore(
								cache(new ReadaheadStore(below, 16 << 10, 32 << 10, 4096), 32 << 10), key, 512))),
				arguments("two write-back caches", stack((below) -> cache(cache(below, 32 << 10), 16 << 10))));
	}

	private static Function<BlockStore, BlockStore> stack(Function<BlockStore, BlockStore> stack) {
		return stack;
	}

	private static BlockStore cache(BlockStore below, int dirtyLimit) {
		return CacheStore.over(below).blockSize(2048).capacity(32 << 10).writeBack(dirtyLimit).build();
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("stacks")
	void flushedDataSurvivesAndNothingElseThanWhatWasWrittenAppears(String name,
			Function<BlockStore, BlockStore> stack) {
		int state = 1;
		for (int crash = 0; crash < 6; crash++) {
			BlockStore disk = stack.apply(this.storage);
			for (int i = 0; i < 120; i++) {
				if (this.random.nextInt(12) == 0) {
					flush(disk);
				}
				else {
					change(disk, state++);
				}
			}
			this.storage.crashBySectors();
			// the memory of the old one is gone
			settle(stack.apply(this.storage), name + ", crash " + crash + ", -Dublk.seed=" + SEED);
		}
	}

	private void flush(BlockStore disk) {
		disk.flush().block(PATIENCE);
		this.states.forEach((had) -> had.subList(0, had.size() - 1).clear());
	}

	/** Makes some requests at once that do not overlap. */
	private void change(BlockStore disk, int state) {
		List<Mono<Void>> requests = new ArrayList<>();
		int at = this.random.nextInt(SECTORS);
		for (int i = 0; i < 3 && at < SECTORS; i++) {
			int count = Math.min(SECTORS - at, 1 + this.random.nextInt(12));
			boolean zero = this.random.nextInt(6) == 0;
			for (int sector = at; sector < at + count; sector++) {
				this.states.get(sector).add(zero ? 0 : state);
			}
			int offset = at * SECTOR;
			int length = count * SECTOR;
			requests
				.add(Mono.defer(() -> zero ? disk.discard(offset, length) : disk.write(offset, data(length, state))));
			at += count + this.random.nextInt(20);
		}
		Flux.merge(requests).blockLast(PATIENCE);
	}

	private static ByteBuffer data(int length, int state) {
		ByteBuffer data = ByteBuffer.allocate(length);
		while (data.hasRemaining()) {
			data.putInt(state);
		}
		return data.flip();
	}

	/** Looks what has become of each sector, which is what it is from now on. */
	private void settle(BlockStore disk, String replay) {
		for (int sector = 0; sector < SECTORS; sector++) {
			ByteBuffer read = ByteBuffer.allocate(SECTOR);
			disk.read((long) sector * SECTOR, read).block(PATIENCE);
			int state = read.getInt(0);
			assertThat(this.states.get(sector)).as("states of sector %d, %s", sector, replay).contains(state);
			assertThat(read.clear()).as("sector %d, %s", sector, replay).isEqualTo(data(SECTOR, state));
			this.states.set(sector, new ArrayList<>(List.of(state)));
		}
	}

}
