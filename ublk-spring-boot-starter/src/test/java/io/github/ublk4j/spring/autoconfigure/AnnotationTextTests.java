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

import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.TestDisks;
import io.github.ublk4j.spring.TestUblk;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.context.PropertyPlaceholderAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

class AnnotationTextTests {

	private final TestUblk ublk = new TestUblk();

	private final ApplicationContextRunner contextRunner;

	AnnotationTextTests(@TempDir Path directory) {
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withBean(UblkEngine.class, this.ublk::engine)
			.withBean("tenant", Tenant.class)
			.withPropertyValues("ublk.run-directory=" + directory.resolve("run"));
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void placeholderThatStandsForNothingIsNamedWithBeanAndAttribute(boolean strict) {
		ApplicationContextRunner runner = strict ? this.contextRunner
			.withConfiguration(AutoConfigurations.of(PropertyPlaceholderAutoConfiguration.class)) : this.contextRunner;
		assertFailure(runner.withPropertyValues("disk.size=1MB"), "name", "${disk.name}");
		assertFailure(runner.withPropertyValues("disk.name=a"), "size", "${disk.size}");
	}

	private static void assertFailure(ApplicationContextRunner runner, String attribute, String text) {
		runner.run((context) -> assertThat(context).getFailure()
			.cause()
			.isInstanceOfSatisfying(DiskStartupException.class, (ex) -> {
				assertThat(ex).hasMessage("The attribute '" + attribute + "' of @BlockDevice on the bean 'tenant' is '"
						+ text + "', and nothing says what that stands for.");
				assertThat(ex.remedy()).contains("Set the property");
			}));
	}

	@BlockDevice(name = "${disk.name}", size = "${disk.size}")
	static class Tenant extends TestDisks.Null {

	}

}
