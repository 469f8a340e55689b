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

package io.github.ublk4j.sample;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.github.ublk4j.restart.Restarts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application that is started again and again in one process.
 */
class RestartTests {

	private final Path directory;

	RestartTests(@TempDir Path directory) {
		this.directory = directory;
	}

	@Test
	void leavesNothing() throws Exception {
		assertThat(restart(String.join(File.pathSeparator, MinimalApplicationTests.classPath())))
			.endsWith("left threads: []", "left class loaders: []", "left MBeans: []", "left objects: {}");
	}

	/**
	 * Spring Boot keeps class loaders in an application that has all of these modules,
	 * also without disks.
	 */
	@Test
	void leavesNothingOfDisksThatAreManagedAndObserved() throws Exception {
		assertThat(restart(System.getProperty("java.class.path"), "--server.port=0", "--spring.jmx.enabled=true",
				"--ublk.observations.enabled=true", "--management.endpoints.jmx.exposure.include=*"))
			.contains("left MBeans: []", "left objects: {}")
			.noneMatch((line) -> line.startsWith("left threads: ") && line.contains("ublk"))
			.anyMatch((line) -> line.startsWith("managed ") && line.contains("name=Ublk"));
	}

	private List<String> restart(String classPath, String... properties) throws Exception {
		List<String> arguments = new ArrayList<>(List.of("-XX:SoftRefLRUPolicyMSPerMB=0", "-Xmx256m", "-cp", classPath,
				Restarts.class.getName(), "--ublk.devices.archive.store=file:" + this.directory.resolve("archive.img"),
				"--ublk.devices.archive.size=1MB", "--ublk.devices.ram.store=memory", "--ublk.devices.ram.size=1MB",
				"--ublk.devices.scratch.enabled=false", "--ublk.run-directory=" + this.directory.resolve("run")));
		arguments.addAll(List.of(properties));
		try (JavaProcess application = new JavaProcess(Path.of(System.getProperty("java.home")),
				this.directory.resolve("output.txt"), arguments)) {
			int status = application.awaitExit();
			assertThat(status).as(application.output() + application.errors()).isZero();
			assertThat(application.output().lines().filter("served 4 disks"::equals)).hasSize(4);
			return application.output().lines().filter((line) -> line.matches("(left|managed) .+")).toList();
		}
	}

}
