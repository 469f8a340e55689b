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

package io.github.ublk4j.benchmark;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * A disk that does nothing, so that only the way of a request is measured. Started by
 * {@code docs/benchmarks/run.sh}; prints the path of the disk. Modes: {@code inline}
 * answers on the queue's thread, {@code handover} on another, {@code cleared} inline with
 * the buffers of reads cleared by the engine.
 */
final class NullServer implements BlockDeviceHandler {

	private static final long SIZE = 250L << 30;

	private final Mono<Void> answer;

	private final boolean fillsReadBuffers;

	private NullServer(String mode) {
		Scheduler other = Schedulers.newSingle("other", true);
		this.answer = mode.equals("handover") ? Mono.<Void>empty().publishOn(other) : Mono.empty();
		this.fillsReadBuffers = !mode.equals("cleared");
	}

	@Override
	public Mono<Void> read(ReadRequest request) {
		return this.answer;
	}

	@Override
	public Mono<Void> write(WriteRequest request) {
		return this.answer;
	}

	@Override
	public boolean fillsReadBuffers() {
		return this.fillsReadBuffers;
	}

	@SuppressWarnings("SystemOut")
	public static void main(String[] arguments) throws InterruptedException {
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = engine.start(DiskSpec.named("null").size(SIZE).build(), new NullServer(arguments[0]))
				.block();
			System.out.println(device.path());
			Thread.currentThread().join();
		}
	}

}
