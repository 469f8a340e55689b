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

package io.github.ublk4j.spring.test;

import java.nio.file.Path;
import java.time.Duration;

import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.TestDisks;
import io.github.ublk4j.spring.autoconfigure.UblkProperties;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.TestPropertySource;
import org.springframework.test.context.junit.jupiter.SpringJUnitConfig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Disks of applications, on a machine without ublk.
 */
class UblkTestTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	@Nested
	@UblkTest
	@SpringBootTest(classes = Application.class,
			properties = { "ublk.devices.ram.store=memory", "ublk.devices.ram.size=1MB", "ublk.drain-timeout=200ms" })
	class WholeApplication {

		private final BlockDeviceTestClient client;

		private final BlockDevices devices;

		WholeApplication(@Autowired BlockDeviceTestClient client, @Autowired BlockDevices devices) {
			this.client = client;
			this.devices = devices;
		}

		@Test
		void hasItsDisks() {
			assertThat(this.devices.all()).hasSize(2)
				.allSatisfy((disk) -> assertThat(disk.path()).hasParentRaw(Path.of("/simulated")));
			BlockDeviceTestClient ram = this.client.disk("ram");
			ram.write(0, new byte[] { 1, 2, 3 }).as(StepVerifier::create).expectError().verify(PATIENCE);
			byte[] block = new byte[4096];
			block[1] = 1;
			ram.write(4096, block)
				.then(ram.read(4096, 4096))
				.as(StepVerifier::create)
				.assertNext((data) -> assertThat(data).isEqualTo(block))
				.expectComplete()
				.verify(PATIENCE);
			assertThat(this.client.disk("scratch").spec().size()).isEqualTo(4L << 30);
		}

		@Test
		void needsAChoiceOfDisk() {
			assertThatExceptionOfType(IllegalStateException.class).isThrownBy(this.client::spec)
				.withMessageStartingWith(
						"Several disks are live on the simulated driver; choose one by disk(name). There are: [");
		}

		@Test
		void keepsItsDisksWhenAClientIsClosed() {
			this.client.disk("ram").close();
			this.client.close();
			assertThat(this.devices.find("ram")).isPresent();
		}

	}

	@Nested
	@UblkTest
	@SpringJUnitConfig(TestDisks.Scratch.class)
	@TestPropertySource(properties = "ublk.devices.scratch.size=1MB")
	class DiskAlone {

		@Test
		void isStartedAndFoundWithoutItsName(@Autowired BlockDeviceTestClient client,
				@Autowired UblkProperties properties) {
			assertThat(client.spec().size()).isEqualTo(1 << 20);
			assertThat(client.read(0, 512).block(PATIENCE)).containsOnly(0);
			assertThat(properties.runDirectory()).isNotEqualTo(Path.of("/run/ublk"));
		}

	}

	@Nested
	@UblkTest
	@SpringBootTest(classes = Application.class, properties = "ublk.devices.scratch.enabled=false")
	class ApplicationWithoutDisks {

		@Test
		void saysSo(@Autowired BlockDeviceTestClient client) {
			StepVerifier.create(client.flush())
				.expectErrorMessage(
						"No disk is live on the simulated driver. There are none: the application declares none, has "
								+ "stopped them, or does not serve them (ublk.enabled, ublk.devices.<name>.enabled)")
				.verify(PATIENCE);
		}

	}

	@Nested
	@SpringBootTest(classes = Application.class, properties = "ublk.devices.scratch.enabled=false")
	class OtherTest {

		@Test
		void isNotSimulated(@Autowired(required = false) @Nullable BlockDeviceTestClient client) {
			assertThat(client).isNull();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(TestDisks.Scratch.class)
	static class Application {

	}

}
