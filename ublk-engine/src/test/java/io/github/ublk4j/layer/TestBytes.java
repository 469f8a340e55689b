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
import java.time.Duration;
import java.util.Arrays;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockStore;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Requests of tests.
 */
final class TestBytes {

	static final Duration PATIENCE = Duration.ofSeconds(10);

	private TestBytes() {
	}

	static ByteBuffer bytes(int length, int value) {
		byte[] bytes = new byte[length];
		Arrays.fill(bytes, (byte) value);
		return ByteBuffer.wrap(bytes);
	}

	static byte[] read(BlockStore store, long offset, int length) {
		ByteBuffer buffer = ByteBuffer.allocate(length);
		store.read(offset, buffer).block(PATIENCE);
		return buffer.array();
	}

	static void write(BlockStore store, long offset, int length, int value) {
		store.write(offset, bytes(length, value)).block(PATIENCE);
	}

	/** Returns how a request failed, {@code null} if it did not. */
	static @Nullable BlockErrno errno(Mono<Void> request) {
		return request.then(Mono.<BlockErrno>empty())
			.onErrorResume((ex) -> Mono.just(BlockIoException.errnoOf(ex)))
			.block(PATIENCE);
	}

}
