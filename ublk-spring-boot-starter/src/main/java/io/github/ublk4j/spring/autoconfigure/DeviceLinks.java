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

package io.github.ublk4j.spring.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stable paths of disks: symbolic links from the name of a disk to its block device.
 * They are a convenience, so a failure is logged and goes no further.
 */
final class DeviceLinks {

	private static final Logger logger = LoggerFactory.getLogger(DeviceLinks.class);

	private final Path directory;

	private final Map<String, Path> targets = new HashMap<>();

	DeviceLinks(Path directory) {
		this.directory = directory;
	}

	synchronized void create(String disk, Path device) {
		Path link = this.directory.resolve(disk);
		this.targets.put(disk, device);
		try {
			Files.createDirectories(this.directory);
			if (isReplaceable(link, device)) {
				replace(link, device);
			}
			else {
				logger.warn("disk '{}' has no link: {} exists and is not a stale link. "
						+ "Remove it, or give the disk another name or the application another ublk.run-directory.",
						disk, link);
			}
		}
		catch (IOException | UnsupportedOperationException | SecurityException ex) {
			logger.warn("disk '{}' has no link: {} could not be made ({}). Let this process write to {}, "
					+ "or set ublk.run-directory to a folder where it can.", disk, link, ex, this.directory);
		}
	}

	/**
	 * Returns whether nothing of value is at the path: nothing at all, a link to a device
	 * that is gone, one to a device of this application, which got the number of a device
	 * that is gone, or the link of the process that left the device.
	 */
	private boolean isReplaceable(Path link, Path device) throws IOException {
		if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
			return true;
		}
		if (!Files.isSymbolicLink(link)) {
			return false;
		}
		Path target = Files.readSymbolicLink(link);
		return !Files.exists(link) || target.equals(device) || this.targets.containsValue(target);
	}

	private static void replace(Path link, Path device) throws IOException {
		Path made = link.resolveSibling("." + link.getFileName() + "." + ProcessHandle.current().pid());
		Files.deleteIfExists(made);
		Files.createSymbolicLink(made, device);
		Files.move(made, link, StandardCopyOption.ATOMIC_MOVE);
	}

	/**
	 * Removes the link of a disk, unless someone made it point elsewhere.
	 */
	synchronized void remove(String disk) {
		Path device = this.targets.remove(disk);
		Path link = this.directory.resolve(disk);
		try {
			if (device != null && Files.isSymbolicLink(link) && Files.readSymbolicLink(link).equals(device)) {
				Files.delete(link);
			}
		}
		catch (IOException | UnsupportedOperationException | SecurityException ex) {
			logger.warn("the link {} of disk '{}' could not be removed ({}). Delete it by hand.", link, disk, ex);
		}
	}

}
