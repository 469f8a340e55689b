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
 * A {@link BlockOperation#FLUSH}: every write that completed before this request arrived
 * must be durable when it completes. It covers the whole disk; offset and length are 0.
 */
public interface FlushRequest extends BlockRequest {

	/**
	 * Makes what was written to a file durable ({@code fdatasync(2)}), on the ring of the
	 * queue. Any thread may subscribe.
	 * @param file the file
	 * @return completes on the queue's thread; fails with a {@link BlockIoException}, for
	 * ever once one has failed, see {@link BackingFile}
	 */
	Mono<Void> sync(BackingFile file);

}
