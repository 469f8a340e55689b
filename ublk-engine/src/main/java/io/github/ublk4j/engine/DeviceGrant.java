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

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.driver.DeviceInfo;

/**
 * A device that the driver has given this process for a disk.
 *
 * @param info the device
 * @param spec the disk, with the size that the device has
 * @param mode how its data moves
 * @param takenOver whether it is one that an earlier server left
 */
record DeviceGrant(DeviceInfo info, DiskSpec spec, DataModeChoice mode, boolean takenOver) {

}
