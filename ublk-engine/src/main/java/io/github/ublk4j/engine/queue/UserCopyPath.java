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

package io.github.ublk4j.engine.queue;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.engine.linux.Errno;
import org.jspecify.annotations.Nullable;

/**
 * User-copy mode: the disk gets a buffer of the pool when it asks for one. The data of a
 * write is copied into it then, that of a read out of it when the request ends.
 */
class UserCopyPath extends DataPath {

	private final RequestCopier copier;

	private final BufferPool pool;

	private final boolean clearReadBuffers;

	UserCopyPath(RequestCopier copier, int depth, int largest, boolean clearReadBuffers) {
		this(copier, LockedMemory::allocate, depth, largest, clearReadBuffers);
	}

	UserCopyPath(RequestCopier copier, BufferMemory.Source memory, int depth, int largest, boolean clearReadBuffers) {
		super(largest);
		this.copier = copier;
		this.pool = new BufferPool(memory, depth, largest);
		this.clearReadBuffers = clearReadBuffers;
	}

	@Override
	final long commandAddress(int tag) {
		return 0;
	}

	@Override
	@Nullable IoBuffer begin(IoRequest request, int operationAndFlags, int tag, int length) {
		return null;
	}

	@Override
	final IoBuffer provide(IoRequest request) {
		int length = (int) request.lengthInFlight();
		IoBuffer buffer = this.pool.take(length);
		try {
			buffer.present(length);
			if (request.kind() == BlockOperation.WRITE) {
				this.copier.fromRequest(request.tagInFlight(), buffer, length);
			}
			else if (this.clearReadBuffers) {
				buffer.zero(length);
			}
			return buffer;
		}
		catch (RuntimeException | Error ex) {
			this.pool.giveBack(buffer);
			throw ex;
		}
	}

	@Override
	final IoBuffer lend(int length) {
		return this.pool.take(length);
	}

	@Override
	final void copyFromRequest(IoRequest request, IoBuffer lent, int length) {
		this.copier.fromRequest(request.tagInFlight(), lent, length);
	}

	@Override
	final void copyToRequest(IoRequest request, IoBuffer lent, int length) {
		this.copier.toRequest(request.tagInFlight(), lent, length);
	}

	@Override
	final void takeBack(IoBuffer lent) {
		this.pool.giveBack(lent);
	}

	@Override
	int end(IoRequest request, int result) {
		IoBuffer buffer = request.surrenderBuffer();
		if (buffer == null && !(this.clearReadBuffers && request.kind() == BlockOperation.READ)) {
			return result;
		}
		int committed = result;
		if (result > 0 && request.kind() == BlockOperation.READ) {
			committed = fill(request, buffer, result);
		}
		if (buffer != null) {
			this.pool.giveBack(buffer);
		}
		return committed;
	}

	private int fill(IoRequest request, @Nullable IoBuffer buffer, int length) {
		try {
			if (buffer != null) {
				this.copier.toRequest(request.tagInFlight(), buffer, length);
			}
			else if (!request.transfers().filled()) {
				this.copier.zeroRequest(request.tagInFlight(), length);
			}
			return length;
		}
		catch (RuntimeException ex) {
			request.reportLate(ex);
			return -Errno.EIO;
		}
	}

	@Override
	final void abandon(IoRequest request, boolean goesOn) {
		IoBuffer buffer = request.surrenderBuffer();
		if (buffer != null) {
			this.pool.abandon(buffer);
		}
	}

	@Override
	final boolean isShort() {
		return this.pool.isShort();
	}

	@Override
	public final long bytes() {
		return this.pool.bytes();
	}

	@Override
	public final boolean locked() {
		return this.pool.locked();
	}

	@Override
	public final void trim() {
		this.pool.trim();
	}

	@Override
	public final void release() {
		this.pool.release();
	}

}
