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

package io.github.ublk4j.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.engine.linux.SharedFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link BackingFiles}.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "opens files by Linux system calls")
class BackingFilesTests {

	private static final int ACCESS_MODE = 3;

	private static final int READ_ONLY = 0;

	private static final int READ_WRITE = 2;

	@TempDir
	private Path folder;

	@Test
	void fileIsOpenedForReadingAndWriting() throws IOException {
		Path path = Files.createFile(this.folder.resolve("disk"));
		try (BackingFile file = BackingFiles.open(path)) {
			assertThat(Path.of("/proc/self/fd/" + fd(file)).toRealPath()).isEqualTo(path.toRealPath());
			assertThat(flags(file) & ACCESS_MODE).isEqualTo(READ_WRITE);
			assertThat(file).hasToString(path.toString());
		}
	}

	@Test
	void fileThatIsOnlyReadIsOpenedReadOnly() throws IOException {
		Path path = Files.createFile(this.folder.resolve("disk"));
		try (BackingFile file = BackingFiles.openReadOnly(path)) {
			assertThat(flags(file) & ACCESS_MODE).isEqualTo(READ_ONLY);
		}
	}

	@Test
	void directFilePassesThePageCacheBy() throws IOException {
		int direct = System.getProperty("os.arch").equals("aarch64") ? 0x10000 : 0x4000;
		// of the project, since a file system in memory may have no direct I/O
		Path path = Files.createTempFile(Path.of("target"), "direct", ".disk");
		try (BackingFile writable = BackingFiles.openDirect(path);
				BackingFile readOnly = BackingFiles.openDirectReadOnly(path)) {
			assertThat(flags(writable) & (direct | ACCESS_MODE)).isEqualTo(direct | READ_WRITE);
			assertThat(flags(readOnly) & (direct | ACCESS_MODE)).isEqualTo(direct | READ_ONLY);
		}
		finally {
			Files.delete(path);
		}
	}

	@Test
	void fileWithoutDirectAccessSaysSo() {
		// a pseudo file system
		assertThatExceptionOfType(StoreUnavailableException.class)
			.isThrownBy(() -> BackingFiles.openDirectReadOnly(Path.of("/proc/self/stat")))
			.withMessage("/proc/self/stat cannot be opened: EINVAL (Invalid argument)."
					+ " Its file system has no direct I/O; open it without.");
	}

	@Test
	void missingFileIsNamedWithItsErrorAndNotCreated() {
		Path path = this.folder.resolve("missing");
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> BackingFiles.open(path))
			.withMessage(path + " cannot be opened: ENOENT (No such file or directory)."
					+ " Check the path, the rights to the file and the limit on open files (ulimit -n).");
		assertThat(path).doesNotExist();
	}

	@Test
	void closedFileHasNoDescriptor() throws IOException {
		Path path = Files.createFile(this.folder.resolve("disk"));
		BackingFile file = BackingFiles.open(path);
		int fd = fd(file);
		file.close();
		file.close();
		assertThat(Path.of("/proc/self/fd/" + fd)).doesNotExist();
		assertThatIllegalStateException().isThrownBy(() -> fd(file)).withMessageContaining(path + " is closed");
	}

	private static int fd(BackingFile file) {
		SharedFile shared = file.unwrap(SharedFile.class);
		int fd = shared.use();
		shared.endUse();
		return fd;
	}

	private static int flags(BackingFile file) throws IOException {
		return Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd(file)))
			.stream()
			.filter((line) -> line.startsWith("flags:"))
			.mapToInt((line) -> Integer.parseInt(line.substring("flags:".length()).strip(), 8))
			.findFirst()
			.orElseThrow();
	}

}
