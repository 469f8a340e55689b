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

package io.github.ublk4j.engine;

import io.github.ublk4j.block.BlockDeviceHandler;

/**
 * Puts something around what serves the disks of an engine, to observe or limit their
 * requests. It is asked once for each start of a disk that is a handler or a store; the
 * pipeline of a {@code BlockRequestStream} is its author's own.
 */
@FunctionalInterface
public interface HandlerDecorator {

	/**
	 * Decorates a handler. Called by the thread that starts the disk; an exception fails
	 * the start.
	 * @param disk the name of the disk
	 * @param handler what serves it
	 * @return what is called instead: the handler itself, or another one that answers for
	 * its {@code operations()}, {@code fillsReadBuffers()} and {@code transfersOnly()}
	 * too, as an {@link InterceptingHandler} does
	 */
	BlockDeviceHandler decorate(String disk, BlockDeviceHandler handler);

}
