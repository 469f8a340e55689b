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

package io.github.ublk4j.spring.redis;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.store.chunk.ChunkStore;
import io.github.ublk4j.store.chunk.FencedException;
import io.github.ublk4j.store.chunk.VolumeClaim;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Chunks as strings.
 */
final class RedisChunkStore implements ChunkStore {

	private final RedisScripts scripts;

	private final VolumeClaim claim;

	private final long token;

	private final AtomicLong lastToken;

	RedisChunkStore(RedisScripts scripts, VolumeClaim claim, long token) {
		this.scripts = scripts;
		this.claim = claim;
		this.token = token;
		this.lastToken = new AtomicLong(token);
	}

	@Override
	public long token() {
		return this.token;
	}

	@Override
	public Mono<ByteBuffer> get(long index, int offset, int length) {
		// the range of a key that is not there is empty
		return present(this.scripts.getRange(index, offset, length)).filter(ByteBuffer::hasRemaining);
	}

	@Override
	public Flux<Long> existing(long first, long last) {
		return present(this.scripts.existing(first, last)).filter((numbers) -> !numbers.isEmpty())
			.flatMapMany((numbers) -> Flux.fromArray(numbers.split(" ", -1)))
			.map(Long::valueOf);
	}

	@Override
	public Mono<Void> put(long token, long index, ByteBuffer chunk) {
		return held(this.scripts.change(RedisScripts.PUT, index, token(token), holder(), chunk.duplicate())).then();
	}

	@Override
	public Mono<Void> delete(long token, long index) {
		return held(this.scripts.change(RedisScripts.DELETE, index, token(token), holder())).then();
	}

	private static ByteBuffer token(long token) {
		return RedisScripts.utf8(String.valueOf(token));
	}

	private ByteBuffer holder() {
		return RedisScripts.utf8(this.claim.holder());
	}

	@Override
	public Mono<Long> nextToken() {
		return Mono
			.defer(() -> held(
					this.scripts.run(RedisScripts.NEXT_TOKEN, "fence", this.claim.holder(), this.lastToken.toString())))
			.map((answer) -> Long.parseLong(answer.substring(answer.indexOf(' ') + 1)))
			.doOnNext((next) -> this.lastToken.accumulateAndGet(next, Math::max));
	}

	@Override
	public Mono<Void> renewLease() {
		return Mono
			.defer(() -> held(this.scripts.run(RedisScripts.RENEW_LEASE, "fence", this.claim.holder(),
					this.lastToken.toString(), String.valueOf(this.claim.lease().toMillis()))))
			.then();
	}

	@Override
	public Mono<Void> release() {
		return this.claim.readOnly() ? Mono.empty()
				: this.scripts.run(RedisScripts.RELEASE, "fence", this.claim.holder()).then();
	}

	private static Mono<String> held(Mono<String> answer) {
		return answer
			.onErrorMap(RedisChunkStore::isFull,
					(failure) -> new BlockIoException(BlockErrno.ENOSPC, "the server has no memory left (maxmemory)",
							failure))
			.handle((words, sink) -> {
				if (words.startsWith("lost ")) {
					sink.error(new FencedException("it is served by " + words.substring("lost ".length())));
				}
				else if (words.equals(RedisScripts.BEHIND)) {
					sink.error(new FencedException("the Redis that answers now lacks what was acknowledged last, as a "
							+ "replica does that was behind when it was promoted"));
				}
				else {
					sink.next(words);
				}
			});
	}

	/** A server that has lost its data would read as zeros. */
	private static <T> Mono<T> present(Mono<T> answer) {
		return answer.onErrorMap((failure) -> RedisScripts.answerOf(failure).contains(RedisScripts.GONE),
				(failure) -> new IOException(
						RedisScripts.answerOf(failure).replaceFirst(".*" + RedisScripts.GONE + " ", ""), failure));
	}

	private static boolean isFull(Throwable failure) {
		return RedisScripts.answerOf(failure).contains("OOM ");
	}

}
