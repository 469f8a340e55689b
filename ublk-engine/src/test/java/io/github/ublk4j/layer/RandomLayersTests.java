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
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.store.MemoryBlockStore;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Stacks of layers chosen at random, each compared with an array of bytes. Give the seed
 * of a failure with {@code -Dublk.seed}.
 */
class RandomLayersTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	/** Each owner of a part of the disk is served at the same time as the others. */
	private static final int OWNERS = 4;

	/** Ends inside a block of most layers, whose other part is the next owner's. */
	private static final int PART = (512 << 10) + 1536;

	private static final int SIZE = OWNERS * PART;

	private static final long SEED = Long.getLong("ublk.seed", System.nanoTime());

	@TempDir
	private Path directory;

	static Stream<List<String>> compositions() {
		Random random = new Random(SEED);
		return Stream.concat(LayerCompositions.names().stream().map(List::of),
				Stream.generate(() -> LayerCompositions.choose(random)).limit(24));
	}

	@ParameterizedTest
	@MethodSource("compositions")
	void diskIsWhatTheModelIs(List<String> names) {
		String replay = names + " with -Dublk.seed=" + SEED;
		MemoryBlockStore memory = MemoryBlockStore.sparse(SIZE + LayerCompositions.MARGIN);
		try (BlockStore store = LayerCompositions.over(names, memory, this.directory)) {
			byte[] model = new byte[SIZE];
			Random random = new Random(SEED);
			for (int round = 0; round < 60; round++) {
				List<Mono<Void>> requests = new ArrayList<>();
				for (int owner = 0; owner < OWNERS; owner++) {
					requests.add(request(store, model, owner, random, replay));
				}
				Flux.merge(requests).blockLast(PATIENCE);
				if (random.nextInt(8) == 0 && store.operations().contains(BlockOperation.FLUSH)) {
					store.flush().block(PATIENCE);
				}
			}
			assertContent(store, 0, model, replay);
		}
	}

	private static Mono<Void> request(BlockStore store, byte[] model, int owner, Random random, String replay) {
		int length = (1 + random.nextInt(64)) * 512;
		int space = PART - length;
		// often at the ends of the part
		int inPart = (random.nextInt(4) == 0) ? random.nextInt(2) * space : random.nextInt(space / 512) * 512;
		int offset = owner * PART + inPart;
		boolean mayUnmap = random.nextBoolean();
		byte[] data = new byte[length];
		switch (random.nextInt(8)) {
			case 0, 1, 2 -> {
				byte[] expected = Arrays.copyOfRange(model, offset, offset + length);
				ByteBuffer read = ByteBuffer.allocate(length);
				return Mono.defer(() -> store.read(offset, read))
					.doOnSuccess((done) -> assertThat(Arrays.equals(read.array(), expected))
						.as("%d bytes at offset %d of %s", length, offset, replay)
						.isTrue());
			}
			case 3 -> {
				System.arraycopy(data, 0, model, offset, length);
				return Mono.defer(() -> store.discard(offset, length));
			}
			case 4 -> {
				System.arraycopy(data, 0, model, offset, length);
				return Mono.defer(() -> store.writeZeroes(offset, length, mayUnmap));
			}
			default -> {
				random.nextBytes(data);
				System.arraycopy(data, 0, model, offset, length);
				return Mono.defer(() -> store.write(offset, ByteBuffer.wrap(data)));
			}
		}
	}

	private static void assertContent(BlockStore store, int offset, byte[] expected, String replay) {
		ByteBuffer read = ByteBuffer.allocate(expected.length);
		store.read(offset, read).block(PATIENCE);
		assertThat(Arrays.mismatch(read.array(), expected)).as("index of the first difference of " + replay)
			.isNegative();
	}

}
