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

package io.github.ublk4j.engine.driver;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

import io.github.ublk4j.engine.driver.UblkLayout.DevInfo;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;

/**
 * A device that the driver makes after nobody waits for it any more. One thread.
 */
final class LateDevice {

	private static final Duration INTERVAL = Duration.ofSeconds(1);

	private final ByteBuffer argument;

	private final long token;

	/**
	 * Creates what is left of a command to make a device.
	 * @param argument the argument of the command; the driver writes the number of the
	 * device into it
	 */
	LateDevice(ByteBuffer argument) {
		this.argument = argument;
		this.token = argument.getLong(DevInfo.UBLKSRV_FLAGS);
	}

	/**
	 * Waits until the driver has made the device.
	 * @param patience how long to wait
	 * @return whether it has
	 */
	boolean awaitMade(Duration patience) {
		long end = System.nanoTime() + patience.toNanos();
		while (id() == DeviceInfo.ANY_ID && System.nanoTime() - end < 0) {
			LockSupport.parkNanos(INTERVAL.toNanos());
		}
		return id() != DeviceInfo.ANY_ID;
	}

	private int id() {
		return this.argument.getInt(DevInfo.DEV_ID);
	}

	/**
	 * Deletes the device, unless somebody else has: the next start of its disk finds it
	 * by the token, and the device of that number is then the one that it serves.
	 * @param info asks what the device of a number is
	 * @param delete deletes the device of a number
	 */
	void delete(IntFunction<DeviceInfo> info, IntConsumer delete) {
		try {
			if (info.apply(id()).token() == this.token) {
				delete.accept(id());
			}
		}
		catch (LinuxException ex) {
			if (ex.errno() != Errno.ENODEV) {
				throw ex;
			}
		}
	}

}
