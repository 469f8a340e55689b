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

package io.github.ublk4j.spring.store;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.test.BlockDeviceContract;
import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.ChunkBlockStoreBuilder;
import io.github.ublk4j.store.chunk.ChunkStore;
import io.github.ublk4j.store.chunk.ChunkVolume;
import io.github.ublk4j.store.chunk.FencedException;
import io.github.ublk4j.store.chunk.VolumeClaim;
import io.github.ublk4j.store.chunk.VolumeDescriptor;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * What every {@link ChunkVolume} on a server must do, and the disk on top of it.
 */
abstract class AbstractChunkVolumeTests extends BlockDeviceContract {

	static final Duration TIMEOUT = Duration.ofSeconds(20);

	static final int CHUNK = 16 << 10;

	private static final long SIZE = 8 << 20;

	static final Duration LEASE = Duration.ofSeconds(30);

	final String name = UUID.randomUUID().toString();

	private final ChunkVolume volume = volume(this.name);

	private @Nullable ChunkBlockStore store;

	private @Nullable BlockDeviceTestClient client;

	/**
	 * Names a volume.
	 */
	abstract ChunkVolume volume(String name);

	@Override
	protected BlockDeviceTestClient client() {
		if (this.client == null) {
			this.store = open(builder());
			this.client = BlockDeviceTestClient.of(DiskSpec.named("chunks").size(SIZE).build(), this.store);
		}
		return this.client;
	}

	ChunkBlockStoreBuilder builder() {
		return ChunkBlockStore.of(this.volume).size(SIZE).chunkSize(CHUNK).lease(LEASE);
	}

	static ChunkBlockStore open(ChunkBlockStoreBuilder builder) {
		return await(builder.open());
	}

	@AfterEach
	void closeDisk() {
		if (this.client != null && this.store != null) {
			this.client.close();
			this.store.close();
		}
	}

	static <T> T await(Mono<T> mono) {
		return mono.blockOptional(TIMEOUT).orElseThrow();
	}

	static void end(Mono<Void> mono) {
		mono.block(TIMEOUT);
	}

	static Throwable failure(Mono<?> mono) {
		return Exceptions.unwrap(catchThrowable(() -> mono.block(TIMEOUT)));
	}

	ChunkStore claim(String holder, Duration lease, boolean takeOver) {
		await(this.volume.createIfAbsent(VolumeDescriptor.create(SIZE, CHUNK)));
		return await(this.volume.claim(new VolumeClaim(holder, false, lease, takeOver)));
	}

	@Test
	void volumeThatIsNotThereHasNoDescriptor() {
		assertThat(this.volume.describe().blockOptional(TIMEOUT)).isEmpty();
	}

	@Test
	void firstDescriptorCounts() {
		VolumeDescriptor first = VolumeDescriptor.create(SIZE, CHUNK);
		assertThat(await(this.volume.createIfAbsent(first))).isEqualTo(first);

		assertThat(await(this.volume.createIfAbsent(VolumeDescriptor.create(2 * SIZE, 4096)))).isEqualTo(first);
		assertThat(await(this.volume.describe())).isEqualTo(first);
	}

	@Test
	void oneOfManyThatCreateTheVolumeWins() {
		List<VolumeDescriptor> seen = await(Flux.range(0, 8)
			.flatMap((i) -> volume(this.name).createIfAbsent(VolumeDescriptor.create(SIZE, CHUNK)), 8)
			.collectList());

		assertThat(seen).hasSize(8).containsOnly(seen.get(0));
	}

	@Test
	void chunkIsReadInPartsAndDeleted() {
		ChunkStore chunks = claim("A", LEASE, false);
		byte[] data = bytes(1, CHUNK);
		assertThat(chunks.get(7, 0, CHUNK).blockOptional(TIMEOUT)).isEmpty();

		end(chunks.put(chunks.token(), 7, ByteBuffer.wrap(data)));
		end(chunks.flush());
		assertThat(array(await(chunks.get(7, 0, CHUNK)))).isEqualTo(data);
		assertThat(array(await(chunks.get(7, 512, 1024)))).isEqualTo(Arrays.copyOfRange(data, 512, 1536));
		assertThat(chunks.get(8, 0, CHUNK).blockOptional(TIMEOUT)).isEmpty();

		end(chunks.put(chunks.token(), 7, ByteBuffer.allocateDirect(CHUNK).put(bytes(2, CHUNK)).flip()));
		assertThat(array(await(chunks.get(7, 0, CHUNK)))).isEqualTo(bytes(2, CHUNK));

		end(chunks.delete(chunks.token(), 7));
		end(chunks.delete(chunks.token(), 7));
		assertThat(chunks.get(7, 0, CHUNK).blockOptional(TIMEOUT)).isEmpty();
		end(chunks.release());
	}

	@Test
	void chunksThatAreThereAreListed() {
		ChunkStore chunks = claim("A", LEASE, false);
		for (long index : new long[] { 0, 9, 10, 1025, 3_000_000_000L }) {
			end(chunks.put(chunks.token(), index, ByteBuffer.wrap(bytes(1, CHUNK))));
		}

		assertThat(await(chunks.existing(9, 1025).collectList())).containsExactlyInAnyOrder(9L, 10L, 1025L);
		assertThat(await(chunks.existing(3_000_000_000L, 3_000_000_001L).collectList()))
			.containsExactly(3_000_000_000L);
		assertThat(await(chunks.existing(11, 1024).collectList())).isEmpty();
		end(chunks.release());
	}

