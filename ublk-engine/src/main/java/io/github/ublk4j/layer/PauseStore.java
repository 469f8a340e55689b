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

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * Holds requests back while it is paused: storage that hangs. Those that arrived before
 * go on. What has been held back goes on when {@link #resume()} is called, on the thread
 * that calls it, or fails with EIO when the layer is closed. Any thread.
 */
public final class PauseStore extends InterceptingStore {

	private final AtomicReference<Sinks.@Nullable Empty<Void>> gate = new AtomicReference<>();

	/**
	 * Creates a layer that lets requests through.
	 * @param below the store below
	 */
	public PauseStore(BlockStore below) {
		super(below);
	}

	/**
	 * Lets requests that arrive from now on wait. Does nothing if they wait already.
	 */
	public void pause() {
		this.gate.compareAndSet(null, Sinks.empty());
	}

	/**
	 * Lets requests through, those that wait first.
	 */
	public void resume() {
		Sinks.Empty<Void> closed = this.gate.getAndSet(null);
		if (closed != null) {
			closed.tryEmitEmpty();
		}
	}

	/**
	 * Returns whether requests wait.
	 * @return whether the layer is paused
	 */
	public boolean isPaused() {
		return this.gate.get() != null;
	}

	@Override
	Mono<Void> intercept(BlockOperation operation, long offset, long length, Supplier<Mono<Void>> request) {
		Sinks.Empty<Void> closed = this.gate.get();
		return (closed == null) ? request.get() : closed.asMono().then(Mono.defer(request));
	}

	@Override
	public void close() {
		Sinks.Empty<Void> closed = this.gate.getAndSet(null);
		if (closed != null) {
			closed
				.tryEmitError(new BlockIoException(BlockErrno.EIO, "The layer 'pause' was closed while it was paused"));
		}
		super.close();
	}

}
