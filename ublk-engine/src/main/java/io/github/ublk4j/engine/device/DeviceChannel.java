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

package io.github.ublk4j.engine.device;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.engine.queue.DataPath;
import io.github.ublk4j.engine.queue.PageRegistration;
import io.github.ublk4j.engine.queue.QueueTransport;

/**
 * A device that this process has open to serve it. It cannot be deleted before it is
 * closed.
 */
public interface DeviceChannel extends AutoCloseable {

	/**
	 * Prepares to move the data of a queue's requests.
	 * @param queue the queue
	 * @param mode how
	 * @param registration how request pages become fixed buffers
	 * @param clearReadBuffers whether what the disk leaves unfilled must read as zeros
	 * @return the path, released by the caller after the queue has ended
	 */
	DataPath dataPath(int queue, DataMode mode, PageRegistration registration, boolean clearReadBuffers);

	/**
	 * Returns what opens the transports of the queues.
	 * @param registration how request pages become fixed buffers
	 * @return the factory
	 */
	QueueTransport.Factory transports(PageRegistration registration);

	/**
	 * Closes the device. The driver fails what is still in flight. Idempotent.
	 */
	@Override
	void close();

}
