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

package io.github.ublk4j.block;

import java.nio.ByteBuffer;

import reactor.core.publisher.Mono;

/**
 * A {@link BlockOperation#WRITE}.
 */
public interface WriteRequest extends BlockRequest {

	/**
	 * Returns the data to store: position 0, limit and remaining {@link #length()}.
	 * @return the engine's direct buffer, the same object at every call, valid until the
	 * request is completed; a disk that keeps the data must copy it
	 */
	ByteBuffer buffer();

	/**
	 * Stores the request in a file, on the ring of the queue: no thread waits, and in
	 * {@linkplain DataMode#ZERO_COPY zero-copy mode} no data is copied in this process. A
	 * disk that has taken the {@link #buffer()} before stores what is in it now; one that
	 * takes it during a transfer gets an {@link IllegalStateException}, except in copy
	 * mode. With {@link #forceUnitAccess()} the data is durable on completion, and a
	 * failure makes later ones fail, see {@link BackingFile}. Any thread may subscribe.
	 * <p>
	 * The transfer covers the whole request. It begins when it is subscribed and must end
	 * before the request does; a cancelled one is broken off.
	 * @param file the file
	 * @param position where to begin in the file, in bytes
	 * @return completes on the queue's thread when the data is in the file; fails with a
	 * {@link BlockIoException}
	 */
	Mono<Void> transferTo(BackingFile file, long position);

	/**
	 * Returns whether the write must be durable when it completes (force unit access,
	 * {@code REQ_FUA}). The kernel asks for it only of a disk that supports
	 * {@link BlockOperation#FLUSH}.
	 * @return whether the data must have reached stable storage before completion
	 */
	boolean forceUnitAccess();

}
