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

package io.github.ublk4j.sample.simulated;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.store.MemoryBlockStore;
import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Profile;

/**
 * A disk whose data is far away: each request takes some milliseconds, and is answered on
 * another thread.
 */
@Profile("simulated")
@BlockDevice(name = "remote", size = "1GB", queues = 2, queueDepth = 32)
class RemoteDisk implements BlockDeviceHandler {

	private final MemoryBlockStore store = MemoryBlockStore.sparse(1L << 30);

	@Override
	public Mono<Void> read(ReadRequest read) {
		return wayThere().then(Mono.defer(() -> this.store.read(read.offset(), read.buffer())));
	}

	@Override
	public Mono<Void> write(WriteRequest write) {
		return wayThere().then(Mono.defer(() -> this.store.write(write.offset(), write.buffer())));
	}

	private static Mono<Long> wayThere() {
		return Mono.delay(Duration.ofMillis(ThreadLocalRandom.current().nextLong(4, 40)));
	}

}
