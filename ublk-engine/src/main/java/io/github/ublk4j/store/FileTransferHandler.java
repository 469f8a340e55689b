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

package io.github.ublk4j.store;

import java.util.Set;
import java.util.function.Supplier;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import reactor.core.publisher.Mono;

/**
 * Serves a file store as a disk by transfers on the queue's ring: no thread of the store
 * is needed, and no copy in zero-copy mode.
 */
final class FileTransferHandler implements BlockDeviceHandler {

	private final FileBlockStore store;

	private final BackingFile file;

	FileTransferHandler(FileBlockStore store, BackingFile file) {
		this.store = store;
		this.file = file;
	}

	@Override
	public Mono<Void> read(ReadRequest request) {
		if (this.store.hasLateChanges()) {
			return afterLateChanges(request, () -> request.transferFrom(this.file, request.offset()));
		}
		return request.transferFrom(this.file, request.offset());
	}

	@Override
	public Mono<Void> write(WriteRequest request) {
		if (this.store.hasLateChanges()) {
			return afterLateChanges(request, () -> request.transferTo(this.file, request.offset()));
		}
		return request.transferTo(this.file, request.offset());
	}

	/**
	 * Begins a transfer when no discard or zeroing of its range is under way any more
	 * that a thread of the store has begun, since a transfer could not do it, and that
	 * was then cancelled.
	 */
	private Mono<Void> afterLateChanges(BlockRequest request, Supplier<Mono<Void>> transfer) {
		return this.store.awaitLateChanges(request.offset(), request.length()).then(Mono.defer(transfer));
	}

	@Override
	public Mono<Void> flush(FlushRequest request) {
		return request.sync(this.file);
	}

	@Override
	public Mono<Void> discard(DiscardRequest request) {
		long offset = request.offset();
		long length = request.length();
		Mono<Void> transfer = this.store.hasLateChanges()
				? afterLateChanges(request, () -> request.punchHole(this.file, offset))
				: request.punchHole(this.file, offset);
		return transfer.onErrorResume(FileTransferHandler::isUnsupported, (ex) -> this.store.discard(offset, length));
	}

	@Override
	public Mono<Void> writeZeroes(WriteZeroesRequest request) {
		long offset = request.offset();
		long length = request.length();
		boolean mayUnmap = request.mayUnmap();
		Mono<Void> transfer = this.store.hasLateChanges()
				? afterLateChanges(request, () -> request.zeroRange(this.file, offset))
				: request.zeroRange(this.file, offset);
		return transfer.onErrorResume(FileTransferHandler::isUnsupported,
				(ex) -> this.store.writeZeroes(offset, length, mayUnmap));
	}

	// not every file system can do both, nor every block device any range
	private static boolean isUnsupported(Throwable failure) {
		return failure instanceof BlockIoException io
				&& (io.errno() == BlockErrno.EOPNOTSUPP || io.errno() == BlockErrno.EINVAL);
	}

	@Override
	public Set<BlockOperation> operations() {
		return this.store.operations();
	}

	@Override
	public boolean fillsReadBuffers() {
		return true;
	}

	@Override
	public boolean transfersOnly() {
		return true;
	}

}
