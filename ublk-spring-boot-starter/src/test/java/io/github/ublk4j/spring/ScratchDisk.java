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

package io.github.ublk4j.spring;

import java.nio.ByteBuffer;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import reactor.core.publisher.Mono;

interface Chunks {

	Mono<Void> load(long offset, ByteBuffer destination);

	Mono<Void> save(long offset, ByteBuffer source);

}

@BlockDevice(name = "scratch", size = "4GB")
class ScratchDisk implements BlockDeviceHandler {

	private final Chunks chunks; // your storage: a cache, a bucket, a computation

	ScratchDisk(Chunks chunks) {
		this.chunks = chunks;
	}

	@Override
	public Mono<Void> read(ReadRequest read) {
		return this.chunks.load(read.offset(), read.buffer());
	}

	@Override
	public Mono<Void> write(WriteRequest write) {
		return this.chunks.save(write.offset(), write.buffer());
	}

}
