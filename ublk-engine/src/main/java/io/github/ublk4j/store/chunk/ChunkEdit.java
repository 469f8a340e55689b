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

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A part of a chunk that is to be changed.
 */
final class ChunkEdit {

	private final int offset;

	private final int length;

	private final @Nullable ByteBuffer data;

	private final Sinks.Empty<Void> result = Sinks.empty();

	private volatile boolean givenUp;

	private ChunkEdit(int offset, int length, @Nullable ByteBuffer data) {
		this.offset = offset;
		this.length = length;
		this.data = data;
	}

	/**
	 * Stores data, which the caller leaves as it is until the edit has ended.
	 */
	static ChunkEdit write(int offset, ByteBuffer data) {
		return new ChunkEdit(offset, data.remaining(), data);
	}

	static ChunkEdit zero(int offset, int length) {
		return new ChunkEdit(offset, length, null);
	}

	int offset() {
		return this.offset;
	}

	int end() {
		return this.offset + this.length;
	}

	void applyTo(ByteBuffer chunk, ByteBuffer zeros) {
		if (this.data != null) {
			chunk.put(this.offset, this.data, this.data.position(), this.length);
		}
		else {
			chunk.put(this.offset, zeros, 0, this.length);
		}
	}

	/**
	 * Notes that nobody waits for it any more.
	 */
	void giveUp() {
		this.givenUp = true;
	}

	boolean isWanted() {
		return !this.givenUp;
	}

	Mono<Void> result() {
		return this.result.asMono();
	}

	void succeed() {
		this.result.tryEmitEmpty();
	}

	void fail(Throwable failure) {
		this.result.tryEmitError(failure);
	}

}
