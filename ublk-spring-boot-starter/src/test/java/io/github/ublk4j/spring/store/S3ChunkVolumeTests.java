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

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import io.github.ublk4j.spring.TestS3;
import io.github.ublk4j.spring.s3.S3ChunkVolume;
import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.ChunkStore;
import io.github.ublk4j.store.chunk.ChunkVolume;
import io.github.ublk4j.store.chunk.FencedException;
import io.github.ublk4j.store.chunk.VolumeClaim;
import io.github.ublk4j.store.chunk.VolumeDescriptor;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.interceptor.Context.AfterExecution;
import software.amazon.awssdk.core.interceptor.Context.BeforeTransmission;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.model.S3Object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * A disk in a bucket, of a {@link TestS3 test double}.
 */
@Tag("s3")
class S3ChunkVolumeTests extends AbstractChunkVolumeTests {

	@Override
	ChunkVolume volume(String name) {
		return new S3ChunkVolume(TestS3.client(), TestS3.BUCKET, "volumes/" + name);
	}

	private List<String> keys() {
		return TestS3.client()
			.listObjectsV2((request) -> request.bucket(TestS3.BUCKET).prefix("volumes/" + this.name + "/"))
			.join()
			.contents()
			.stream()
			.map(S3Object::key)
			.map((key) -> key.substring(("volumes/" + this.name + "/").length()))
			.toList();
	}

	@Test
	void objectsThatWereReplacedAreRemoved() {
		ChunkBlockStore store = open(builder());
		for (int i = 1; i <= 3; i++) {
			end(store.write(0, ByteBuffer.wrap(bytes(i, 512))));
		}
		end(store.write(CHUNK, ByteBuffer.wrap(bytes(1, 512))));
		end(store.discard(CHUNK, CHUNK));

		Awaitility.await()
			.atMost(TIMEOUT)
			.untilAsserted(
					() -> assertThat(keys()).containsExactlyInAnyOrder("volume", "fence", "index/0", "chunk/0/1-3"));
		store.close();
	}

	/**
	 * The put of a server that stopped in the middle of it, and goes on when another one
	 * serves.
	 */
	@Test
	void putThatWasUnderWayWhenTheVolumeWasTakenOverChangesNothing() {
		ChunkStore first = claim("A", false);
		end(first.put(first.token(), 1, ByteBuffer.wrap(bytes(1, CHUNK))));
		ChunkStore second = claim("B", true);

		assertThat(failure(first.put(first.token(), 1, ByteBuffer.wrap(bytes(2, CHUNK)))))
			.isInstanceOf(FencedException.class)
			.hasMessageContaining("it is served by B");
		assertThat(failure(first.put(first.token(), 2, ByteBuffer.wrap(bytes(2, CHUNK)))))
			.isInstanceOf(IOException.class);
		assertThat(failure(first.delete(first.token(), 1))).isInstanceOf(IOException.class);
		assertThat(array(await(second.get(1, 0, CHUNK)))).isEqualTo(bytes(1, CHUNK));
		assertThat(await(second.get(2, 0, CHUNK).hasElement())).isFalse();
		end(second.release());
	}

	/** In two indexes; there are none beyond the size of the volume. */
	@Override
	@Test
	void chunksThatAreThereAreListed() {
		ChunkStore chunks = claim("A", false);
		for (long index : new long[] { 0, 9, 10, 1025, 2047 }) {
			end(chunks.put(chunks.token(), index, ByteBuffer.wrap(bytes(1, CHUNK))));
		}

		assertThat(await(chunks.existing(9, 1025).collectList())).containsExactlyInAnyOrder(9L, 10L, 1025L);
		assertThat(await(chunks.existing(2000, 2047).collectList())).containsExactly(2047L);
		assertThat(await(chunks.existing(11, 1024).collectList())).isEmpty();
		end(chunks.release());
	}

