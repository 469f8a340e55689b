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

package io.github.ublk4j.engine.linux;

import org.jspecify.annotations.Nullable;

/**
 * A line of {@code /proc/self/mountinfo} ({@code proc_pid_mountinfo(5)}).
 *
 * @param id the number that descriptors name the mount by
 * @param number major and minor number of what is mounted, with a colon
 * @param point where it is mounted
 * @param source what is mounted, as the file system tells
 */
record Mount(String id, String number, String point, String source) {

	private static final int ID = 0;

	private static final int NUMBER = 2;

	private static final int POINT = 4;

	/**
	 * Takes a line apart.
	 * @return the mount, {@code null} if the line is something else
	 */
	static @Nullable Mount parse(String line) {
		String[] sides = line.split(" - ", 2);
		String[] fields = sides[0].split(" ", -1);
		if (sides.length < 2 || fields.length <= POINT) {
			return null;
		}
		String[] type = sides[1].split(" ", -1);
		return (type.length > 1) ? new Mount(fields[ID], fields[NUMBER], unescape(fields[POINT]), unescape(type[1]))
				: null;
	}

	// a blank, a tab, a line break and the backslash itself are written in octal
	private static String unescape(String text) {
		return text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\");
	}

}
