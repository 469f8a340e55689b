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

import io.github.ublk4j.engine.driver.UblkLayout.BatchIo;
import io.github.ublk4j.engine.driver.UblkLayout.IoCmd;

/**
 * The commands by which a queue fetches and commits requests ({@code UBLK_U_IO_*}),
 * ioctl-encoded.
 */
public final class IoCommand {

	/** Arm a tag: wait for its first request. */
	public static final int FETCH_REQ = Ioctl.encode(Ioctl.READ_WRITE, 0x20, IoCmd.SIZE);

	/** Complete the request of a tag and wait for its next. */
	public static final int COMMIT_AND_FETCH_REQ = Ioctl.encode(Ioctl.READ_WRITE, 0x21, IoCmd.SIZE);

	/** Copy the data of a write. */
	public static final int NEED_GET_DATA = Ioctl.encode(Ioctl.READ_WRITE, 0x22, IoCmd.SIZE);

	/** Register the pages of a request as a fixed buffer. */
	public static final int REGISTER_IO_BUF = Ioctl.encode(Ioctl.READ_WRITE, 0x23, IoCmd.SIZE);

	/** Unregister the pages of a request. */
	public static final int UNREGISTER_IO_BUF = Ioctl.encode(Ioctl.READ_WRITE, 0x24, IoCmd.SIZE);

	/** Arm tags in a batch. */
	public static final int PREP_IO_CMDS = Ioctl.encode(Ioctl.READ_WRITE, 0x25, BatchIo.SIZE);

	/** Complete requests in a batch. */
	public static final int COMMIT_IO_CMDS = Ioctl.encode(Ioctl.READ_WRITE, 0x26, BatchIo.SIZE);

	/** Wait for requests in batches. */
	public static final int FETCH_IO_CMDS = Ioctl.encode(Ioctl.READ_WRITE, 0x27, BatchIo.SIZE);

	/** A request has arrived ({@code UBLK_IO_RES_OK}). */
	public static final int RES_OK = 0;

	/** The tag is given up: do not fetch again ({@code UBLK_IO_RES_ABORT}, -ENODEV). */
	public static final int RES_ABORT = -19;

	private IoCommand() {
	}

}
