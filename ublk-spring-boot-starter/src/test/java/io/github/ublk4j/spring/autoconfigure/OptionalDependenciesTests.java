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
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.TestDisks;
import io.github.ublk4j.spring.TestUblk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whole applications that lack some of the optional dependencies.
 */
class OptionalDependenciesTests {

	private static final String ENDPOINT = "ublkEndpoint";

	private static final String WEB_EXTENSION = "ublkEndpointWebExtension";

	private static final String HEALTH = "ublkHealthContributor";

	private static final String METRICS = "ublkDiskMetrics";

	private static final String OBSERVATIONS = "ublkObservationDecorator";

	private static final String REDIS = "redisBlockStoreFactory";

	private static final String R2DBC = "r2dbcBlockStoreFactory";

	private static final String HTTP = "httpBlockStoreFactory";

	private static final List<String> OPTIONAL = List.of(ENDPOINT, WEB_EXTENSION, HEALTH, METRICS, OBSERVATIONS, REDIS,
			R2DBC, HTTP);

	private static final Map<String, List<String>> MODULES = Map.of("actuator",
			List.of("org.springframework.boot.actuate"), "health", List.of("org.springframework.boot.health"),
			"micrometer", List.of("io.micrometer"), "metrics", List.of("org.springframework.boot.micrometer.metrics"),
			"observation", List.of("org.springframework.boot.micrometer.observation"), "web",
			List.of("org.springframework.web", "org.springframework.boot.webflux", "org.springframework.http",
					"org.springframework.boot.webclient", "org.springframework.boot.reactor.netty"),
			"tests", List.of("org.springframework.test", "org.junit"), "redis",
			List.of("org.springframework.boot.data.redis", "org.springframework.data.redis", "io.lettuce"), "r2dbc",
			List.of("org.springframework.boot.r2dbc", "org.springframework.r2dbc", "io.r2dbc"));

	private final TestUblk ublk = new TestUblk();

	private final String[] properties;

	OptionalDependenciesTests(@TempDir Path directory) {
		this.properties = new String[] { "ublk.run-directory=" + directory.resolve("run"),
				"ublk.observations.enabled=true", "management.endpoints.web.exposure.include=*",
				"spring.r2dbc.url=r2dbc:postgresql://nobody@127.0.0.1/not-asked" };
	}

	@Test
	void applicationWithAllHasAll() {
		new ReactiveWebApplicationContextRunner().withUserConfiguration(Application.class)
			.withBean(UblkEngine.class, this.ublk::engine)
			.withPropertyValues(this.properties)
			.run((context) -> assertThat(context).hasNotFailed().getBeanNames(Object.class).containsAll(OPTIONAL));
	}

	@ParameterizedTest
	@MethodSource("withoutModules")
	void applicationServesItsDisksWithout(List<String> modules, List<String> missing) {
		String[] packages = modules.stream()
			.flatMap((module) -> MODULES.getOrDefault(module, List.of()).stream())
			.toArray(String[]::new);
		new ApplicationContextRunner().withUserConfiguration(Application.class)
			.withClassLoader(new FilteredClassLoader(packages))
			.withBean(UblkEngine.class, this.ublk::engine)
			.withPropertyValues(this.properties)
			.withPropertyValues("spring.autoconfigure.exclude=" + autoConfigurationsOf(packages))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(BlockDevices.class).all()).extracting(UblkDevice::name)
					.containsExactly("scratch");
				assertThat(OPTIONAL).filteredOn((bean) -> !context.containsBean(bean))
					.containsExactlyInAnyOrderElementsOf(missing);
			});
		assertThat(this.ublk.journal()).containsExactly("start scratch", "stop scratch");
	}

	/**
	 * Returns the auto-configurations of modules, which go with them.
	 */
	private static String autoConfigurationsOf(String... packages) {
		return StreamSupport
			.stream(ImportCandidates.load(AutoConfiguration.class, OptionalDependenciesTests.class.getClassLoader())
				.spliterator(), false)
			.filter((name) -> Stream.of(packages).anyMatch(name::startsWith))
			.collect(Collectors.joining(","));
	}

	static Stream<Arguments> withoutModules() {
		return Stream.of(Arguments.of(List.of("actuator"), List.of(ENDPOINT, WEB_EXTENSION)),
				Arguments.of(List.of("health"), List.of(HEALTH)),
				Arguments.of(List.of("micrometer"), List.of(METRICS, OBSERVATIONS)),
				Arguments.of(List.of("metrics"), List.of(METRICS)),
				Arguments.of(List.of("observation"), List.of(OBSERVATIONS)),
				Arguments.of(List.of("web"), List.of(HTTP)), Arguments.of(List.of("tests"), List.of()),
				Arguments.of(List.of("redis"), List.of(REDIS)), Arguments.of(List.of("r2dbc"), List.of(R2DBC)),
				Arguments.of(List.copyOf(MODULES.keySet()), OPTIONAL));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(TestDisks.Scratch.class)
	static class Application {

	}

}
