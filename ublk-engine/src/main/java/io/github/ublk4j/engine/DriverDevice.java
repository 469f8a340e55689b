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
import java.util.Set;

/**
 * A ublk device of this host as its driver describes it, whoever serves it
 * ({@code struct ublksrv_ctrl_dev_info}).
 *
 * @param id the number of the device, the N of {@code /dev/ublkbN}
 * @param path the block device; it exists while the device is live or quiesced
 * @param state where in its life the driver sees it
 * @param serverPid the process that serves it, or -1
 * @param queues its queues
 * @param queueDepth requests in flight per queue
 * @param maxIoSize the largest request, in bytes
 * @param ownerUid the user that made it
 * @param ownerGid the group of that user
 * @param flags its flags ({@code UBLK_F_*} without the prefix)
 */
public record DriverDevice(int id, Path path, State state, int serverPid, int queues, int queueDepth, int maxIoSize,
		int ownerUid, int ownerGid, Set<String> flags) {

	/**
	 * The state of a device as the driver sees it ({@code UBLK_S_DEV_*}).
	 */
	public enum State {

		/** There is no disk. */
		DEAD,

		/** The disk is there and served. */
		LIVE,

		/** The disk is there; requests wait for a server. */
		QUIESCED,

		/** The disk is there; requests fail. */
		FAIL_IO

	}

}
