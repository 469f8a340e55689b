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

package io.github.ublk4j.engine.device;

import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.driver.DeviceInfo;
import org.jspecify.annotations.Nullable;

/**
 * What a server leaves behind for the next one: which device serves a disk. The rest is
 * asked of the driver.
 *
 * @param id the number of the device, -1 if the driver had not answered yet
 * @param token what the device is recognised by, since numbers are used again
 * @param pid the process that serves it
 * @param size the size that was declared, in bytes; that of the device may have changed
 * since
 * @param queues the queues that were declared
 * @param maxIoSize the largest request that was declared, in bytes
 */
public record DeviceRecord(int id, long token, long pid, long size, int queues, int maxIoSize) {

	private static final int LENGTH = 512;

	/**
	 * Describes a device that this process serves.
	 * @param device the device
	 * @param declared the disk as declared
	 * @return the record
	 */
	public static DeviceRecord of(DeviceInfo device, DiskSpec declared) {
		return new DeviceRecord(device.id(), device.token(), ProcessHandle.current().pid(), declared.size(),
				declared.queues(), declared.maxIoSize());
	}

	/**
	 * Describes a device that this process is about to ask the driver for.
	 * @param token what it will be recognised by
	 * @param declared the disk as declared
	 * @return the record
	 */
	public static DeviceRecord pending(long token, DiskSpec declared) {
		return new DeviceRecord(DeviceInfo.ANY_ID, token, ProcessHandle.current().pid(), declared.size(),
				declared.queues(), declared.maxIoSize());
	}

	/**
	 * Returns whether the number of the device was not known yet.
	 * @return whether it must be looked for by its token
	 */
	public boolean isPending() {
		return this.id == DeviceInfo.ANY_ID;
	}

	/**
	 * Returns whether a device is the one that was recorded. The token alone tells;
	 * {@code docs/decisions/0011-take-over-by-records.md} says why.
	 * @param device a device of the same number
	 * @return whether it is
	 */
	public boolean matches(DeviceInfo device) {
		return this.token == device.token();
	}

	// the last line tells that the others are whole
	String encode() {
		String record = "device=" + this.id + "\ntoken=" + this.token + "\npid=" + this.pid + "\nsize=" + this.size
				+ "\nqueues=" + this.queues + "\nmaxIoSize=" + this.maxIoSize + "\ncomplete=true\n";
		// all are of one length, so that nothing of an older one is left behind a newer
		// one
		return record + "\n".repeat(LENGTH - record.length());
	}

	/**
	 * Reads a record.
	 * @param file where it is; of a longer file only the beginning is read
	 * @return the record, {@code null} if there is no whole one
	 */
	static @Nullable DeviceRecord read(FileChannel file) throws IOException {
		ByteBuffer bytes = ByteBuffer.allocate(LENGTH);
		while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {
			// a file may give it in pieces
		}
		return decode(StandardCharsets.UTF_8.decode(bytes.flip()).toString());
	}

	/**
	 * Reads a record.
	 * @return the record, {@code null} if the text is not a whole one
	 */
	static @Nullable DeviceRecord decode(String text) {
		Properties values = new Properties();
		try {
			values.load(new StringReader(text));
			if (!"true".equals(values.getProperty("complete"))) {
				return null;
			}
			DeviceRecord record = new DeviceRecord(Integer.parseInt(values.getProperty("device")),
					Long.parseLong(values.getProperty("token")), Long.parseLong(values.getProperty("pid")),
					Long.parseLong(values.getProperty("size")), Integer.parseInt(values.getProperty("queues")),
					Integer.parseInt(values.getProperty("maxIoSize")));
			return (record.id >= DeviceInfo.ANY_ID && record.size > 0) ? record : null;
		}
		catch (IOException | IllegalArgumentException ex) {
			return null;
		}
	}

}
