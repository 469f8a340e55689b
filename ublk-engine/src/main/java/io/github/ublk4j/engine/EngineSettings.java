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

import java.time.Duration;
import java.util.List;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.engine.device.DeviceRecords;
import io.github.ublk4j.engine.queue.PageRegistration;
import io.github.ublk4j.metrics.DiskMetrics;
import org.jspecify.annotations.Nullable;

/**
 * What an engine does alike for all of its devices.
 *
 * @param drainTimeout how long a stop waits for requests in flight
 * @param controlTimeout how long a command to the driver may take
 * @param registration how zero-copy devices register pages, if not as the kernel does
 * best
 * @param metrics who measures their requests
 * @param records where it is kept which device serves a disk, if anywhere
 * @param listeners who is told what becomes of them
 * @param decorators what is put around their handlers, from the inside out
 */
record EngineSettings(Duration drainTimeout, Duration controlTimeout, @Nullable PageRegistration registration,
		DiskMetrics metrics, @Nullable DeviceRecords records, List<DeviceListener> listeners,
		List<HandlerDecorator> decorators) {

	BlockDeviceHandler decorated(String disk, BlockDeviceHandler handler) {
		BlockDeviceHandler decorated = handler;
		for (HandlerDecorator decorator : this.decorators) {
			decorated = decorator.decorate(disk, decorated);
		}
		return decorated;
	}

}
