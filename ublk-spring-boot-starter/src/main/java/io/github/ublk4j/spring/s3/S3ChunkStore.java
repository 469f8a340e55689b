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

package io.github.ublk4j.spring.s3;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;

import io.github.ublk4j.store.chunk.ChunkStore;
import io.github.ublk4j.store.chunk.FencedException;
import io.github.ublk4j.store.chunk.VolumeClaim;
import io.github.ublk4j.store.chunk.VolumeDescriptor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Chunks as objects, each under a key of its own that an index names.
 */
final class S3ChunkStore implements ChunkStore {

	private static final Logger logger = LoggerFactory.getLogger(S3ChunkStore.class);

	private static final int PARALLEL = 32;

	private final S3Objects objects;

	private final VolumeClaim claim;

	private final long firstToken;

	private final AtomicLong token;

	/** Tells objects with the same token apart. */
	private final AtomicLong numbers = new AtomicLong();

	private final List<S3Segment> segments;

	private S3ChunkStore(S3Objects objects, VolumeClaim claim, VolumeDescriptor volume, long token) {
		this.objects = objects;
		this.claim = claim;
		this.firstToken = token;
		this.token = new AtomicLong(token);
		long chunks = (volume.size() + volume.chunkSize() - 1) / volume.chunkSize();
		this.segments = LongStream.range(0, (chunks + S3Index.CHUNKS - 1) / S3Index.CHUNKS)
			.mapToObj((number) -> new S3Segment(objects, number, this.token::get))
			.toList();
	}

	/**
	 * Begins to write a volume, of which no other server can change anything after it.
	 */
	static Mono<ChunkStore> open(S3Objects objects, VolumeClaim claim, VolumeDescriptor volume, long token) {
		S3ChunkStore store = new S3ChunkStore(objects, claim, volume, token);
		return store.fence().thenReturn(store);
	}

	private Mono<Void> fence() {
		return Flux.fromIterable(this.segments).flatMap(S3Segment::fence, PARALLEL).then();
	}

	private S3Segment segment(long index) {
		return this.segments.get((int) (index / S3Index.CHUNKS));
	}

	@Override
	public long token() {
		return this.firstToken;
	}

	@Override
	public Mono<ByteBuffer> get(long index, int offset, int length) {
		return Mono.defer(() -> {
			String name = segment(index).index().name(index);
			return (name == null) ? Mono.empty()
					: this.objects.get(name, offset, length)
						.switchIfEmpty(Mono.defer(() -> name.equals(segment(index).index().name(index))
								? Mono.error(new IOException("its object " + name + " is gone"))
								: get(index, offset, length)));
		});
	}

	@Override
	public Flux<Long> existing(long first, long last) {
		return Flux.fromStream(() -> LongStream.rangeClosed(first, last)
			.filter((index) -> segment(index).index().name(index) != null)
			.boxed());
	}

	@Override
	public Mono<Void> put(long token, long index, ByteBuffer chunk) {
		return Mono.defer(() -> {
			long number = this.numbers.incrementAndGet();
			return this.objects.put(S3Index.name(index, token, number), chunk)
				.then(Mono.defer(
						() -> change(token, index, token, number, () -> remove(S3Index.name(index, token, number)))));
		});
	}

	@Override
	public Mono<Void> delete(long token, long index) {
		return Mono.defer(() -> change(token, index, 0, 0, () -> {
		}));
	}

	private Mono<Void> change(long token, long index, long nameToken, long nameNumber, Runnable refused) {
		String before = segment(index).index().name(index);
		return segment(index).change(token, index, nameToken, nameNumber, refused)
			.onErrorResume(FencedException.class,
					(failure) -> S3Fence.read(this.objects)
						.flatMap((fence) -> Mono.error(new FencedException("it is served by " + fence.holder()))))
			.doOnSuccess((done) -> remove(before));
	}

	/** What is left behind costs space and nothing else. */
	private void remove(@Nullable String name) {
		if (name != null) {
			this.objects.delete(name)
				.subscribe(null, (failure) -> logger.debug("The object {} is left behind", name, failure));
		}
	}

	@Override
	public Mono<Long> nextToken() {
		return S3Fence.change(this.objects, (fence) -> Mono.fromCallable(() -> {
			fence.requireHolder(this.claim.holder());
			return new S3Fence(fence.token() + 1, fence.until(), fence.holder());
		})).flatMap((fence) -> {
			this.token.accumulateAndGet(fence.token(), Math::max);
			return fence().thenReturn(fence.token());
		});
	}

	@Override
	public Mono<Void> renewLease() {
		return S3Fence.change(this.objects, (fence) -> Mono.fromCallable(() -> {
			fence.requireHolder(this.claim.holder());
			return new S3Fence(fence.token(), Clock.systemUTC().millis() + this.claim.lease().toMillis(),
					fence.holder());
		})).then();
	}

	@Override
	public Mono<Void> release() {
		return S3Fence.release(this.objects, this.claim.holder());
	}

}
