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

package io.github.ublk4j.spring;

import java.io.Serial;
import java.nio.file.Path;

import io.github.ublk4j.engine.UblkDevice;

import org.springframework.context.ApplicationEvent;

/**
 * Something happened to a disk of {@link BlockDevices}. The events of one disk are
 * published one after the other, in the order of what happened, on a thread that changes
 * the disk. No lock is held, so a listener may block, and may change disks. The change
 * that an event tells of completes when its listeners have returned, unless an earlier
 * event of the disk is still being published then. An exception of a listener is logged,
 * and does not undo the change.
 */
public abstract sealed class BlockDeviceEvent extends ApplicationEvent
		permits BlockDeviceReadyEvent, BlockDeviceStoppedEvent, BlockDeviceQuiescedEvent, BlockDeviceFailedEvent {

	@Serial
	private static final long serialVersionUID = 1L;

	BlockDeviceEvent(UblkDevice device) {
		super(device);
	}

	/**
	 * Returns the disk.
	 * @return the source of the event
	 */
	public UblkDevice device() {
		return (UblkDevice) getSource();
	}

	/**
	 * Returns the name of the disk.
	 * @return the name
	 */
	public String name() {
		return device().name();
	}

	/**
	 * Returns the block device.
	 * @return {@code /dev/ublkbN}
	 */
	public Path path() {
		return device().path();
	}

}
