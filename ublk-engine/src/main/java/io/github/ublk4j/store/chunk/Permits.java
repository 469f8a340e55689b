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

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import io.github.ublk4j.block.BlockIoException;

/**
 * Bounds how much work is under way; the rest waits in its order. Work that is cancelled
 * runs to its end: it may hold a buffer that others get back when it has ended.
 */
final class Permits {

	private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

	private final AtomicInteger free;

	private final AtomicInteger draining = new AtomicInteger();

	Permits(int permits) {
		this.free = new AtomicInteger(permits);
	}

	/**
	 * Returns a Mono that does some work, once, when there is a permit.
	 */
	Mono<Void> run(Mono<Void> work) {
		return Mono.defer(() -> {
			Sinks.Empty<Void> result = Sinks.empty();
			this.waiting.add(() -> start(work, result));
			drain();
			return result.asMono();
		});
	}

	private void start(Mono<Void> work, Sinks.Empty<Void> result) {
		AtomicBoolean ended = new AtomicBoolean();
		try {
			work.subscribe(null, (failure) -> {
				release(ended);
				result.tryEmitError(failure);
			}, () -> {
				release(ended);
				result.tryEmitEmpty();
			});
		}
		catch (Throwable ex) {
			// an error of the JVM, which Reactor throws past whoever waits for the end
			release(ended);
			result.tryEmitError(BlockIoException.ofThrown(ex));
		}
	}

	private void release(AtomicBoolean ended) {
		if (ended.compareAndSet(false, true)) {
			this.free.incrementAndGet();
			drain();
		}
	}

	/** One thread starts work, so that work that ends at once does not nest. */
	private void drain() {
		if (this.draining.getAndIncrement() != 0) {
			return;
		}
		int missed = 1;
		try {
			while (missed != 0) {
				startWaiting();
				missed = this.draining.addAndGet(-missed);
			}
		}
		finally {
			if (missed != 0) {
				// an error of the JVM: let the next one that ends go on
				this.draining.set(0);
			}
		}
	}

	private void startWaiting() {
		while (this.free.get() > 0) {
			Runnable next = this.waiting.poll();
			if (next == null) {
				return;
			}
			this.free.decrementAndGet();
			next.run();
		}
	}

}
