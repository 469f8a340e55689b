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

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

import io.github.ublk4j.engine.DriverDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DiskOwner} in applications that run.
 */
class DiskOwnerTests {

	private final ByteArrayOutputStream out = new ByteArrayOutputStream();

	private final ByteArrayOutputStream error = new ByteArrayOutputStream();

	@ParameterizedTest
	@ValueSource(strings = { "ublkc3", "ublkb3", "/dev/ublkc3", "ublkb3p1" })
	void ownerIsPrintedInsteadOfTheApplication(String node) {
		assertThat(run("--ublk.owner=" + node)).isZero();
		assertThat(text(this.out)).isEqualTo("1000 4294967294" + System.lineSeparator());
		assertThat(text(this.error)).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "3", "sda", "ublk-control", "ublkc", "ublkc3x", "ublkc99999999999" })
	void whatIsNoNodeIsRefused(String node) {
		assertThat(run("--ublk.owner=" + node)).isEqualTo(1);
		assertThat(text(this.error)).startsWith("ublk.owner: '" + node + "' is no node of a ublk device");
		assertThat(text(this.out)).isEmpty();
	}

	@Test
	void deviceThatIsGoneIsAnError() {
		assertThat(run("--ublk.owner=ublkc4")).isEqualTo(1);
		assertThat(text(this.error)).startsWith("ublk.owner: there is no ublk device 4");
		assertThat(text(this.out)).isEmpty();
	}

	@Test
	void hostThatIsUnfitIsAnError() {
		DiskOwner owner = new DiskOwner(() -> {
			throw new IllegalStateException("no driver");
		}, printer(this.out), printer(this.error), EndingApplication.EXIT);
		assertThat(EndingApplication.run(owner, "--ublk.owner=ublkc3")).isEqualTo(1);
		assertThat(text(this.error)).startsWith("ublk.owner: no driver");
	}

	@Test
	void applicationStartsOtherwise() {
		SpringApplication application = new SpringApplication(EndingApplication.Application.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		assertThat(application.getListeners()).hasAtLeastOneElementOfType(DiskOwner.class);
		try (ConfigurableApplicationContext context = application.run()) {
			assertThat(context.isActive()).isTrue();
		}
	}

	private int run(String argument) {
		DriverDevice device = new DriverDevice(3, Path.of("/dev/ublkb3"), DriverDevice.State.LIVE, 1, 1, 128, 1 << 18,
				1000, -2, Set.of());
		return EndingApplication.run(
				new DiskOwner(() -> List.of(device), printer(this.out), printer(this.error), EndingApplication.EXIT),
				argument);
	}

	private static PrintStream printer(ByteArrayOutputStream target) {
		return new PrintStream(target, true, StandardCharsets.UTF_8);
	}

	private static String text(ByteArrayOutputStream printed) {
		return printed.toString(StandardCharsets.UTF_8);
	}

}
