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

package io.github.ublk4j.spring.readme;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.spring.BlockDevice;
import reactor.core.publisher.Mono;

@BlockDevice(name = "scratch", size = "64MB")
class ScratchDisk implements BlockDeviceHandler {

	private final byte[] bytes = new byte[64 << 20]; // or a bucket, a computation ...

	@Override
	public Mono<Void> read(ReadRequest read) {
		read.buffer().put(this.bytes, (int) read.offset(), (int) read.length());
		return Mono.empty();
	}

	@Override
	public Mono<Void> write(WriteRequest write) {
		write.buffer().get(this.bytes, (int) write.offset(), (int) write.length());
		return Mono.empty();
	}

}
