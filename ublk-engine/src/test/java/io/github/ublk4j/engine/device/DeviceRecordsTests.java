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
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.driver.DeviceInfo;
import io.github.ublk4j.engine.driver.DriverState;
import io.github.ublk4j.proof.ProofRun;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests for {@link DeviceRecords} in a directory that others write to as well.
 */
@Timeout(60)
class DeviceRecordsTests {

	private static final DiskSpec SPEC = DiskSpec.named("disk").size(1 << 20).build();

	private static final DeviceRecord RECORD = DeviceRecord
		.of(new DeviceInfo(5, 1, 4, 4096, 0, DriverState.LIVE, 1, 0, 0, 77), SPEC);

	@TempDir
	private Path directory;

	private DeviceRecords records() {
		return new DeviceRecords(this.directory);
	}

	private DeviceClaim claim() throws IOException {
		return Objects.requireNonNull(records().claim("disk"));
	}

	private static DeviceRecord record(int id, long size) {
		return new DeviceRecord(id, RECORD.token(), RECORD.pid(), size, 1, 4096);
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void lockOutlivesOthersWhoLookAtTheRecordOrWantTheDisk() throws IOException {
		try (DeviceClaim claim = claim()) {
			claim.write(record(3, 4096));
			assertThat(isLocked()).isTrue();
			assertThat(records().claim("disk")).isNull();
			assertThat(records().find("disk")).isEqualTo(record(3, 4096));
			assertThat(records().names()).containsEntry(RECORD.token(), "disk");
			assertThat(isLocked()).as("another process can still see that the disk is served").isTrue();
		}
		assertThat(isLocked()).isFalse();
		claim().close();
	}

	// as another process sees it
	private boolean isLocked() throws IOException {
		long inode = (Long) Files.getAttribute(this.directory.resolve("disk"), "unix:ino");
		return Files.readAllLines(Path.of("/proc/locks"))
			.stream()
			.anyMatch((line) -> line.contains(":" + inode + " ") && line.contains(" POSIX "));
	}

	@Test
	void linkIsNotFollowed() throws IOException {
		Path precious = Files.writeString(this.directory.resolve("precious"), "precious");
		Files.createSymbolicLink(this.directory.resolve("disk"), precious);
		assertThatIOException().isThrownBy(() -> records().claim("disk")).withMessageContaining("not a regular file");
		assertThat(records().find("disk")).isNull();
		assertThat(precious).hasContent("precious");
	}

	@ParameterizedTest
	@EnabledOnOs(OS.LINUX)
	@ValueSource(strings = { "rw-rw-r--", "rw-r--rw-", "rwxrwxrwx" })
	void recordThatOthersCanWriteIsIgnored(String permissions) throws IOException {
		try (DeviceClaim claim = claim()) {
			claim.write(record(3, 4096));
		}
		Path file = this.directory.resolve("disk");
		Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
		assertIgnored(file, "chmod go-w");
		Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
		assertThat(records().find("disk")).isEqualTo(record(3, 4096));
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void recordOfAnotherUserIsIgnored() throws IOException {
		try (DeviceClaim claim = claim()) {
			claim.write(record(3, 4096));
		}
		Path file = this.directory.resolve("disk");
		assumeThat((int) Files.getAttribute(file, "unix:uid")).as("only root gives files away").isZero();
		Files.setAttribute(file, "unix:uid", 65534);
		assertIgnored(file, "belongs to another user (65534)");
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void recordsInADirectoryThatOthersCanWriteAreIgnoredUnlessItIsSticky() throws IOException {
		try (DeviceClaim claim = claim()) {
			claim.write(record(3, 4096));
		}
		Files.setPosixFilePermissions(this.directory, PosixFilePermissions.fromString("rwxrwxrwx"));
		assertIgnored(this.directory, "chmod go-w");
		Files.setAttribute(this.directory, "unix:mode", 01777);
		assertThat(records().find("disk")).isEqualTo(record(3, 4096));
	}

	private void assertIgnored(Path path, String reason) throws IOException {
		byte[] before = Files.readAllBytes(this.directory.resolve("disk"));
		assertThat(records().find("disk")).isNull();
		assertThat(records().names()).isEmpty();
		assertThatIOException().isThrownBy(() -> records().claim("disk"))
			.withMessageContaining(path.toRealPath().toString())
			.withMessageContaining(reason);
		assertThat(this.directory.resolve("disk")).hasBinaryContent(before);
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void recordIsWrittenForItsUserAlone() throws IOException {
		claim().close();
		assertThat(Files.getPosixFilePermissions(this.directory.resolve("disk")))
			.doesNotContain(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);
	}

	@Test
	void directoryInThePlaceOfTheRecordIsNamed() throws IOException {
		Files.createDirectory(this.directory.resolve("disk"));
		assertThatIOException().isThrownBy(() -> records().claim("disk"))
			.withMessageContaining(this.directory.resolve("disk") + " is not a regular file");
		assertThat(records().names()).isEmpty();
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void pipeInThePlaceOfTheRecordHoldsNobodyUp() throws Exception {
		Process process = new ProcessBuilder("mkfifo", this.directory.resolve("disk").toString()).start();
		assertThat(process.waitFor()).isZero();
		assertThatIOException().isThrownBy(() -> records().claim("disk")).withMessageContaining("not a regular file");
		assertThat(records().names()).isEmpty();
	}

	@Test
	void hugeFileIsNotReadAsAWhole() throws IOException {
		claim().close();
		try (RandomAccessFile huge = new RandomAccessFile(this.directory.resolve("disk").toFile(), "rw")) {
			huge.setLength(64L << 30);
		}
		assertThat(records().names()).isEmpty();
		try (DeviceClaim claim = claim()) {
			assertThat(claim.last()).isNull();
			claim.write(record(3, 4096));
			assertThat(claim.last()).isEqualTo(record(3, 4096));
		}
		assertThat(Files.size(this.directory.resolve("disk"))).isLessThan(4096);
	}

	@Test
	void shorterRecordReplacesALongerOne() throws IOException {
		try (DeviceClaim claim = claim()) {
			claim.write(new DeviceRecord(Integer.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE,
					Integer.MAX_VALUE, Integer.MAX_VALUE));
			long length = Files.size(this.directory.resolve("disk"));
			claim.write(record(0, 512));
			assertThat(claim.last()).isEqualTo(record(0, 512));
			assertThat(this.directory.resolve("disk")).hasSize(length);
			claim.clear();
			assertThat(claim.last()).isNull();
		}
	}

	@Test
	void recordThatIsTornOrCorruptedIsNoneOrTheWholeOne() throws IOException {
		ProofRun run = new ProofRun(getClass(), Duration.ofMillis(500));
		Random random = run.random();
		claim().close();
		Path file = this.directory.resolve("disk");
		byte[] whole = RECORD.encode().getBytes(StandardCharsets.UTF_8);
		while (run.goesOn()) {
			Files.write(file, corrupted(whole, random));
			DeviceRecord found = records().find("disk");
			assertThat(found == null || isPlausible(found)).as("%s: %s", run, found).isTrue();
			try (DeviceClaim claim = claim()) {
				assertThat(claim.last()).as(run.toString()).isEqualTo(found);
				claim.write(record(1, 512));
				assertThat(claim.last()).as(run.toString()).isEqualTo(record(1, 512));
			}
		}
	}

	private static byte[] corrupted(byte[] whole, Random random) {
		byte[] bytes = whole.clone();
		switch (random.nextInt(4)) {
			case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(whole.length + 1));
			case 1 -> {
				bytes = new byte[random.nextInt(10_000)];
				random.nextBytes(bytes);
			}
			case 2 -> {
				for (int i = random.nextInt(20); i >= 0; i--) {
					bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
				}
			}
			default -> {
				byte[] hostile = "device=-1\ntoken=\\uzz\nsize=99999999999999999999\n".getBytes(StandardCharsets.UTF_8);
				System.arraycopy(hostile, 0, bytes, random.nextInt(40), hostile.length);
			}
		}
		return bytes;
	}

	private static boolean isPlausible(@Nullable DeviceRecord found) {
		return found != null && found.id() >= -1 && found.size() > 0;
	}

}
