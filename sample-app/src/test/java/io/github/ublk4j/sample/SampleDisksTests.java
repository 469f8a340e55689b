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
import java.nio.file.Files;
import java.nio.file.Path;

import io.github.ublk4j.spring.test.BlockDeviceContract;
import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import io.github.ublk4j.spring.test.UblkTest;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.webtestclient.autoconfigure.AutoConfigureWebTestClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.web.reactive.server.WebTestClient;

/**
 * The application with all its disks, and the contract for the one that has no bean.
 */
@UblkTest
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@AutoConfigureWebTestClient
class SampleDisksTests extends BlockDeviceContract {

	private final WebTestClient web;

	private final BlockDeviceTestClient archive;

	SampleDisksTests(@Autowired WebTestClient web, @Autowired BlockDeviceTestClient disks) {
		this.web = web;
		this.archive = disks.disk("archive");
	}

	@DynamicPropertySource
	static void fileOfTheArchive(DynamicPropertyRegistry properties) throws IOException {
		Path directory = Files.createTempDirectory("ublk4j-archive");
		Path file = directory.resolve("archive.img");
		// the last first
		directory.toFile().deleteOnExit();
		file.toFile().deleteOnExit();
		properties.add("ublk.devices.archive.store", () -> "file:" + file);
	}

	@Override
	protected BlockDeviceTestClient client() {
		return this.archive;
	}

	@Test
	void listsTheDisks() {
		this.web.get()
			.uri("/disks")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody()
			.jsonPath("$[?(@.name == 'scratch' && @.state == 'LIVE' && @.size == 268435456)]")
			.exists()
			.jsonPath("$[?(@.name == 'archive' && @.state == 'LIVE' && @.size == 536870912)]")
			.exists();
	}

	@Test
	void disksAreHealthy() {
		this.web.get()
			.uri("/actuator/health")
			.exchange()
			.expectBody()
			.jsonPath("$.components.ublk.status")
			.isEqualTo("UP")
			.jsonPath("$.components.ublk.components.scratch.status")
			.isEqualTo("UP");
	}

}
