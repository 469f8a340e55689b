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

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

import io.github.ublk4j.engine.linux.LinuxFile;

/**
 * A sparse file in the place of a character device: data can be copied to and from its
 * requests, and the kernel refuses every command.
 */
public final class FileAsCharDevice {

	private FileAsCharDevice() {
	}

	/**
	 * Opens a file that is long enough for the requests of the first tags of queue 0.
	 * @param path the file, created if it is missing
	 * @param tags how many
	 * @return the device
	 */
	public static CharDevice open(Path path, int tags) throws IOException {
		try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
			file.setLength(CharDevice.positionOf(0, tags));
		}
		return new CharDevice(LinuxFile.open(path.toString(), LinuxFile.O_RDWR), tags);
	}

}
