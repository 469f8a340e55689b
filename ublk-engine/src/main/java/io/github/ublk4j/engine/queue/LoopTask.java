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
 * Something that another thread leaves in the mailbox for the loop to do.
 */
abstract class LoopTask {

	/** The next task in the mailbox. */
	@Nullable LoopTask next;

	/**
	 * Does it. Called by the loop.
	 */
	abstract void run();

	/**
	 * Ends it without doing it: the loop is gone. Any thread.
	 */
	abstract void reject();

}
