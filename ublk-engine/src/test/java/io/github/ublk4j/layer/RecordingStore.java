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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.store.MemoryBlockStore;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A memory store that keeps a journal, and fails or holds requests as it is told.
 */
final class RecordingStore implements BlockStore {

	private final MemoryBlockStore memory;

	private final List<String> journal = Collections.synchronizedList(new ArrayList<>());

	private final Deque<BlockIoException> failures = new ArrayDeque<>();

	private Set<BlockOperation> operations = EnumSet.allOf(BlockOperation.class);

	private Set<BlockOperation> held = EnumSet.noneOf(BlockOperation.class);

	private final List<Sinks.Empty<Void>> gates = new ArrayList<>();

	private @Nullable BlockOperation failing;

	private boolean closed;

	RecordingStore(long size) {
		this.memory = MemoryBlockStore.sparse(size);
	}

	List<String> journal() {
		return this.journal;
	}

	RecordingStore supports(BlockOperation first, BlockOperation... others) {
		this.operations = EnumSet.of(first, others);
		return this;
	}

	/** Fails the next requests of a kind. */
	synchronized void failNext(BlockOperation operation, int times, BlockErrno errno) {
		this.failing = operation;
		for (int i = 0; i < times; i++) {
			this.failures.add(new BlockIoException(errno, operation + " fails"));
		}
	}

	/** Lets requests of a kind wait until they are released. */
	synchronized void hold(BlockOperation operation) {
		this.held.add(operation);
	}

	/** Lets all go on that wait, in their order. */
	void release() {
		List<Sinks.Empty<Void>> waiting;
		synchronized (this) {
			this.held = EnumSet.noneOf(BlockOperation.class);
			waiting = List.copyOf(this.gates);
			this.gates.clear();
		}
		waiting.forEach(Sinks.Empty::tryEmitEmpty);
	}

	/** Lets the one go on that waits longest. */
	void releaseFirst() {
		Sinks.Empty<Void> first;
		synchronized (this) {
			first = this.gates.remove(0);
		}
		first.tryEmitEmpty();
	}

	synchronized int waiting() {
		return this.gates.size();
	}

	boolean isClosed() {
		return this.closed;
	}

	/** Returns what the store holds, past everything that is told to it. */
	byte[] content(long offset, int length) {
		ByteBuffer content = ByteBuffer.allocate(length);
		this.memory.read(offset, content).block();
		return content.array();
	}

	private synchronized Mono<Void> record(BlockOperation operation, long offset, long length,
			Supplier<Mono<Void>> request) {
		this.journal.add((operation == BlockOperation.FLUSH) ? "FLUSH" : operation + " " + offset + "+" + length);
		if (operation == this.failing && !this.failures.isEmpty()) {
			return Mono.error(this.failures.remove());
		}
		if (this.held.contains(operation)) {
			Sinks.Empty<Void> gate = Sinks.empty();
			this.gates.add(gate);
			return gate.asMono().then(Mono.defer(request));
		}
		return Mono.defer(request);
	}

	@Override
	public long size() {
		return this.memory.size();
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		return record(BlockOperation.READ, offset, destination.remaining(),
				() -> this.memory.read(offset, destination));
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		return record(BlockOperation.WRITE, offset, source.remaining(), () -> this.memory.write(offset, source));
	}

	@Override
	public Mono<Void> flush() {
		return record(BlockOperation.FLUSH, 0, 0, Mono::empty);
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return record(BlockOperation.DISCARD, offset, length, () -> this.memory.discard(offset, length));
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return record(BlockOperation.WRITE_ZEROES, offset, length,
				() -> this.memory.writeZeroes(offset, length, mayUnmap));
	}

	@Override
	public Set<BlockOperation> operations() {
		return this.operations;
	}

	@Override
	public boolean fillsReadBuffers() {
		return true;
	}

	@Override
	public void close() {
		this.closed = true;
	}

}
