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

package io.github.ublk4j.kernel;

import java.nio.file.Path;

/**
 * The flexible I/O tester: writes a disk at random and reads it back with checksums.
 */
public final class Fio {

	private Fio() {
	}

	/**
	 * Writes random blocks and verifies every one of them.
	 * @param device the disk
	 * @param options more options of a job
	 */
	public static void verify(Path device, String options) {
		Shell.run("fio --name=verify --filename=" + device + " --ioengine=libaio --direct=1 --rw=randwrite"
				+ " --verify=crc32c --verify_fatal=1 --do_verify=1 --randrepeat=0 --group_reporting " + options);
	}

}
