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

import java.io.Serial;
import java.util.ArrayList;
import java.util.List;

/**
 * A disk is not stopped, because somebody uses it.
 */
public class DiskInUseException extends UblkException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final ArrayList<String> users;

	/**
	 * Creates an exception.
	 * @param disk the name of the disk
	 * @param users who uses it, for people
	 */
	public DiskInUseException(String disk, List<String> users) {
		super("disk '" + disk + "' is not stopped, because it is in use: " + String.join(", ", users)
				+ ". Close that first", null);
		this.users = new ArrayList<>(users);
	}

	/**
	 * Returns who uses the disk.
	 * @return mounts, processes and devices on top, for people
	 */
	public List<String> users() {
		return List.copyOf(this.users);
	}

}
