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
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * Lets only reads through. Whatever else is asked for fails with EOPNOTSUPP, and is not
 * offered to the kernel. A disk over it must be declared read-only.
 */
public final class ReadOnlyStore extends ForwardingBlockStore {

	private static final Set<BlockOperation> OPERATIONS = Collections.unmodifiableSet(EnumSet.of(BlockOperation.READ));

	/**
	 * Creates a layer.
	 * @param below the store below
	 */
	public ReadOnlyStore(BlockStore below) {
		super(below);
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		return refuse(BlockOperation.WRITE);
	}

	@Override
	public Mono<Void> flush() {
		return refuse(BlockOperation.FLUSH);
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return refuse(BlockOperation.DISCARD);
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return refuse(BlockOperation.WRITE_ZEROES);
	}

	private static Mono<Void> refuse(BlockOperation operation) {
		return Mono.error(new BlockIoException(BlockErrno.EOPNOTSUPP,
				operation + " is not supported: the layer 'read-only' lets only reads through"));
	}

	@Override
	public Set<BlockOperation> operations() {
		return OPERATIONS;
	}

}
