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

package io.github.ublk4j.spring.actuate;

import java.util.List;

import io.github.ublk4j.engine.OrphanedDevice;
import io.github.ublk4j.engine.UblkDriver;
import io.github.ublk4j.engine.host.HostCheck;
import org.jspecify.annotations.Nullable;

/**
 * The host of the disks, as far as the endpoint shows it. Any thread; may block for a
 * moment.
 */
public interface UblkHost {

	/**
	 * Returns what serves the disks in the kernel.
	 * @return the driver, {@code null} if it is not known
	 */
	@Nullable UblkDriver driver();

	/**
	 * Returns the devices that no process serves, whoever made them.
	 * @return the devices, empty if they are not known
	 */
	List<OrphanedDevice> orphans();

	/**
	 * Returns what the host has and lacks.
	 * @return the checks, from the bottom up
	 */
	List<HostCheck> checks();

}
