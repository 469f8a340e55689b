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
 * A {@link BlockOperation#DISCARD}: the range is no longer needed and reads as zeros
 * afterwards.
 */
public interface DiscardRequest extends BlockRequest {

	/**
	 * Gives the space of the range back to the file system ({@code fallocate(2)}, punch
	 * hole), on the ring of the queue. The range reads as zeros afterwards. Any thread
	 * may subscribe.
	 * @param file the file
	 * @param position where the range begins in the file, in bytes
	 * @return completes on the queue's thread; fails with a {@link BlockIoException},
	 * EOPNOTSUPP where the file system has no holes
	 */
	Mono<Void> punchHole(BackingFile file, long position);

}
