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
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

import org.jspecify.annotations.Nullable;

/**
 * Who may have written a file that says which device a process may touch. Only root and
 * the user of this process are believed. Any thread.
 */
final class StatePermissions {

	private static final boolean POSIX = FileSystems.getDefault().supportedFileAttributeViews().contains("unix");

	private static final Path OWN_PROCESS = Path.of("/proc/self");

	private static final int ROOT = 0;

	private static final int WRITABLE_BY_OTHERS = 0022;

	private static final int STICKY = 01000;

	private StatePermissions() {
	}

	static FileAttribute<?>[] ofDirectory() {
		return of("rwxr-xr-x");
	}

	static FileAttribute<?>[] ofFile() {
		return of("rw-r--r--");
	}

	private static FileAttribute<?>[] of(String permissions) {
		return POSIX
				? new FileAttribute<?>[] {
						PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)) }
				: new FileAttribute<?>[0];
	}

	/**
	 * Returns why a file or directory is not believed. Links are not followed.
	 * @return the reason and what to do, {@code null} if it is
	 */
	static @Nullable String objection(Path path) throws IOException {
		if (!POSIX || !Files.exists(OWN_PROCESS)) {
			return null;
		}
		int owner = (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
		if (owner != ROOT && owner != (int) Files.getAttribute(OWN_PROCESS, "unix:uid")) {
			return path + " belongs to another user (" + owner + "); remove it, or use another state directory";
		}
		int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
		// in a sticky directory others cannot replace what is not theirs
		boolean sticky = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) && (mode & STICKY) != 0;
		if ((mode & WRITABLE_BY_OTHERS) != 0 && !sticky) {
			return path + " can be written by other users; take that right away (chmod go-w)";
		}
		return null;
	}

}
