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

package io.github.ublk4j.engine;

import java.util.Set;
import java.util.function.Supplier;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import reactor.core.publisher.Mono;

/**
 * A handler around another one, as a {@link HandlerDecorator} makes it: every request
 * passes one method, and what the other handler says of itself stays true.
 */
public abstract class InterceptingHandler implements BlockDeviceHandler {

	private final BlockDeviceHandler handler;

	/**
	 * Wraps a handler.
	 * @param handler what serves the disk
	 */
	protected InterceptingHandler(BlockDeviceHandler handler) {
		this.handler = handler;
	}

	/**
	 * Serves a request. Called by the thread of its queue.
	 * @param request the request
	 * @param call calls the handler, which may throw, and returns its answer
	 * @return what answers the request
	 */
	protected abstract Mono<Void> intercept(BlockRequest request, Supplier<Mono<Void>> call);

	@Override
	public final Mono<Void> read(ReadRequest request) {
		return intercept(request, () -> this.handler.read(request));
	}

	@Override
	public final Mono<Void> write(WriteRequest request) {
		return intercept(request, () -> this.handler.write(request));
	}

	@Override
	public final Mono<Void> flush(FlushRequest request) {
		return intercept(request, () -> this.handler.flush(request));
	}

	@Override
	public final Mono<Void> discard(DiscardRequest request) {
		return intercept(request, () -> this.handler.discard(request));
	}

	@Override
	public final Mono<Void> writeZeroes(WriteZeroesRequest request) {
		return intercept(request, () -> this.handler.writeZeroes(request));
	}

	@Override
	public final Set<BlockOperation> operations() {
		return this.handler.operations();
	}

	@Override
	public final boolean fillsReadBuffers() {
		return this.handler.fillsReadBuffers();
	}

	@Override
	public final boolean transfersOnly() {
		return this.handler.transfersOnly();
	}

}
