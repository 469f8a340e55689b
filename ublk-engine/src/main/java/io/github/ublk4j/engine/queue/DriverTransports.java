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

import io.github.ublk4j.engine.driver.CharDevice;
import io.github.ublk4j.engine.linux.CurrentThread;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the transports of a device's queues, and marks each queue's thread so that memory
 * reclaim never waits for I/O that the thread itself would have to serve.
 * <p>
 * The thread is not bound to the processors of its queue: every thread that a handler
 * creates from it, a scheduler's or a client's, would inherit the binding for ever.
 */
public final class DriverTransports implements QueueTransport.Factory {

	private static final Logger logger = LoggerFactory.getLogger(DriverTransports.class);

	private final CharDevice device;

	private final int depth;

	private final PageRegistration pages;

	/**
	 * Creates a factory.
	 * @param device the open device; closed after the last queue has ended
	 * @param depth the tags of a queue
	 * @param pages how the pages of requests are registered
	 */
	public DriverTransports(CharDevice device, int depth, PageRegistration pages) {
		this.device = device;
		this.depth = depth;
		this.pages = pages;
	}

	@Override
	public QueueTransport open(int queue) {
		if (!CurrentThread.markIoFlusher()) {
			logger.debug("Queue {} could not be marked as an I/O flusher: CAP_SYS_RESOURCE is missing", queue);
		}
		return new DriverTransport(this.device, queue, this.depth, this.pages);
	}

}
