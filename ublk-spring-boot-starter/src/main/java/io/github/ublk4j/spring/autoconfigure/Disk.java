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

package io.github.ublk4j.spring.autoconfigure;

import java.util.Map;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.engine.DiskRefusedException;
import io.github.ublk4j.engine.DiskRefusedException.Reason;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkException;
import io.github.ublk4j.spring.OnShutdown;
import io.github.ublk4j.spring.ValueOrigin;

/**
 * A disk, declared or created in code.
 *
 * @param spec what was declared, valid
 * @param source what serves it
 * @param onShutdown what becomes of it with the application
 * @param origins where the values of attributes come from, empty if code has set them
 */
record Disk(DiskSpec spec, DiskSource source, OnShutdown onShutdown, Map<String, ValueOrigin> origins) {

	String name() {
		return this.spec.name();
	}

	void open() {
		this.source.open(this.spec);
	}

	/**
	 * Starts the disk, and waits until it is live.
	 */
	UblkDevice start(UblkEngine engine) {
		return this.source.start(engine, this.spec).blockOptional().orElseThrow();
	}

	/**
	 * Explains why a declared disk did not start, by its properties.
	 * @param failure what {@link #open} or {@link #start} threw
	 */
	RuntimeException explain(RuntimeException failure) {
		if (failure instanceof InvalidDiskException ex) {
			return new DiskStartupException(
					"The " + this + " cannot be made: its " + ex.attribute() + " is " + ex.value() + ".", ex.remedy(),
					ex);
		}
		if (failure instanceof DiskRefusedException ex) {
			return new DiskStartupException("The " + this + " could not be started: " + ex.problem(),
					remedy(ex.reason()), ex);
		}
		if (failure instanceof UblkException ex) {
			return new DiskStartupException("The " + this + " could not be started: " + ex.getMessage(),
					"The kernel may have written more about it: dmesg | tail. "
							+ "If the driver only needed longer, raise ublk.control-timeout.",
					ex);
		}
		return failure;
	}

	private String remedy(Reason reason) {
		String smaller = property("queues") + ", " + property("queueDepth") + " or " + property("maxIoSize");
		return switch (reason) {
			case DATA_MODE -> "Set " + property("dataMode")
					+ "=auto, which takes the best mode that the kernel has, or run a newer kernel.";
			case MEMORY_LIMIT -> "Raise ublk.memory.limit, or lower " + smaller + ".";
			case RECOVERY ->
				"Set " + property("recovery") + " to another kind of recovery, or to none, or run a newer kernel.";
			case PARTITION_SCAN -> "Leave out " + property("partitionScan") + ", or run a newer kernel.";
			case STATE_DIRECTORY -> "Let this process write to ublk.run-directory, or set it to a folder where it can.";
			case SERVED_ELSEWHERE -> "Stop the other process, or give the disk another name or the application another "
					+ "ublk.run-directory.";
			case PREDECESSOR -> "Declare the disk as it was, so that it is taken over with what is mounted on it; or "
					+ "unmount it and set ublk.orphans=delete for one start.";
			case HOST_MEMORY -> "Lower " + smaller + ((this.spec.dataMode() == DataMode.COPY)
					? ", or set " + property("dataMode") + "=auto: then only requests in flight take memory." : ".");
		};
	}

	private String property(String attribute) {
		return PropertyNames.of(name(), attribute);
	}

	void close() {
		this.source.close();
	}

	@Override
	public String toString() {
		return "disk '" + name() + "' (" + this.source + ")";
	}

}
