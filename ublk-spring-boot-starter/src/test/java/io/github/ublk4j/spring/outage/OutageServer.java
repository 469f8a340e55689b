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

package io.github.ublk4j.spring.outage;

import org.springframework.context.support.GenericApplicationContext;

/**
 * A server of a disk's store that has outages, after which it has what it acknowledged
 * before.
 */
interface OutageServer {

	/**
	 * Stops it in the middle of what it does. It keeps its connections, and accepts
	 * others, but says nothing.
	 */
	void silence();

	/**
	 * Lets it go on after a silence.
	 */
	void resume();

	/**
	 * Takes it away without a warning. Its connections end, and others are refused.
	 */
	void takeAway();

	/**
	 * Brings it back, where it was.
	 */
	void bringBack();

	/**
	 * Tells an application that is about to start where the server is; the application
	 * does not say that itself.
	 */
	void announceTo(GenericApplicationContext application);

}
