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
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.FileSystemResource;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code compose.yaml} fits the application. It cannot be run here.
 */
class ComposeFileTests {

	@SuppressWarnings("unchecked")
	private static Map<String, Object> service() throws IOException {
		try (Reader file = Files.newBufferedReader(Path.of("compose.yaml"))) {
			Map<String, Map<String, Map<String, Object>>> compose = new Yaml().load(file);
			Map<String, Map<String, Object>> services = Objects.requireNonNull(compose.get("services"));
			return Objects.requireNonNull(services.get("sample-app"));
		}
	}

	@Test
	@SuppressWarnings("unchecked")
	void environmentIsPropertiesOfTheDiskThatTheApplicationDeclares() throws IOException {
		Map<String, Object> environment = (Map<String, Object>) Objects.requireNonNull(service().get("environment"));
		MutablePropertySources sources = new MutablePropertySources();
		sources.addFirst(new SystemEnvironmentPropertySource("systemEnvironment", environment));
		Binder inContainer = new Binder(ConfigurationPropertySources.from(sources));
		assertThat(inContainer.bind("ublk.devices.archive.store", String.class).get())
			.isEqualTo("file:/var/lib/ublk4j/archive.img");
		assertThat(inContainer.bind("ublk.devices.archive.size", DataSize.class).get())
			.isEqualTo(DataSize.ofMegabytes(512));
		assertThat(environment).hasSize(2);
		MutablePropertySources own = new MutablePropertySources();
		new YamlPropertySourceLoader().load("application", new FileSystemResource("src/main/resources/application.yml"))
			.forEach(own::addLast);
		Binder declared = new Binder(ConfigurationPropertySources.from(own));
		assertThat(declared.bind("ublk.devices.archive.store", String.class).isBound()).isTrue();
		assertThat(declared.bind("server.port", String.class).isBound()).as("another port than that of the file")
			.isFalse();
	}

	@Test
	void containerHasWhatDisksNeed() throws IOException {
		Map<String, Object> service = service();
		assertThat(service).containsEntry("privileged", true)
			.containsEntry("command", List.of("java", "-jar", "/app/sample-app.jar"))
			.containsEntry("ports", List.of("127.0.0.1:8080:8080"));
		assertThat(service.get("volumes")).asInstanceOf(InstanceOfAssertFactories.LIST)
			.contains("./target/sample-app.jar:/app/sample-app.jar:ro", "archive:/var/lib/ublk4j", "/dev:/dev",
					"/run/ublk:/run/ublk");
		assertThat(Files.readString(Path.of("pom.xml"))).contains("<finalName>sample-app</finalName>");
	}

}
