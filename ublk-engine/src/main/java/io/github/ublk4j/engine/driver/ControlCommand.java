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

import io.github.ublk4j.engine.driver.UblkLayout.CtrlCmd;

/**
 * The control commands of the driver ({@code UBLK_U_CMD_*}).
 */
public enum ControlCommand {

	/** Which processors a queue is mapped to. */
	GET_QUEUE_AFFINITY(Ioctl.READ, 0x01),

	/** What a device is. */
	GET_DEV_INFO(Ioctl.READ, 0x02),

	/** Make a device. */
	ADD_DEV(Ioctl.READ_WRITE, 0x04),

	/** Delete a device and wait until nobody uses it. */
	DEL_DEV(Ioctl.READ_WRITE, 0x05),

	/** Show the disk. */
	START_DEV(Ioctl.READ_WRITE, 0x06),

	/** Remove the disk. */
	STOP_DEV(Ioctl.READ_WRITE, 0x07),

	/** Set the parameters of a device. */
	SET_PARAMS(Ioctl.READ_WRITE, 0x08),

	/** Get the parameters of a device. */
	GET_PARAMS(Ioctl.READ, 0x09),

	/** Begin to take a device over. */
	START_USER_RECOVERY(Ioctl.READ_WRITE, 0x10),

	/** Finish taking a device over. */
	END_USER_RECOVERY(Ioctl.READ_WRITE, 0x11),

	/** What a device is, for unprivileged devices too. */
	GET_DEV_INFO2(Ioctl.READ, 0x12),

	/** Which features the driver has. */
	GET_FEATURES(Ioctl.READ, 0x13),

	/** Delete a device without waiting. */
	DEL_DEV_ASYNC(Ioctl.READ, 0x14),

	/** Change the capacity. */
	UPDATE_SIZE(Ioctl.READ_WRITE, 0x15),

	/** Detach a device from its server. */
	QUIESCE_DEV(Ioctl.READ_WRITE, 0x16),

	/** Remove the disk unless it is open. */
	TRY_STOP_DEV(Ioctl.READ_WRITE, 0x17),

	/** Register shared memory. */
	REG_BUF(Ioctl.READ_WRITE, 0x18),

	/** Unregister shared memory. */
	UNREG_BUF(Ioctl.READ_WRITE, 0x19);

	private final int opcode;

	ControlCommand(int direction, int number) {
		this.opcode = Ioctl.encode(direction, number, CtrlCmd.SIZE);
	}

	/**
	 * Returns the ioctl-encoded opcode.
	 * @return what goes into the {@code cmd_op} of a submission queue entry
	 */
	public int opcode() {
		return this.opcode;
	}

}
