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
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.store.MemoryBlockStore;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * Serves a store and does now and then what a handler must not: it throws, returns null,
 * never ends, ends several times from several threads, and writes into buffers of
 * requests that it has never answered. What it acknowledges is stored.
 */
final class FaultyHandler implements BlockDeviceHandler, AutoCloseable {

	private static final int FAULTS = 12;

	private static final int KEPT = 4;

	private final MemoryBlockStore store;

	private final Random random;

	private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(3, (task) -> {
		Thread thread = new Thread(task, "proof-handler");
		thread.setDaemon(true);
		return thread;
	});

	// of requests that never end
	private final Queue<ByteBuffer> kept = new ArrayBlockingQueue<>(KEPT);

	FaultyHandler(MemoryBlockStore store, Random random) {
		this.store = store;
		this.random = random;
		this.threads.scheduleWithFixedDelay(this::scribble, 1, 1, TimeUnit.MILLISECONDS);
	}

	// a write among them is never stored, and a read never answered
	private void scribble() {
		for (ByteBuffer buffer : this.kept) {
			for (int i = 0; i < buffer.limit(); i++) {
				buffer.put(i, (byte) 0xee);
			}
		}
	}

	@Override
	@SuppressWarnings("NullAway")
	public Mono<Void> read(ReadRequest request) {
		long offset = request.offset();
		return serve(request::buffer, (buffer) -> this.store.read(offset, buffer).block());
	}

	@Override
	@SuppressWarnings("NullAway")
	public Mono<Void> write(WriteRequest request) {
		long offset = request.offset();
		return serve(request::buffer, (buffer) -> this.store.write(offset, buffer).block());
	}

	private @Nullable Mono<Void> serve(Supplier<ByteBuffer> buffers, Move move) {
		switch (this.random.nextInt(FAULTS * 3)) {
			case 0 -> throw new IllegalStateException("a fault");
			case 1 -> throw new StackOverflowError("a fault");
			case 2 -> {
				return null;
			}
			case 3 -> {
				return Mono.error(new BlockIoException(BlockErrno.ENOSPC, "a fault"));
			}
			case 4 -> {
				return Mono.never();
			}
			case 5 -> {
				keep(buffers.get());
				return Mono.never();
			}
			case 6 -> {
				return later(() -> keep(buffers.get())).then(Mono.never());
			}
			case 7 -> {
				move.accept(buffers.get());
				return new EndsOften();
			}
			case 8 -> {
				return later(() -> {
					throw new AssertionError("a fault");
				});
			}
			case 9 -> {
				move.accept(buffers.get());
				return Mono.error(new UnprintableException());
			}
			case 10, 11, 12 -> {
				move.accept(buffers.get());
				return Mono.empty();
			}
			default -> {
				return later(() -> move.accept(buffers.get()));
			}
		}
	}

	private void keep(ByteBuffer buffer) {
		while (!this.kept.offer(buffer)) {
			this.kept.poll();
		}
	}

	private Mono<Void> later(Runnable task) {
		return Mono.create((sink) -> this.threads.schedule(() -> {
			try {
				task.run();
				sink.success();
			}
			catch (Throwable ex) {
				sink.error(ex);
			}
		}, this.random.nextInt(500), TimeUnit.MICROSECONDS));
	}

	@Override
	public void close() {
		this.threads.shutdownNow();
	}

	@FunctionalInterface
	private interface Move {

		void accept(ByteBuffer buffer);

	}

	/**
	 * Ends with success, and then again and otherwise.
	 */
	private final class EndsOften extends Mono<Void> {

		@Override
		public void subscribe(CoreSubscriber<? super Void> actual) {
			actual.onSubscribe(Operators.emptySubscription());
			actual.onComplete();
			actual.onComplete();
			for (int i = 0; i < 2; i++) {
				FaultyHandler.this.threads.execute(actual::onComplete);
				FaultyHandler.this.threads.execute(() -> actual.onError(new IllegalStateException("a late fault")));
			}
		}

	}

	private static final class UnprintableException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		@Override
		public String getMessage() {
			throw new IllegalStateException("no message");
		}

	}

}
