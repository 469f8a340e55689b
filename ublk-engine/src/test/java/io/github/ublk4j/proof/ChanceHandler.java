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

package io.github.ublk4j.proof;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.store.MemoryBlockStore;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * Serves a store as late, in as odd an order and on as many threads as chance has it. A
 * request moves its data in one piece, at some time between the call and the answer; or
 * later, if it was not answered in time and has its buffer already.
 */
final class ChanceHandler implements BlockDeviceHandler, AutoCloseable {

	// so rare that most requests are in time
	private static final int SLOW_ONES = 64;

	private final MemoryBlockStore store;

	private final Random random;

	private final int longestMicros;

	private final int slowMicros;

	private final boolean obedient;

	private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(3, (task) -> {
		Thread thread = new Thread(task, "proof-handler");
		thread.setDaemon(true);
		return thread;
	});

	/**
	 * Creates a handler.
	 * @param longestMicros how long most requests take at most
	 * @param slowMicros how much longer a few of them take at most
	 * @param obedient whether requests that were cancelled move nothing any more
	 */
	ChanceHandler(MemoryBlockStore store, Random random, int longestMicros, int slowMicros, boolean obedient) {
		this.store = store;
		this.random = random;
		this.longestMicros = longestMicros;
		this.slowMicros = slowMicros;
		this.obedient = obedient;
	}

	@Override
	public Mono<Void> read(ReadRequest request) {
		long offset = request.offset();
		byte[] data = new byte[(int) request.length()];
		return sometime(request::buffer, (buffer) -> {
			this.store.read(offset, ByteBuffer.wrap(data)).block();
			buffer.put(data);
		});
	}

	@Override
	public Mono<Void> write(WriteRequest request) {
		long offset = request.offset();
		return sometime(request::buffer, (buffer) -> this.store.write(offset, buffer).block());
	}

	private Mono<Void> sometime(Buffers buffers, Move move) {
		if (this.random.nextInt(4) == 0) {
			return Mono.fromRunnable(() -> moved(buffers.get(), move, new AtomicBoolean()));
		}
		ByteBuffer early = this.random.nextBoolean() ? buffers.get() : null;
		return Mono.create((sink) -> {
			AtomicBoolean over = new AtomicBoolean();
			sink.onCancel(() -> over.set(true));
			later(() -> {
				try {
					moved((early != null) ? early : buffers.get(), move, over);
					later(() -> sink.success());
				}
				catch (RuntimeException ex) {
					fail(sink, over, ex);
				}
			});
		});
	}

	private void moved(ByteBuffer buffer, Move move, AtomicBoolean over) {
		synchronized (this.store) {
			if (!this.obedient || !over.get()) {
				move.accept(buffer);
			}
		}
	}

	private static void fail(MonoSink<Void> sink, AtomicBoolean over, RuntimeException failure) {
		// without a log entry for each request that was not answered in time
		if (!over.get()) {
			sink.error(failure);
		}
	}

	private void later(Runnable task) {
		int delay = this.random.nextInt(this.longestMicros);
		if (this.slowMicros > 0 && this.random.nextInt(SLOW_ONES) == 0) {
			delay += this.random.nextInt(this.slowMicros);
		}
		try {
			this.threads.schedule(task, delay, TimeUnit.MICROSECONDS);
		}
		catch (RejectedExecutionException ex) {
			// closed: whoever waits is failed by the engine
		}
	}

	@Override
	public void close() {
		this.threads.shutdownNow();
	}

	@FunctionalInterface
	private interface Buffers {

		ByteBuffer get();

	}

	@FunctionalInterface
	private interface Move {

		void accept(ByteBuffer buffer);

	}

}
