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

/**
 * How the pages of a request become a fixed buffer of the queue's ring.
 */
public enum PageRegistration {

	/** They do not. */
	NONE,

	/** The driver registers them before the request arrives. */
	AUTOMATIC,

	/** A command registers them when they are needed. */
	BY_COMMAND,

	/** As {@link #AUTOMATIC}, but the driver always fails to. For tests. */
	FAILING

}
