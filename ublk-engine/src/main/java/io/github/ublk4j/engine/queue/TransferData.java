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

import org.jspecify.annotations.Nullable;

/**
 * Where the data of a transfer lies: in the pages of the request, which are a fixed
 * buffer of the ring, in the buffer of the disk, which can be in one, or in memory that
 * all transfers of the request borrow. Used by the loop alone.
 */
final class TransferData {

	private final IoRequest request;

	private int fixedBuffer = DataPath.NO_FIXED_BUFFER;

	// whether the fixed buffer is the pages of the request
	private boolean inPages;

	private long address;

	private @Nullable IoBuffer memory;

	private boolean borrowed;

	TransferData(IoRequest request) {
		this.request = request;
	}

	/**
	 * Finds the data, again when the pages of the request could not be registered.
	 * @param path how the queue moves data
	 * @param length bytes
	 * @param read whether it comes from the file
	 */
	void locate(DataPath path, int length, boolean read) {
		this.address = 0;
		this.fixedBuffer = path.fixedPages(this.request);
		this.inPages = this.fixedBuffer != DataPath.NO_FIXED_BUFFER;
		if (!this.inPages) {
			IoBuffer buffer = this.request.ownBuffer();
			if (buffer != null) {
				this.fixedBuffer = path.fixedMemory(this.request);
			}
			else {
				buffer = borrow(path, length, read);
			}
			this.memory = buffer;
			this.address = buffer.address();
		}
	}

	private IoBuffer borrow(DataPath path, int length, boolean read) {
		IoBuffer buffer = this.request.transfers().borrow(path, length);
		this.borrowed = true;
		if (!read) {
			try {
				path.copyFromRequest(this.request, buffer, length);
			}
			catch (RuntimeException | Error ex) {
				release(path);
				throw ex;
			}
		}
		return buffer;
	}

	/**
	 * Gives the request what was read from the file.
	 */
	void deliver(DataPath path, int length) {
		IoBuffer from = this.memory;
		if (this.borrowed && from != null) {
			path.copyToRequest(this.request, from, length);
		}
	}

	/**
	 * Gives borrowed memory back and forgets the rest.
	 */
	void release(DataPath path) {
		this.memory = null;
		this.address = 0;
		this.fixedBuffer = DataPath.NO_FIXED_BUFFER;
		this.inPages = false;
		if (this.borrowed) {
			this.borrowed = false;
			this.request.transfers().giveBack(path);
		}
	}

	/**
	 * Returns the index of the fixed buffer, or {@link DataPath#NO_FIXED_BUFFER}.
	 */
	int fixedBuffer() {
		return this.fixedBuffer;
	}

	boolean isFixed() {
		return this.fixedBuffer != DataPath.NO_FIXED_BUFFER;
	}

	/**
	 * Returns whether the pages of the request are not where a transfer has looked for
	 * them.
	 */
	boolean isMissing() {
		return this.inPages && this.request.pages() == IoRequest.Pages.UNAVAILABLE;
	}

	/**
	 * Returns whether the pages of the request must be registered first, which happens
	 * once.
	 */
	boolean needsRegistration() {
		if (!this.inPages || this.request.pages() != IoRequest.Pages.UNREGISTERED) {
			return false;
		}
		this.request.pages(IoRequest.Pages.REGISTERED_BY_COMMAND);
		return true;
	}

	/**
	 * Returns the memory at the address, which stays alive as long as this object.
	 */
	@Nullable IoBuffer memory() {
		return this.memory;
	}

	/**
	 * Returns where the data begins: an address, in the fixed buffer if there is one; in
	 * the pages of the request an offset.
	 */
	long address() {
		return this.address;
	}

}
