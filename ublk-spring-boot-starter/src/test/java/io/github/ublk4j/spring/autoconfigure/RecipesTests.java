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

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.LocalServer;
import io.github.ublk4j.spring.TestS3;
import io.github.ublk4j.spring.TestUblk;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.S3AsyncClient;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ContextConsumer;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The recipes are started as they are written, but for the places of their files.
 */
class RecipesTests {

	private static final String KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";

	@TempDir
	private Path directory;

	private static List<String> recipes() throws IOException {
		return Pattern.compile("(?s)```yaml\n(.*?)```")
			.matcher(Files.readString(Path.of("../docs/recipes.md")))
			.results()
			.map((match) -> match.group(1))
			.toList();
	}

	private void start(int recipe, Map<String, String> places, ContextConsumer<AssertableApplicationContext> test)
			throws IOException {
		application(recipe, places).run(test);
	}

	private ApplicationContextRunner application(int recipe, Map<String, String> places) throws IOException {
		String yaml = recipes().get(recipe);
		for (Map.Entry<String, String> place : places.entrySet()) {
			assertThat(yaml).contains(place.getKey());
			yaml = yaml.replace(place.getKey(), place.getValue());
		}
		List<PropertySource<?>> properties = new YamlPropertySourceLoader().load("recipe",
				new ByteArrayResource(yaml.getBytes(StandardCharsets.UTF_8)));
		TestUblk ublk = new TestUblk();
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class,
					DataRedisAutoConfiguration.class, RedisStoreAutoConfiguration.class,
					S3StoreAutoConfiguration.class))
			.withInitializer((context) -> properties.forEach(context.getEnvironment().getPropertySources()::addFirst))
			.withBean(UblkEngine.class, ublk::engine)
			.withPropertyValues("ublk.run-directory=" + this.directory.resolve("run"));
	}

	private static Map<String, BlockStore> layers(AssertableApplicationContext context, String disk) {
		assertThat(context).hasNotFailed();
		return context.getBean(BlockDevices.class).layers(disk);
	}

	@Test
	void thereAreFour() throws IOException {
		assertThat(recipes()).hasSize(4);
	}

	@Test
	@Tag("s3")
	void cachedDiskInAnObjectStore() throws IOException {
		S3AsyncClient client = TestS3.client();
		application(0, Map.of("s3:disks/tenant-7", "s3:" + TestS3.BUCKET + "/" + UUID.randomUUID()))
			.withBean(S3AsyncClient.class, () -> client, (definition) -> definition.setDestroyMethodName(""))
			.run((context) -> assertThat(layers(context, "tenant-7").keySet()).containsExactly("cache", "readahead",
					"stats"));
	}

	@Test
	void cachedDiskInRedis() throws IOException {
		start(1, Map.of("host: redis.example", "port: " + LocalServer.redis().port()),
				(context) -> assertThat(layers(context, "tenant-7").keySet()).containsExactly("cache", "readahead",
						"stats"));
	}

	@Test
	void encryptedSnapshotForTests() throws IOException {
		Path key = Files.writeString(this.directory.resolve("golden.key"), KEY);
		start(2, Map.of("/var/lib/ublk", this.directory.toString(), "/etc/ublk/golden.key", key.toString()),
				(context) -> assertThat(layers(context, "golden").keySet()).containsExactly("encrypt",
						"copy-on-write"));
		// the way in which the image is made
		start(2, Map.of("/var/lib/ublk", this.directory.toString(), "/etc/ublk/golden.key", key.toString(),
				"layers: [encrypt, copy-on-write]", "layers: [encrypt]",
				"        copy-on-write:\n          overlay: memory\n          block-size: 64KB\n", ""),
				(context) -> assertThat(layers(context, "golden").keySet()).containsExactly("encrypt"));
	}

	@Test
	void chaosDiskForPostgres() throws IOException {
		start(3, Map.of("/var/lib/ublk", this.directory.toString()), (context) -> {
			assertThat(layers(context, "chaos").keySet()).containsExactly("pause", "error", "delay", "rate-limit");
			assertThat(context.getEnvironment().getProperty("management.endpoint.ublklayers.access"))
				.isEqualTo("unrestricted");
		});
	}

}
