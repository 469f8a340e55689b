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

import io.github.ublk4j.block.DiskSpec;

/**
 * Configures declared disks, after their {@link BlockDevice @BlockDevice} and
 * {@code ublk.devices}. Every bean of this type is called for every disk, in the order of
 * {@code @Order}. What it sets is checked as if it had been declared.
 */
@FunctionalInterface
public interface BlockDeviceCustomizer {

	/**
	 * Configures a disk. An exception keeps the application from starting.
	 * @param name the name of the disk
	 * @param spec what has been declared
	 */
	void customize(String name, DiskSpec.Builder spec);

}
