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
import java.nio.charset.StandardCharsets;

import io.github.ublk4j.engine.linux.ExclusiveFile;
import org.jspecify.annotations.Nullable;

/**
 * The right of this process to serve a disk, and the record of its device. One thread at
 * a time.
 */
public final class DeviceClaim implements AutoCloseable {

	private final ExclusiveFile file;

	DeviceClaim(ExclusiveFile file) {
		this.file = file;
	}

	/**
	 * Returns which device served the disk last.
	 * @return the record, {@code null} if there is none
	 */
	public @Nullable DeviceRecord last() {
		try {
			return DeviceRecord.read(this.file.channel());
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The record of the device cannot be read", ex);
		}
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
			// Never empty or half in between: whoever is killed here leaves the old
			// record
			// or the new one
			ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
			this.file.channel().write(bytes, 0);
			this.file.channel().truncate(bytes.limit());
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
			this.file.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The record of the device cannot be closed", ex);
		}
	}

}
