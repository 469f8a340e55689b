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

package io.github.ublk4j.sample;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.spring.BlockDevice;
import reactor.core.publisher.Mono;

/**
 * A RAM disk that takes memory only for what was written.
 * <p>
 * It has no {@code flush}: a write is as durable as it will ever be when it completes,
 * and the kernel need not ask for more.
 */
@BlockDevice(name = "scratch", size = "256MB")
class ScratchDisk implements BlockDeviceHandler {

	private static final int CHUNK_SIZE = 64 * 1024;

	private final Map<Long, byte[]> chunks = new ConcurrentHashMap<>();

	@Override
	public Mono<Void> read(ReadRequest read) {
		forEachChunk(read.offset(), read.length(), (index, start, length) -> {
			byte[] chunk = this.chunks.get(index);
			if (chunk != null) {
				read.buffer().put(chunk, start, length);
			}
			else {
				// What is left out reads as zeros.
				read.buffer().position(read.buffer().position() + length);
			}
		});
		return Mono.empty();
	}

	@Override
	public Mono<Void> write(WriteRequest write) {
		forEachChunk(write.offset(), write.length(), (index, start, length) -> {
			byte[] chunk = this.chunks.computeIfAbsent(index, (missing) -> new byte[CHUNK_SIZE]);
			write.buffer().get(chunk, start, length);
		});
		return Mono.empty();
	}

	@Override
	public Mono<Void> discard(DiscardRequest discard) {
		forEachChunk(discard.offset(), discard.length(), (index, start, length) -> {
			if (length == CHUNK_SIZE) {
				this.chunks.remove(index);
			}
			else {
				this.chunks.computeIfPresent(index, (key, chunk) -> {
					Arrays.fill(chunk, start, start + length, (byte) 0);
					return chunk;
				});
			}
		});
		return Mono.empty();
	}

	private static void forEachChunk(long offset, long length, ChunkAction action) {
		for (long at = offset, end = offset + length; at < end;) {
			int start = (int) (at % CHUNK_SIZE);
			int count = (int) Math.min(CHUNK_SIZE - start, end - at);
			action.accept(at / CHUNK_SIZE, start, count);
			at += count;
		}
	}

	private interface ChunkAction {

		void accept(long index, int start, int length);

	}

}
