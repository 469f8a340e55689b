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

import java.nio.ByteBuffer;
import java.util.function.Supplier;

import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * A layer that treats requests of all kinds alike.
 */
abstract class InterceptingStore extends ForwardingBlockStore {

	InterceptingStore(BlockStore below) {
		super(below);
	}

	/**
	 * Handles a request.
	 * @param operation what is asked for
	 * @param offset where it begins, in bytes
	 * @param length bytes
	 * @param request makes the request of the store below; called once at most, when it
	 * is called the request may begin
	 */
	abstract Mono<Void> intercept(BlockOperation operation, long offset, long length, Supplier<Mono<Void>> request);

	@Override
	public final Mono<Void> read(long offset, ByteBuffer destination) {
		return intercept(BlockOperation.READ, offset, destination.remaining(), () -> below().read(offset, destination));
	}

	@Override
	public final Mono<Void> write(long offset, ByteBuffer source) {
		return intercept(BlockOperation.WRITE, offset, source.remaining(), () -> below().write(offset, source));
	}

	@Override
	public final Mono<Void> flush() {
		return intercept(BlockOperation.FLUSH, 0, 0, () -> below().flush());
	}

	@Override
	public final Mono<Void> discard(long offset, long length) {
		return intercept(BlockOperation.DISCARD, offset, length, () -> below().discard(offset, length));
	}

	@Override
	public final Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return intercept(BlockOperation.WRITE_ZEROES, offset, length,
				() -> below().writeZeroes(offset, length, mayUnmap));
	}

}
