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

import io.github.ublk4j.store.chunk.ChunkStore;
import reactor.core.publisher.Mono;

/**
 * Chunks that another server may write, so that the index is read each time.
 */
final class S3ReadOnlyChunkStore implements ChunkStore {

	private static final int ATTEMPTS = 3;

	private final S3Objects objects;

	S3ReadOnlyChunkStore(S3Objects objects) {
		this.objects = objects;
	}

	@Override
	public long token() {
		return 0;
	}

	@Override
	public Mono<ByteBuffer> get(long index, int offset, int length) {
		return Mono.defer(() -> this.objects.get(S3Segment.key(index / S3Index.CHUNKS)))
			.mapNotNull((stored) -> S3Index.decode(stored.data()).name(index))
			.flatMap((name) -> this.objects.get(name, offset, length)
				.switchIfEmpty(Mono.error(() -> new IOException("its object " + name + " is gone"))))
			// one that is gone by now has a successor, which the index names
			.retry(ATTEMPTS);
	}

	@Override
	public Mono<Void> put(long token, long index, ByteBuffer chunk) {
		return readOnly();
	}

	@Override
	public Mono<Void> delete(long token, long index) {
		return readOnly();
	}

	@Override
	public Mono<Long> nextToken() {
		return readOnly();
	}

	private static <T> Mono<T> readOnly() {
		return Mono.error(new UnsupportedOperationException("The volume was opened to be read"));
	}

	@Override
	public Mono<Void> release() {
		return Mono.empty();
	}

}
