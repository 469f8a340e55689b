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

import io.github.ublk4j.engine.host.HostCheck;
import io.github.ublk4j.engine.host.HostCheck.State;
import io.github.ublk4j.engine.host.HostCheck.Subject;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link HostDoctor} in applications that run.
 */
class HostDoctorTests {

	private static final HostCheck FINE = new HostCheck(Subject.OPERATING_SYSTEM, State.OK, "Linux", null);

	private static final HostCheck OLD = new HostCheck(Subject.KERNEL, State.WARNING, "6.1 is old", "Use 6.12.");

	private static final HostCheck MISSING = new HostCheck(Subject.MODULE, State.FAILURE, "not loaded",
			"modprobe ublk_drv");

	private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

	private @Nullable UblkProperties properties;

	@ParameterizedTest
	@ValueSource(strings = { "--ublk.doctor", "--ublk.doctor=true" })
	void reportIsPrintedInsteadOfTheApplication(String argument) {
		assertThat(run(List.of(FINE, OLD, MISSING), argument)).isEqualTo(1);
		assertThat(this.printed.toString(StandardCharsets.UTF_8).lines()).containsExactly(
				"What ublk needs of this host", "", "OK       operating system  Linux",
				"WARNING  kernel            6.1 is old", "                           -> Use 6.12.",
				"FAILURE  module ublk_drv   not loaded", "                           -> modprobe ublk_drv", "",
				"Disks cannot be served here: 1 failure, 1 warning.", "");
	}

	@Test
	void warningsDoNotFail() {
		assertThat(run(List.of(FINE, OLD), "--ublk.doctor")).isZero();
		assertThat(this.printed.toString(StandardCharsets.UTF_8))
			.contains("Disks can be served here: 0 failures, 1 warning.");
	}

	@Test
	void settingsOfTheApplicationAreChecked() {
		run(List.of(FINE), "--ublk.doctor", "--ublk.run-directory=/srv/ublk", "--ublk.oom-score-adj=-500");
		assertThat(this.properties).isNotNull()
			.returns(Path.of("/srv/ublk"), UblkProperties::runDirectory)
			.returns(-500, UblkProperties::oomScoreAdj);
	}

	@Test
	void settingThatIsWrongIsAnError() {
		assertThatExceptionOfType(InvalidConfigurationPropertyValueException.class)
			.isThrownBy(() -> run(List.of(FINE), "--ublk.doctor", "--ublk.oom-score-adj=5000"))
			.withMessageContaining("ublk.oom-score-adj");
	}

	@ParameterizedTest
	@ValueSource(strings = { "--ublk.doctor=false", "--ublk.enabled=true" })
	void applicationStartsOtherwise(String argument) {
		SpringApplication application = new SpringApplication(EndingApplication.Application.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		application.setListeners(List.of(new HostDoctor((settings) -> {
			throw new AssertionError("not asked for");
		}, new PrintStream(this.printed), (status) -> {
			throw new AssertionError("not to end");
		})));
		try (ConfigurableApplicationContext context = application.run(argument)) {
			assertThat(context.isActive()).isTrue();
		}
		assertThat(this.printed.size()).isZero();
	}

	@Test
	void applicationsHaveDoctor() {
		assertThat(new SpringApplication(EndingApplication.Application.class).getListeners())
			.hasAtLeastOneElementOfType(HostDoctor.class);
	}

	/**
	 * Runs an application with a doctor whose exit ends it.
	 * @return the status
	 */
	private int run(List<HostCheck> checks, String... arguments) {
		return EndingApplication.run(new HostDoctor((settings) -> {
			this.properties = settings;
			return checks;
		}, new PrintStream(this.printed, true, StandardCharsets.UTF_8), EndingApplication.EXIT), arguments);
	}

}
