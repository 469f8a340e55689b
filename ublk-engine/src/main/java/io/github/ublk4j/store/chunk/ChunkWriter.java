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

package io.github.ublk4j.store.chunk;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;

import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;

/**
 * Changes chunks. Each has one put under way at a time; what comes meanwhile is merged
 * into the next. An edit ends when the chunk that it is in has been stored.
 */
final class ChunkWriter {

	private final VolumeDescriptor descriptor;

	private final ChunkStore chunks;

	private final Permits permits;

	private final ChunkAttempts attempts;

	private final ByteBuffer zeros;

	private final ConcurrentHashMap<Long, ChunkLane> lanes = new ConcurrentHashMap<>();

	private final Sinks.Empty<Void> idle = Sinks.empty();

	private volatile boolean closed;

	ChunkWriter(VolumeDescriptor descriptor, ChunkStore chunks, Permits permits, ChunkAttempts attempts,
			ByteBuffer zeros) {
		this.descriptor = descriptor;
		this.chunks = chunks;
		this.permits = permits;
		this.attempts = attempts;
		this.zeros = zeros;
	}

	/**
	 * Begins to change a chunk, after all edits of it that have begun before.
	 * @return the end of the edit. If nobody waits for it any more, and it is not being
	 * stored yet, it never will be: whoever has given it up may not expect it later, and
	 * while the store does not answer they would be more and more
	 */
	Mono<Void> apply(long index, ChunkEdit edit) {
		ChunkLane begun = new ChunkLane(index);
		ChunkLane lane = this.lanes.compute(index, (key, running) -> {
			ChunkLane chosen = (running != null) ? running : begun;
			chosen.add(edit);
			return chosen;
		});
		if (lane == begun) {
			this.permits.run(Mono.defer(() -> storeBatch(lane)))
				.onErrorResume((failure) -> Mono.fromRunnable(() -> lane.fail(failure)))
				.repeat(() -> !retire(lane))
				.subscribe();
		}
		return edit.result().doOnCancel(() -> {
			edit.giveUp();
			lane.remove(edit);
		});
	}

	/**
	 * Returns whether there are edits of a chunk that have not ended.
	 */
	boolean isChanging(long index) {
		return this.lanes.containsKey(index);
	}

	private boolean retire(ChunkLane lane) {
		boolean retired = this.lanes.computeIfPresent(lane.index(),
				(key, running) -> running.isIdle() ? null : running) == null;
		if (retired && this.closed && this.lanes.isEmpty()) {
			this.idle.tryEmitEmpty();
		}
		return retired;
	}

	private Mono<Void> storeBatch(ChunkLane lane) {
		List<ChunkEdit> batch = lane.takeBatch();
		if (batch.isEmpty()) {
			return Mono.empty();
		}
		int length = this.descriptor.chunkLength(lane.index());
		return before(lane, batch, length).flatMap((chunk) -> {
			List<ChunkEdit> wanted = batch.stream().filter(ChunkEdit::isWanted).toList();
			if (wanted.isEmpty()) {
				return Mono.<Void>empty();
			}
			wanted.forEach((edit) -> edit.applyTo(chunk, this.zeros));
			return store(lane, chunk);
		}).doOnSuccess((done) -> batch.forEach(ChunkEdit::succeed));
	}

	private Mono<ByteBuffer> before(ChunkLane lane, List<ChunkEdit> batch, int length) {
		ByteBuffer known = lane.content();
		if (known != null) {
			return Mono.just(known);
		}
		if (ChunkLane.cover(batch, length)) {
			return Mono.fromCallable(() -> allocate(length));
		}
		return this.attempts.read(lane.index(), 0, length)
			.flatMap((stored) -> Mono.fromCallable(() -> allocate(length).put(0, stored, stored.position(), length)))
			.switchIfEmpty(Mono.fromCallable(() -> allocate(length)));
	}

	/** On whatever thread: Reactor would throw the error of the JVM there. */
	private static ByteBuffer allocate(int length) throws BlockIoException {
		try {
			return ByteBuffer.allocate(length);
		}
		catch (OutOfMemoryError ex) {
			throw new BlockIoException(BlockErrno.ENOMEM, "The heap has no room for a chunk of " + length + " bytes",
					ex);
		}
	}

	private Mono<Void> store(ChunkLane lane, ByteBuffer chunk) {
		boolean zero = chunk.mismatch(this.zeros.slice(0, chunk.limit())) < 0;
		LongFunction<Mono<Void>> change = zero ? (token) -> this.chunks.delete(token, lane.index())
				: (token) -> this.chunks.put(token, lane.index(), chunk);
		// a put that was given up may still read the buffer
		return this.attempts.change(lane.index(), change)
			.doOnNext((firstSucceeded) -> lane.content(firstSucceeded ? chunk : null))
			.then();
	}

	/**
	 * Waits for the edits that have begun. None begin after it.
	 */
	Mono<Void> close() {
		this.closed = true;
		return this.lanes.isEmpty() ? Mono.empty() : this.idle.asMono();
	}

}
