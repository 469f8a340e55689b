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

package io.github.ublk4j.store.chunk;

import reactor.core.publisher.Mono;

import io.github.ublk4j.store.StoreUnavailableException;

/**
 * A place for one volume: its descriptor, its chunks, and who may write them.
 * {@link Object#toString()} names it for people, as in "directory /var/lib/disk".
 */
public interface ChunkVolume {

	/**
	 * Returns what the volume is.
	 * @return the descriptor, empty if the volume does not exist; fails with a
	 * {@link StoreUnavailableException} if nobody can tell
	 */
	Mono<VolumeDescriptor> describe();

	/**
	 * Makes the volume, unless it exists. Of several servers that do so together, one
	 * makes it.
	 * @param descriptor what it will be
	 * @return what it is: the descriptor, or that of whoever was first
	 */
	Mono<VolumeDescriptor> createIfAbsent(VolumeDescriptor descriptor);

	/**
	 * Claims the volume, which exists. A claim to write gets a token that is larger than
	 * all before it; from then on the earlier ones are of no use.
	 * @param claim who wants it, and how
	 * @return its chunks; fails with a {@link StoreUnavailableException}, which names the
	 * holder, if another server holds it and is not to be taken over
	 */
	Mono<ChunkStore> claim(VolumeClaim claim);

}
