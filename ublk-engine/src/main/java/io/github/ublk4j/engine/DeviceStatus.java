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

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of a device.
 *
 * @param name the name of the disk
 * @param id the kernel's number of the device, the N of {@code /dev/ublkbN}
 * @param path the block device
 * @param state where in its life it is
 * @param spec what was asked for
 * @param operations what the kernel was told that the disk supports
 * @param flags the driver's flags of the device ({@code UBLK_F_*} without the prefix), as
 * it returned them
 * @param dataMode how the data of requests is moved; {@code spec} says what was asked for
 * @param bufferBytes the memory held for request data now
 * @param maxBufferBytes the most that it can become: queues x depth x largest request
 * @param bufferMemoryLocked whether that memory is locked, so that it cannot be swapped
 * @param queues its queues, as many as the kernel granted
 * @param failure what went wrong in state {@link DeviceState#FAILED}
 */
public record DeviceStatus(String name, int id, Path path, DeviceState state, DiskSpec spec,
		Set<BlockOperation> operations, Set<String> flags, DataMode dataMode, long bufferBytes, long maxBufferBytes,
		boolean bufferMemoryLocked, List<QueueStatus> queues, @Nullable String failure) {

}
