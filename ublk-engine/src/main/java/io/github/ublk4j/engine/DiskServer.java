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

import java.util.EnumSet;
import java.util.Set;
import java.util.function.UnaryOperator;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.engine.queue.BlockQueue;
import io.github.ublk4j.engine.queue.CodeName;
import io.github.ublk4j.engine.queue.DataPath;
import io.github.ublk4j.engine.queue.QueueTransport;

/**
 * What serves a disk, a handler or a stream, as far as a device needs to know.
 */
final class DiskServer {

	private final Object author;

	private final String remedy;

	private final Set<BlockOperation> operations = EnumSet.noneOf(BlockOperation.class);

	private final boolean fillsReadBuffers;

	private final boolean transfersOnly;

	private final long capacity;

	private final QueueFactory queues;

	private DiskServer(Object author, Set<BlockOperation> operations, String remedy, boolean fillsReadBuffers,
			boolean transfersOnly, long capacity, QueueFactory queues) {
		this.author = author;
		this.remedy = remedy;
		this.operations.addAll(operations);
		this.fillsReadBuffers = fillsReadBuffers;
		this.transfersOnly = transfersOnly;
		this.capacity = capacity;
		this.queues = queues;
	}

	BlockQueue queue(String disk, int index, int depth, QueueTransport.Factory transports, DataPath dataPath,
			BlockQueue.Listener listener) {
		return this.queues.create(disk, index, depth, transports, dataPath, listener);
	}

	/**
	 * Whether every read fills its whole buffer.
	 */
	boolean fillsReadBuffers() {
		return this.fillsReadBuffers;
	}

	/**
	 * Whether the data is moved by transfers alone.
	 */
	boolean transfersOnly() {
		return this.transfersOnly;
	}

	/**
	 * Returns what the kernel is told about a disk.
	 */
	Set<BlockOperation> operations(DiskSpec spec) {
		EnumSet<BlockOperation> offered = EnumSet.copyOf(this.operations);
		if (spec.readOnly()) {
			offered.retainAll(EnumSet.of(BlockOperation.READ));
		}
		return offered;
	}

	void requireOperations(DiskSpec spec) {
		if (!this.operations.contains(BlockOperation.READ)) {
			throw new InvalidDiskException(spec.name(), "operations", this.operations,
					CodeName.of(this.author, "handler") + " must support READ.");
		}
		if (!spec.readOnly() && !this.operations.contains(BlockOperation.WRITE)) {
			throw new InvalidDiskException(spec.name(), "readOnly", false, CodeName.of(this.author, "handler")
					+ " does not support WRITE. Make the disk read-only, or " + this.remedy + ".");
		}
	}

	/**
	 * Checks that there is room for all data of a disk.
	 */
	void requireCapacity(DiskSpec spec) {
		if (spec.size() > this.capacity) {
			throw new InvalidDiskException(spec.name(), "size", spec.size(),
					"The store holds only " + this.capacity + " bytes; make the disk smaller or the store larger.");
		}
	}

	static DiskServer of(BlockDeviceHandler handler, UnaryOperator<BlockDeviceHandler> decorator) {
		return ofHandler(handler, decorator.apply(handler), "let it override write(...)", Long.MAX_VALUE);
	}

	static DiskServer of(BlockStore store, UnaryOperator<BlockDeviceHandler> decorator) {
		return ofHandler(store, decorator.apply(store.handler()), "use a store that can be written", store.size());
	}

	private static DiskServer ofHandler(Object author, BlockDeviceHandler handler, String remedy, long capacity) {
		return new DiskServer(author, handler.operations(), remedy, handler.fillsReadBuffers(), handler.transfersOnly(),
				capacity, (disk, index, depth, transports, dataPath, listener) -> BlockQueue.forHandler(disk, index,
						depth, transports, dataPath, handler, listener));
	}

	static DiskServer ofStream(BlockRequestStream stream) {
		return new DiskServer(stream, stream.operations(), "let its operations() contain WRITE",
				stream.fillsReadBuffers(), false, Long.MAX_VALUE, (disk, index, depth, transports, dataPath,
						listener) -> BlockQueue.forStream(disk, index, depth, transports, dataPath, stream, listener));
	}

	/**
	 * Makes a queue.
	 */
	@FunctionalInterface
	private interface QueueFactory {

		BlockQueue create(String disk, int index, int depth, QueueTransport.Factory transports, DataPath dataPath,
				BlockQueue.Listener listener);

	}

}
