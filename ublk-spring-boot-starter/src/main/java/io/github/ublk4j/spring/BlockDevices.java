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

import java.util.List;
import java.util.Optional;

import io.github.ublk4j.engine.UblkDevice;

/**
 * The disks that the application serves at this moment. All methods may be called from
 * any thread, and do not block.
 */
public interface BlockDevices {

	/**
	 * Returns every disk.
	 * @return the disks in the order of their start; empty before the application context
	 * has started them, and on a host where it has none to serve
	 */
	List<UblkDevice> all();

	/**
	 * Returns one disk.
	 * @param name the name of the disk
	 * @return the disk, empty if there is none
	 */
	default Optional<UblkDevice> find(String name) {
		return all().stream().filter((device) -> device.name().equals(name)).findFirst();
	}

}
