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

package io.github.ublk4j.layer;

import io.github.ublk4j.block.BlockStore;

/**
 * Puts a layer over a store. {@link ForwardingBlockStore} is what to begin one of your
 * own with.
 */
@FunctionalInterface
public interface BlockLayer {

	/**
	 * Makes the layer. Called each time the disk is opened, and must not block for long.
	 * @param below the store to lay it over; the layer closes it when it is closed itself
	 * @return the store that requests then go to
	 */
	BlockStore over(BlockStore below);

}
