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

import io.github.ublk4j.engine.driver.IoOperation;
import org.jspecify.annotations.Nullable;

/**
 * Zero-copy mode: the pages of a request are a fixed buffer of the queue's ring, by the
 * index of its tag. A disk that asks for a buffer gets one as in user-copy mode.
 */
final class ZeroCopyPath extends UserCopyPath {

	private final boolean automatic;

	ZeroCopyPath(RequestCopier copier, int depth, int largest, boolean clearReadBuffers, boolean automatic) {
		this(copier, LockedMemory::allocate, depth, largest, clearReadBuffers, automatic);
	}

	ZeroCopyPath(RequestCopier copier, BufferMemory.Source memory, int depth, int largest, boolean clearReadBuffers,
			boolean automatic) {
		super(copier, memory, depth, largest, clearReadBuffers);
		this.automatic = automatic;
	}

	@Override
	@Nullable IoBuffer begin(IoRequest request, int operationAndFlags, int tag, int length) {
		boolean registered = this.automatic && (operationAndFlags & IoOperation.FLAG_NEED_REG_BUF) == 0;
		request.pages(registered ? IoRequest.Pages.REGISTERED : IoRequest.Pages.UNREGISTERED);
		return null;
	}

	@Override
	int fixedPages(IoRequest request) {
		// what the disk has put into its buffer is not in the pages
		boolean usable = request.pages() != IoRequest.Pages.UNAVAILABLE && request.ownBuffer() == null;
		return usable ? request.tagInFlight() : NO_FIXED_BUFFER;
	}

}