	@Test
	void olderTokenChangesNothing() {
		ChunkStore chunks = claim("A", LEASE, false);
		end(chunks.put(chunks.token(), 1, ByteBuffer.wrap(bytes(1, CHUNK))));
		long next = await(chunks.nextToken());
		assertThat(next).isGreaterThan(chunks.token());

		assertThat(failure(chunks.put(chunks.token(), 1, ByteBuffer.wrap(bytes(2, CHUNK)))))
			.isInstanceOf(FencedException.class);
		assertThat(failure(chunks.put(chunks.token(), 2, ByteBuffer.wrap(bytes(2, CHUNK)))))
			.isInstanceOf(FencedException.class);
		assertThat(failure(chunks.delete(chunks.token(), 1))).isInstanceOf(FencedException.class);

		assertThat(array(await(chunks.get(1, 0, CHUNK)))).isEqualTo(bytes(1, CHUNK));
		assertThat(chunks.get(2, 0, CHUNK).blockOptional(TIMEOUT)).isEmpty();
		end(chunks.put(next, 2, ByteBuffer.wrap(bytes(2, CHUNK))));
		end(chunks.release());
	}

	@Test
	void secondServerIsRefusedAndTold() {
		ChunkStore first = claim("server A", LEASE, false);

		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> claim("server B", LEASE, false))
			.withMessageContaining("is served by server A.")
			.withMessageContaining("take-over");

		end(first.release());
		end(claim("server B", LEASE, false).release());
	}

	@Test
	void holderThatIsTakenOverIsFenced() {
		ChunkStore first = claim("A", LEASE, false);
		ChunkStore second = claim("B", LEASE, true);

		assertThat(second.token()).isGreaterThan(first.token());
		assertThat(failure(first.put(first.token(), 1, ByteBuffer.wrap(bytes(1, CHUNK)))))
			.isInstanceOf(FencedException.class)
			.hasMessageContaining("served by B");
		assertThat(failure(first.nextToken())).isInstanceOf(FencedException.class);
		assertThat(failure(first.renewLease())).isInstanceOf(FencedException.class);
		end(first.release());
		end(second.put(second.token(), 1, ByteBuffer.wrap(bytes(2, CHUNK))));
		end(second.release());
	}

	@Test
	void leaseThatIsNotRenewedEnds() {
		ChunkStore first = claim("A", Duration.ofMillis(800), false);
		end(first.renewLease());
		assertThatThrownBy(() -> claim("B", LEASE, false)).isInstanceOf(StoreUnavailableException.class);

		Awaitility.await().atMost(TIMEOUT).ignoreException(StoreUnavailableException.class).untilAsserted(() -> {
			ChunkStore second = claim("B", LEASE, false);
			assertThat(failure(first.put(first.token(), 1, ByteBuffer.wrap(bytes(1, CHUNK)))))
				.isInstanceOf(FencedException.class);
			end(second.release());
		});
	}

	@Test
	void tokenIsNeverGivenOutAgain() {
		ChunkStore first = claim("A", LEASE, false);
		long token = await(first.nextToken());
		end(first.release());

		ChunkStore second = claim("B", LEASE, false);
		assertThat(second.token()).isGreaterThan(token);
		end(second.release());
	}

	/** Each takes the volume over from the other while that one writes. */
	@Test
	void serversThatFightForTheVolumeNeverWriteTogether() {
		for (int round = 0; round < 4; round++) {
			ChunkBlockStore first = open(builder().takeOver(true));
			AtomicInteger acknowledged = new AtomicInteger();
			AtomicBoolean lost = new AtomicBoolean();
			CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
				for (int i = 1; !lost.get(); i++) {
					try {
						end(first.write((i % 64) * (long) CHUNK, ByteBuffer.allocate(512).putInt(0, i)));
						acknowledged.set(i);
					}
					catch (RuntimeException ex) {
						lost.set(true);
					}
				}
			});
			Awaitility.await().atMost(TIMEOUT).until(() -> acknowledged.get() > 100);
			ChunkBlockStore second = open(builder().takeOver(true));
			byte[] before = content(second);
			assertThat(writing).succeedsWithin(TIMEOUT);

			assertThat(content(second)).isEqualTo(before);
			int last = acknowledged.get();
			assertThat(ByteBuffer.wrap(before).getInt((last % 64) * CHUNK)).as("the last write that was acknowledged")
				.isGreaterThanOrEqualTo(last);
			assertThat(failure(first.flush())).hasMessageContaining("is lost to another server");
			first.close();
			second.close();
		}
	}

	private static byte[] content(ChunkBlockStore store) {
		ByteBuffer content = ByteBuffer.allocate(64 * CHUNK);
		end(store.read(0, content));
		return content.array();
	}

	@Test
	void chunksSurviveTheServer() {
		ChunkBlockStore first = open(builder());
		end(first.write(512, ByteBuffer.wrap(bytes(1, 100_000))));
		first.close();

		ChunkBlockStore second = open(ChunkBlockStore.of(volume(this.name)));
		ByteBuffer read = ByteBuffer.allocate(100_000);
		end(second.read(512, read));
		assertThat(read.array()).isEqualTo(bytes(1, 100_000));
		second.close();
	}

	static byte[] bytes(int seed, int length) {
		byte[] bytes = new byte[length];
		new Random(seed).nextBytes(bytes);
		return bytes;
	}

	static byte[] array(ByteBuffer buffer) {
		byte[] bytes = new byte[buffer.remaining()];
		buffer.get(bytes);
		return bytes;
	}

}
