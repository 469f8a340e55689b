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

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.github.ublk4j.engine.UblkEngine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.abort;

/**
 * The application as it is delivered: {@code java -jar}, on the oldest and the newest
 * JDK. Runs after the jar has been built.
 */
@Tag("packaged")
class PackagedApplicationTests {

	private static final Pattern PORT = Pattern.compile("Netty started on port (\\d+)");

	// what the operating system reports of a process that was asked to end
	private static final int TERMINATED = 128 + 15;

	@TempDir
	private Path directory;

	@ParameterizedTest
	@ValueSource(ints = { 17, 25 })
	void saysWhatToDoWithoutUblk(int feature) throws Exception {
		assumeFalse(UblkEngine.isAvailable(), "this host has ublk, so the application would start");
		try (JavaProcess application = start(feature, List.of(), List.of())) {
			int status = application.awaitExit();
			assertThat(status).as(application.output()).isOne();
			assertThat(application.output()).contains("APPLICATION FAILED TO START",
					"This application declares disks, but ublk cannot be used: ", "ublk.unsupported-host=skip");
			assertThat(application.output()).doesNotContain("\tat ", "UnsatisfiedLinkError");
			assertThat(application.errors()).isEmpty();
		}
	}

	@ParameterizedTest
	@CsvSource({ "17, false", "17, true", "25, false", "25, true" })
	void startsWithoutItsDisks(int feature, boolean aheadOfTime) throws Exception {
		List<String> unserved = UblkEngine.isAvailable() ? List.of("--ublk.enabled=false")
				: List.of("--ublk.unsupported-host=skip");
		try (JavaProcess application = start(feature, List.of("-Dspring.aot.enabled=" + aheadOfTime), unserved)) {
			application.awaitOutput("Started SampleApplication");
			assertThat(application.output()).contains("Started SampleApplication",
					(aheadOfTime ? "Starting AOT-processed " : "Starting ") + "SampleApplication");
			assertThat(get(application, "/actuator/ublk")).contains("\"name\":\"scratch\"", "\"name\":\"archive\"",
					"\"reason\":");
			application.terminate();
			assertThat(application.awaitExit()).isEqualTo(TERMINATED);
			assertThat(application.errors()).isEmpty();
		}
	}

	private JavaProcess start(int feature, List<String> virtualMachine, List<String> properties) throws IOException {
		List<String> arguments = new ArrayList<>(virtualMachine);
		arguments.addAll(List.of("-jar", System.getProperty("ublk.sample-jar"), "--server.port=0",
				"--ublk.devices.archive.store=file:" + this.directory.resolve("archive.img")));
		arguments.addAll(properties);
		return new JavaProcess(java(feature), this.directory.resolve("output.txt"), arguments);
	}

	private static Path java(int feature) throws IOException {
		List<InstalledJava> installed = InstalledJava.all();
		return installed.stream()
			.filter((java) -> java.feature() == feature)
			.map(InstalledJava::home)
			.findFirst()
			.orElseGet(() -> abort("there is no JDK " + feature + " among " + installed + "; say where JDKs are by -D"
					+ InstalledJava.FOLDER + "=/usr/lib/jvm"));
	}

	private static String get(JavaProcess application, String path) throws Exception {
		Matcher port = PORT.matcher(application.output());
		assertThat(port.find()).as(application.output()).isTrue();
		URI uri = URI.create("http://localhost:" + port.group(1) + path);
		return HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
	}

}
