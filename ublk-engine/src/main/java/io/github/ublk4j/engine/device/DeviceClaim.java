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
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

/**
 * The right of this process to serve a disk, and the record of its device. One thread at
 * a time.
 */
public final class DeviceClaim implements AutoCloseable {

	private static final int LONGEST_RECORD = 4096;

	private final FileChannel channel;

	DeviceClaim(FileChannel channel) {
		this.channel = channel;
	}

	/**
	 * Returns which device served the disk last.
	 * @return the record, {@code null} if there is none
	 */
	public @Nullable DeviceRecord last() {
		ByteBuffer bytes = ByteBuffer.allocate(LONGEST_RECORD);
		try {
			this.channel.read(bytes, 0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The record of the device cannot be read", ex);
		}
		return DeviceRecord.decode(StandardCharsets.UTF_8.decode(bytes.flip()).toString());
	}

	/**
	 * Records which device serves the disk.
	 * @param device the device
	 */
	public void write(DeviceRecord device) {
		replace(device.encode());
	}

	/**
	 * Records that no device does.
	 */
	public void clear() {
		replace("");
	}

	private void replace(String text) {
		try {
			this.channel.truncate(0);
			this.channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), 0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The record of the device cannot be written", ex);
		}
	}

	/**
	 * Gives the right back. Idempotent.
	 */
	@Override
	public void close() {
		try {
			this.channel.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The record of the device cannot be closed", ex);
		}
	}

}
