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

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.ThreadLocalRandom;

import io.github.ublk4j.engine.driver.UblkLayout.DevInfo;

/**
 * What a device is, {@code struct ublksrv_ctrl_dev_info}.
 *
 * @param id the number of the device; -1 lets the driver choose
 * @param queues the number of queues
 * @param queueDepth the tags of a queue
 * @param maxIoSize the largest request, in bytes
 * @param flags {@link UblkFeature} masks
 * @param state where in its life it is
 * @param serverPid the process that serves it, or -1
 * @param ownerUid the user that made it
 * @param ownerGid the group of that user
 * @param token what its maker has left in it to recognise it by ({@code ublksrv_flags}),
 * 0 if nothing
 */
public record DeviceInfo(int id, int queues, int queueDepth, int maxIoSize, long flags, DriverState state,
		int serverPid, int ownerUid, int ownerGid, long token) {

	/** Lets the driver choose the number of a device. */
	public static final int ANY_ID = -1;

	private static final long SMALLEST_TOKEN = 1L << 32;

	/**
	 * Returns something to recognise a device by.
	 * @return a random number, larger than the flags that other programs leave in the
	 * same place
	 */
	public static long newToken() {
		return ThreadLocalRandom.current().nextLong(SMALLEST_TOKEN, Long.MAX_VALUE);
	}

	/**
	 * Returns whether the token is one of this library.
	 * @return whether it can come from {@link #newToken()}
	 */
	public boolean isMarked() {
		return this.token >= SMALLEST_TOKEN;
	}

	/**
	 * Describes a device to make.
	 * @param queues the number of queues
	 * @param queueDepth the tags of a queue
	 * @param maxIoSize the largest request, in bytes
	 * @param flags {@link UblkFeature} masks
	 * @param token what to recognise it by
	 * @return the description for {@link ControlCommand#ADD_DEV}
	 */
	public static DeviceInfo request(int queues, int queueDepth, int maxIoSize, long flags, long token) {
		return new DeviceInfo(ANY_ID, queues, queueDepth, maxIoSize, flags, DriverState.DEAD, -1, 0, 0, token);
	}

	ByteBuffer encode() {
		ByteBuffer info = ByteBuffer.allocateDirect(DevInfo.SIZE).order(ByteOrder.nativeOrder());
		info.putShort(DevInfo.NR_HW_QUEUES, (short) this.queues);
		info.putShort(DevInfo.QUEUE_DEPTH, (short) this.queueDepth);
		info.putInt(DevInfo.MAX_IO_BUF_BYTES, this.maxIoSize);
		info.putInt(DevInfo.DEV_ID, this.id);
		info.putInt(DevInfo.UBLKSRV_PID, this.serverPid);
		info.putLong(DevInfo.FLAGS, this.flags);
		info.putLong(DevInfo.UBLKSRV_FLAGS, this.token);
		return info;
	}

	static DeviceInfo decode(ByteBuffer info) {
		int state = info.getShort(DevInfo.STATE);
		DriverState[] states = DriverState.values();
		if (state < 0 || state >= states.length) {
			throw new IllegalStateException("The driver reports an unknown device state: " + state);
		}
		return new DeviceInfo(info.getInt(DevInfo.DEV_ID), Short.toUnsignedInt(info.getShort(DevInfo.NR_HW_QUEUES)),
				Short.toUnsignedInt(info.getShort(DevInfo.QUEUE_DEPTH)), info.getInt(DevInfo.MAX_IO_BUF_BYTES),
				info.getLong(DevInfo.FLAGS), states[state], info.getInt(DevInfo.UBLKSRV_PID),
				info.getInt(DevInfo.OWNER_UID), info.getInt(DevInfo.OWNER_GID), info.getLong(DevInfo.UBLKSRV_FLAGS));
	}

}