	private ChunkStore claim(String holder, boolean takeOver) {
		ChunkVolume volume = volume(this.name);
		await(volume.createIfAbsent(VolumeDescriptor.create(32 << 20, CHUNK)));
		return await(volume.claim(new VolumeClaim(holder, false, Duration.ofSeconds(30), takeOver)));
	}

	@Test
	void readerSeesWhatAnotherServerWrites() {
		ChunkBlockStore store = open(builder());
		end(store.write(0, ByteBuffer.wrap(bytes(1, CHUNK))));
		ChunkBlockStore reader = open(ChunkBlockStore.of(volume(this.name)).readOnly(true));
		for (int i = 1; i <= 3; i++) {
			end(store.write(512, ByteBuffer.wrap(bytes(i, 512))));
			ByteBuffer read = ByteBuffer.allocate(512);
			end(reader.read(512, read));
			assertThat(read.array()).isEqualTo(bytes(i, 512));
		}
		ByteBuffer absent = ByteBuffer.allocate(512).putInt(0, 1);
		end(reader.read(4 * CHUNK, absent));
		assertThat(absent.array()).isEqualTo(new byte[512]);
		reader.close();
		store.close();
	}

	/** Requests fail before they are sent, or after S3 has done what they ask for. */
	@Test
	void requestsThatFailAndAnswersThatAreLostLoseNoWrite() {
		Random random = new Random(seed());
		AtomicInteger faults = new AtomicInteger();
		AtomicBoolean faulty = new AtomicBoolean();
		ExecutionInterceptor interceptor = new ExecutionInterceptor() {

			@Override
			public void beforeTransmission(BeforeTransmission context, ExecutionAttributes attributes) {
				fail();
			}

			@Override
			public void afterExecution(AfterExecution context, ExecutionAttributes attributes) {
				fail();
			}

			private void fail() {
				if (faulty.get() && random.nextInt(25) == 0) {
					faults.incrementAndGet();
					throw SdkClientException.create("lost");
				}
			}

		};
		byte[] model = new byte[8 * CHUNK];
		try (S3AsyncClient client = TestS3.client(interceptor)) {
			TestS3.client();
			ChunkBlockStore store = open(
					ChunkBlockStore.of(new S3ChunkVolume(client, TestS3.BUCKET, "volumes/" + this.name))
						.size(1 << 20)
						.chunkSize(CHUNK)
						.retries(8));
			faulty.set(true);
			for (int i = 0; i < 40; i++) {
				byte[] data = bytes(i, 2 * CHUNK);
				int offset = 512 * random.nextInt((model.length - data.length) / 512);
				store.write(offset, ByteBuffer.wrap(data)).block(Duration.ofSeconds(60));
				System.arraycopy(data, 0, model, offset, data.length);
			}
			faulty.set(false);
			store.close();
		}
		assertThat(faults).hasPositiveValue();

		ChunkBlockStore next = open(ChunkBlockStore.of(volume(this.name)));
		ByteBuffer read = ByteBuffer.allocate(model.length);
		end(next.read(0, read));
		assertThat(read.array()).isEqualTo(model);
		next.close();
	}

	/** One index for both, so that they are stored together. */
	@Test
	void chunksThatAreStoredTogetherAreAllThere() {
		ChunkBlockStore store = open(builder());
		List<CompletableFuture<Void>> writes = IntStream.range(0, 40)
			.mapToObj((i) -> store.write((long) i * CHUNK, ByteBuffer.wrap(bytes(i, CHUNK))).toFuture())
			.toList();
		assertThat(writes).allSatisfy((write) -> assertThat(write).succeedsWithin(TIMEOUT));
		for (int i = 0; i < 40; i++) {
			ByteBuffer read = ByteBuffer.allocate(CHUNK);
			end(store.read((long) i * CHUNK, read));
			assertThat(read.array()).isEqualTo(bytes(i, CHUNK));
		}
		store.close();
	}

