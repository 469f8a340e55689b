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

import reactor.core.publisher.Mono;

/**
 * A {@link BlockOperation#WRITE_ZEROES}: the range reads as zeros afterwards.
 */
public interface WriteZeroesRequest extends BlockRequest {

	/**
	 * Returns whether the space may be given back, as by a discard; otherwise it must
	 * stay allocated ({@code REQ_NOUNMAP}).
	 * @return whether deallocating the range is allowed
	 */
	boolean mayUnmap();

	/**
	 * Zeroes the range in a file ({@code fallocate(2)}): a hole if it
	 * {@link #mayUnmap()}, else allocated zeros. Runs on the ring of the queue. Any
	 * thread may subscribe.
	 * @param file the file
	 * @param position where the range begins in the file, in bytes
	 * @return completes on the queue's thread; fails with a {@link BlockIoException},
	 * EOPNOTSUPP where the file system cannot do it
	 */
	Mono<Void> zeroRange(BackingFile file, long position);

}
