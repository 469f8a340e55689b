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

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A device of this host that no process serves: its server died, or left it to the next
 * one.
 *
 * @param device the device; {@code DEAD} if its disk went with its server
 * @param disk the name of the disk that it served, if the engine's state directory knows
 * it
 * @param marked whether it bears the mark of this library, which has made it then, also
 * if no record tells for which disk
 * @param users who uses its disk, for people
 */
public record OrphanedDevice(DriverDevice device, @Nullable String disk, boolean marked, List<String> users) {

	/**
	 * Says what it is and what can be done, for people.
	 * @return a sentence or two
	 */
	public String explanation() {
		String who = "ublk device " + this.device.id() + origin() + " has no server";
		return who + switch (this.device.state()) {
			case DEAD -> " and no disk any more. It only takes up its number; delete it.";
			case FAIL_IO -> "; its requests fail. Start what served it to take it over, or delete it.";
			default -> "; its requests wait. Start what served it to take it over, or delete it, which fails them.";
		} + (this.users.isEmpty() ? "" : " In use: " + String.join(", ", this.users) + ".");
	}

	private String origin() {
		if (this.disk != null) {
			return " of the disk '" + this.disk + "'";
		}
		return this.marked ? ", made by this library, for a disk that the state directory does not know,"
				: ", made by another program,";
	}

}
