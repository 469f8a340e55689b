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

import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.webtestclient.autoconfigure.AutoConfigureWebTestClient;
import org.springframework.test.web.reactive.server.WebTestClient;

/**
 * The application on a host without ublk: all but the disks.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "ublk.devices.scratch.enabled=false", "ublk.devices.archive.enabled=false" })
@AutoConfigureWebTestClient
class SampleApplicationTests {

	private final WebTestClient client;

	SampleApplicationTests(@Autowired WebTestClient client) {
		this.client = client;
	}

	@Test
	void listsNoDisks() {
		this.client.get().uri("/disks").exchange().expectStatus().isOk().expectBody().json("[]");
	}

	@Test
	void endpointIsExposed() {
		this.client.get().uri("/actuator/ublk").exchange().expectStatus().isOk().expectBody().json("{\"devices\":[]}");
	}

	@Test
	void unknownDiskIsNotFound() {
		this.client.get().uri("/actuator/ublk/unknown").exchange().expectStatus().isNotFound();
	}

	@Test
	void applicationIsHealthy() {
		this.client.get()
			.uri("/actuator/health")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody()
			.jsonPath("$.status")
			.isEqualTo("UP");
	}

}
