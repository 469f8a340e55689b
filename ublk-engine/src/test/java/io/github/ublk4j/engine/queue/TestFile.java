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

package io.github.ublk4j.engine.queue;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.engine.linux.SharedFile;

/**
 * Files that exist by their number alone.
 */
final class TestFile {

	private TestFile() {
	}

	static BackingFile of(int fd) {
		SharedFile file = new SharedFile("test file", fd, () -> {
		});
		return BackingFile.of(file, file::close);
	}

	static BackingFile closed() {
		BackingFile file = of(72);
		file.close();
		return file;
	}

}
