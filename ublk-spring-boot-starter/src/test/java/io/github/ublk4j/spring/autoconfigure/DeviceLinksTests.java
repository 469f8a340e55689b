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
import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(OutputCaptureExtension.class)
class DeviceLinksTests {

	@TempDir
	private Path directory;

	private Path device;

	private Path otherDevice;

	private Path link;

	private DeviceLinks links;

	@BeforeEach
	void prepare() throws IOException {
		this.device = Files.createFile(this.directory.resolve("ublkb0"));
		this.otherDevice = Files.createFile(this.directory.resolve("ublkb1"));
		Path run = this.directory.resolve("run/ublk");
		this.link = run.resolve("scratch");
		this.links = new DeviceLinks(run);
	}

	@Test
	void linkIsCreatedWithItsDirectoryAndRemoved() throws IOException {
		this.links.create("scratch", this.device);
		assertThat(Files.readSymbolicLink(this.link)).isEqualTo(this.device);
		assertThat(this.link.getParent()).isDirectoryContaining(this.link::equals);
		this.links.remove("scratch");
		assertThat(this.link.getParent()).isEmptyDirectory();
	}

	@Test
	void linkToDeviceThatIsGoneIsReplaced() throws IOException {
		Files.createDirectories(this.link.getParent());
		Files.createSymbolicLink(this.link, this.directory.resolve("ublkb7"));
		this.links.create("scratch", this.device);
		assertThat(Files.readSymbolicLink(this.link)).isEqualTo(this.device);
	}

	@Test
	void staleLinkToWhatIsNowAnotherDiskOfThisApplicationIsReplaced() throws IOException {
		Files.createDirectories(this.link.getParent());
		Files.createSymbolicLink(this.link, this.otherDevice);
		this.links.create("archive", this.otherDevice);
		this.links.create("scratch", this.device);
		assertThat(Files.readSymbolicLink(this.link)).isEqualTo(this.device);
	}

	@Test
	void linkToDeviceOfSomebodyElseIsKept(CapturedOutput output) throws IOException {
		Files.createDirectories(this.link.getParent());
		Files.createSymbolicLink(this.link, this.otherDevice);
		this.links.create("scratch", this.device);
		this.links.remove("scratch");
		assertThat(Files.readSymbolicLink(this.link)).isEqualTo(this.otherDevice);
		assertThat(output).contains("disk 'scratch' has no link: " + this.link + " exists and is not a stale link");
	}

	@Test
	void fileIsKept(CapturedOutput output) throws IOException {
		Files.createDirectories(this.link.getParent());
		Files.writeString(this.link, "precious");
		this.links.create("scratch", this.device);
		assertThat(this.link).isRegularFile().hasContent("precious");
		assertThat(output).contains("ublk.run-directory");
	}

	@Test
	void directoryThatCannotBeMadeIsOnlyWarnedAbout(CapturedOutput output) throws IOException {
		Files.writeString(this.directory.resolve("run"), "in the way");
		this.links.create("scratch", this.device);
		this.links.remove("scratch");
		assertThat(output).contains("WARN")
			.contains("disk 'scratch' has no link: " + this.link + " could not be made")
			.contains("set ublk.run-directory to a folder where it can");
	}

	@Test
	void linkThatPointsElsewhereByNowIsNotRemoved() throws IOException {
		this.links.create("scratch", this.device);
		Files.delete(this.link);
		Files.createSymbolicLink(this.link, this.otherDevice);
		this.links.remove("scratch");
		assertThat(Files.readSymbolicLink(this.link)).isEqualTo(this.otherDevice);
	}

}