	@Test
	void chunkIsWhatRemainsOfTheBuffer() {
		ChunkStore chunks = claim("A", false);
		byte[] larger = bytes(1, CHUNK + 512);
		end(chunks.put(chunks.token(), 1, ByteBuffer.wrap(larger, 512, CHUNK)));
		assertThat(array(await(chunks.get(1, 0, CHUNK)))).isEqualTo(Arrays.copyOfRange(larger, 512, larger.length));
		end(chunks.release());
	}

	@Test
	void objectOfAPutThatIsRefusedIsRemoved() {
		ChunkStore chunks = claim("A", false);
		await(chunks.nextToken());
		assertThat(failure(chunks.put(chunks.token(), 1, ByteBuffer.wrap(bytes(1, CHUNK)))))
			.isInstanceOf(FencedException.class);
		Awaitility.await()
			.atMost(TIMEOUT)
			.untilAsserted(() -> assertThat(keys()).containsExactlyInAnyOrder("volume", "fence", "index/0", "index/1"));
		end(chunks.release());
	}

	@Test
	void volumeIsNotHeldByAClaimThatFailed() {
		claimWhileIndexesDo(() -> {
			throw SdkClientException.create("lost");
		}, Mono.never());
	}

	@Test
	void volumeIsNotHeldByAClaimThatWasGivenUp() {
		Sinks.Empty<Void> stop = Sinks.empty();
		claimWhileIndexesDo(stop::tryEmitEmpty, stop.asMono());
	}

	private void claimWhileIndexesDo(Runnable action, Mono<Void> stop) {
		end(claim("earlier", false).release());
		AtomicBoolean happened = new AtomicBoolean();
		ExecutionInterceptor interceptor = new ExecutionInterceptor() {

			@Override
			public void beforeTransmission(BeforeTransmission context, ExecutionAttributes attributes) {
				if (context.httpRequest().encodedPath().contains("/index/")) {
					happened.set(true);
					action.run();
				}
			}

		};
		try (S3AsyncClient client = TestS3.client(interceptor)) {
			ChunkVolume volume = new S3ChunkVolume(client, TestS3.BUCKET, "volumes/" + this.name);
			Mono<ChunkStore> claim = volume.claim(new VolumeClaim("A", false, Duration.ofHours(1), false));
			assertThat(claim.takeUntilOther(stop).onErrorComplete().blockOptional(TIMEOUT)).isEmpty();
			assertThat(happened).isTrue();
			Awaitility.await().atMost(TIMEOUT).ignoreExceptions().untilAsserted(() -> end(claim("B", false).release()));
		}
	}

	@Test
	void volumeOfTooManyChunksIsRefusedWithTheSizeThatTheyNeed() {
		ChunkVolume volume = volume(this.name);
		assertThat(failure(volume.createIfAbsent(VolumeDescriptor.create(1L << 40, 64 << 10)).then()))
			.isInstanceOf(StoreUnavailableException.class)
			.hasMessageContaining("Set chunks.chunk-size to 512KB or more.");
		assertThat(keys()).isEmpty();
		assertThat(await(volume.createIfAbsent(VolumeDescriptor.create(1L << 40, 512 << 10))).size())
			.isEqualTo(1L << 40);
	}

	@Test
	void bucketThatDoesNotExistIsNamed() {
		ChunkVolume volume = new S3ChunkVolume(TestS3.client(), "nowhere", "x");
		assertThat(failure(volume.describe().then())).hasMessageContaining("bucket does not exist");
	}

	@Test
	void descriptorOfSomethingElseIsRefused() {
		TestS3.client()
			.putObject((request) -> request.bucket(TestS3.BUCKET).key("volumes/" + this.name + "/volume"),
					AsyncRequestBody.fromString("hello"))
			.join();
		assertThat(failure(volume(this.name).describe().then())).isInstanceOf(StoreUnavailableException.class)
			.hasMessageContaining("does not describe a volume: hello");
	}

	@Test
	void nameMustFitIntoKeys() {
		assertThatIllegalArgumentException().isThrownBy(() -> volume("a b")).withMessageContaining("a b'");
	}

}
