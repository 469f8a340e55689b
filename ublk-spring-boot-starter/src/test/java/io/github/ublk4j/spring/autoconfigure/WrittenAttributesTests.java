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

import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.TestUblk;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

class WrittenAttributesTests {

	private final TestUblk ublk = new TestUblk();

	private final ApplicationContextRunner contextRunner;

	WrittenAttributesTests(@TempDir Path directory) {
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withBean(UblkEngine.class, this.ublk::engine)
			.withPropertyValues("ublk.run-directory=" + directory.resolve("run"), "ublk.devices.my-disk.store=memory",
					"ublk.devices.my-disk.size=1MB");
	}

	@ParameterizedTest
	@CsvSource({ "ublk.devices.my-disk.quue-depth, ublk.devices.my-disk.queue-depth",
			"ublk.devices.my-disk.sise, ublk.devices.my-disk.size",
			"ublk.devices.my-disk.direct-io, ublk.devices.my-disk.file.direct-io",
			"ublk.devices.my-disk.memory.pretuch, ublk.devices.my-disk.memory.pre-touch",
			"ublk.devices.my-disk.readonly.too, ublk.devices.my-disk.read-only",
			"ublk.devices[my-disk].iomax, ublk.devices[my-disk].io-min" })
	void attributeThatDoesNotExistIsRefused(String written, String meant) {
		this.contextRunner.withPropertyValues(written + "=1").run((context) -> {
			DiskStartupException failure = failure(context.getStartupFailure());
			assertThat(failure).hasMessageStartingWith("There is no property " + written);
			assertThat(failure.remedy()).startsWith("Did you mean " + meant + "? ")
				.contains("data-mode", "file.direct-io");
		});
	}

	@ParameterizedTest
	@CsvSource({ "ublk.drain-timout, ublk.drain-timeout", "ublk.memory.limits, ublk.memory.limit",
			"ublk.metric.histogram, ublk.metrics.histogram", "ublk.unsupported, ublk.unsupported-host" })
	void propertyOutsideOfDisksThatDoesNotExistIsRefused(String written, String meant) {
		this.contextRunner.withPropertyValues(written + "=1").run((context) -> {
			DiskStartupException failure = failure(context.getStartupFailure());
			assertThat(failure).hasMessageStartingWith("There is no property " + written);
			assertThat(failure.remedy()).startsWith("Did you mean " + meant + "? ");
		});
	}

	@Test
	void propertiesOutsideOfDisksAreRelaxed() {
		this.contextRunner.withPropertyValues("ublk.drainTimeout=1s", "ublk.memory.LIMIT=1GB", "ublk.DOCTOR=false")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void propertiesOfTheProcessMayBeSomebodyElses() {
		withVariable("UBLK_KERNEL", "7.3").withSystemProperties("ublk.kernel=7.3")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void placeWhereItIsWrittenIsNamed() {
		this.contextRunner
			.withInitializer((context) -> context.getEnvironment()
				.getPropertySources()
				.addLast(new MapPropertySource("application.yml", Map.of("ublk.devices.my-disk.sise", "1MB"))))
			.run((context) -> assertThat(failure(context.getStartupFailure()))
				.hasMessage("There is no property ublk.devices.my-disk.sise "
						+ "(\"ublk.devices.my-disk.sise\" from property source \"application.yml\")."));
	}

	@ParameterizedTest
	@ValueSource(strings = { "ublk.devices.my-disk.queueDepth", "ublk.devices.my-disk.queue_depth",
			"ublk.devices.myDisk.QUEUE-DEPTH", "ublk.devices[my-disk].queuedepth" })
	void namesAreRelaxed(String written) {
		this.contextRunner.withPropertyValues(written + "=16").run((context) -> assertThat(context).hasNotFailed());
	}

	@ParameterizedTest
	@ValueSource(strings = { "UBLK_DEVICES_MYDISK_QUEUEDEPTH", "UBLK_DEVICES_MY_DISK_QUEUE_DEPTH" })
	void environmentVariablesAreRelaxed(String variable) {
		withVariable(variable, "16").run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(this.ublk.specs()).singleElement().extracting(DiskSpec::queueDepth).isEqualTo(16);
		});
	}

	@Test
	void environmentVariableThatSetsNothingIsRefused() {
		withVariable("UBLK_DEVICES_MYDISK_QUUEDEPTH", "16")
			.run((context) -> assertThat(failure(context.getStartupFailure())).hasMessageStartingWith(
					"There is no property ublk.devices.mydisk.quuedepth (\"UBLK_DEVICES_MYDISK_QUUEDEPTH\""));
	}

	private ApplicationContextRunner withVariable(String variable, String value) {
		return this.contextRunner.withInitializer((context) -> context.getEnvironment()
			.getPropertySources()
			.replace(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, new SystemEnvironmentPropertySource(
					StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, Map.of(variable, value))));
	}

	private static DiskStartupException failure(@Nullable Throwable failure) {
		return (DiskStartupException) NestedExceptionUtils
			.getMostSpecificCause(Objects.requireNonNull(failure, "the context started"));
	}

}
