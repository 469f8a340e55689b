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

package io.github.ublk4j.spring.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.LocalServer;
import io.github.ublk4j.spring.TestS3;
import io.github.ublk4j.spring.http.ImageServer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.S3AsyncClient;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Disks in other servers, and on several stores, under the real kernel: checksummed
 * random writes, a file system, and both again after the application was restarted.
 */
@Timeout(900)
class DeclaredStoreIT {

	@TempDir
	private Path directory;

	/** Its start takes long in an emulated machine; other tests can run meanwhile. */
	@BeforeAll
	static void startMoto() {
		CompletableFuture.runAsync(LocalServer::moto);
	}

	@Test
	void disksKeepWhatIsWrittenWhenTheApplicationIsRestarted() throws IOException {
		makeTree(300_000);
		run("truncate -s 16M image && mkfs.ext4 -q -d tree image");
		String name = this.directory.getFileName().toString();
		Map<String, String> stores = new LinkedHashMap<>();
		stores.put("redis", "redis:" + name);
		stores.put("database", "r2dbc:" + name);
		stores.put("stripe", "stripe");
		stores.put("mirror", "mirror");
		List<String> properties = properties(stores);
		try (ImageServer server = new ImageServer(Files.readAllBytes(this.directory.resolve("image")))) {
			List<String> withImage = new ArrayList<>(properties);
			withImage
				.addAll(List.of("ublk.devices.image.store=" + server.address(), "ublk.devices.image.read-only=true"));
			try (ConfigurableApplicationContext application = application(Nothing.class, withImage)) {
				forEach(application, stores.keySet(),
						(disk, path) -> write(disk, path, "--bsrange=4k-64k --iodepth=16 --size=1m"));
				mounted(device(application, "image").path(), "-o ro",
						"diff -r ../tree . | grep -v lost+found | diff - /dev/null");
			}
			assertThat(server.requests()).isNotEmpty();
		}
		// the end of the first has taken the threads of the web server with it
		assertKept(Nothing.class, properties, stores.keySet());
	}

	/**
	 * The cached disk of the recipes, with Moto, a test double of S3 that needs a second
	 * for a few requests when it runs in an emulated machine. The second application has
	 * to read everything from there.
	 */
	@Test
	void cachedDiskInS3KeepsWhatIsWrittenWhenTheApplicationIsRestarted() {
		TestS3.client();
		makeTree(50_000);
		List<String> properties = List.of("ublk.devices.s3.store=s3:" + TestS3.BUCKET + "/tenant",
				"ublk.devices.s3.size=16MB", "ublk.devices.s3.chunks.chunk-size=1MB",
				"ublk.devices.s3.layers=cache,readahead,stats", "ublk.devices.s3.layer.cache.mode=write-back",
				"ublk.devices.s3.layer.cache.capacity=8MB", "ublk.devices.s3.layer.cache.block-size=64KB",
				"ublk.devices.s3.layer.cache.dirty-limit=4MB", "ublk.devices.s3.layer.readahead.window=2MB",
				"ublk.devices.s3.layer.readahead.capacity=8MB", "ublk.devices.s3.request-timeout=2m");
		try (ConfigurableApplicationContext application = application(S3Client.class, properties)) {
			forEach(application, List.of("s3"),
					(disk, path) -> write(disk, path, "--bsrange=16k-64k --iodepth=4 --size=512k"));
		}
		assertKept(S3Client.class, properties, List.of("s3"));
	}

	private void makeTree(int bytes) {
		run("mkdir -p tree/below && head -c " + bytes + " /dev/urandom > tree/random && seq " + bytes / 15
				+ " > tree/below/numbers");
	}

	private void assertKept(Class<?> source, List<String> properties, Collection<String> disks) {
		try (ConfigurableApplicationContext application = application(source, properties)) {
			forEach(application, disks, (store, path) -> {
				run("fsck.ext4 -fn " + path);
				mounted(path, "-o ro", "diff -r ../tree tree");
			});
		}
	}

	private List<String> properties(Map<String, String> stores) {
		List<String> properties = new ArrayList<>(List.of("spring.autoconfigure.exclude=",
				"spring.data.redis.port=" + LocalServer.redis().port(),
				"spring.r2dbc.url=r2dbc:postgresql://postgres@127.0.0.1:" + LocalServer.postgres().port() + "/postgres",
				"ublk.devices.redis.chunks.chunk-size=16KB", "ublk.devices.database.chunks.chunk-size=16KB",
				"ublk.devices.stripe.stripe.stores=file:" + this.directory + "/a.img,file:" + this.directory + "/b.img",
				"ublk.devices.mirror.mirror.stores=file:" + this.directory + "/c.img,directory:" + this.directory
						+ "/d"));
		stores.forEach((disk, store) -> properties
			.addAll(List.of("ublk.devices." + disk + ".store=" + store, "ublk.devices." + disk + ".size=16MB")));
		return properties;
	}

	private void write(String disk, Path path, String requests) {
		run("fio --name=" + disk + " --filename=" + path
				+ " --ioengine=libaio --direct=1 --rw=randwrite --verify=crc32c"
				+ " --verify_fatal=1 --randrepeat=0 --offset=8m --fsync=32 " + requests);
		run("mkfs.ext4 -q -F " + path);
		mounted(path, "", "cp -r ../tree gone && cp -r gone tree && sync && rm -r gone && fstrim .");
	}

	private static void forEach(ConfigurableApplicationContext application, Iterable<String> disks,
			BiConsumer<String, Path> use) {
		for (String disk : disks) {
			UblkDevice device = device(application, disk);
			try {
				use.accept(disk, device.path());
				assertThat(device.status().queues()).extracting(QueueStatus::errors).containsOnly(0L);
			}
			catch (AssertionError ex) {
				throw new AssertionError("disk " + disk + ": " + ex.getMessage(), ex);
			}
		}
	}

	private static ConfigurableApplicationContext application(Class<?> source, List<String> properties) {
		return new SpringApplicationBuilder(source).web(WebApplicationType.NONE)
			.run(properties.stream().map((property) -> "--" + property).toArray(String[]::new));
	}

	private static UblkDevice device(ConfigurableApplicationContext application, String disk) {
		return application.getBean(BlockDevices.class).find(disk).orElseThrow();
	}

	private void mounted(Path device, String options, String command) {
		run("mkdir -p mount && mount " + options + " " + device + " mount");
		try {
			run("cd mount && " + command);
		}
		finally {
			run("umount mount");
		}
	}

	private void run(String command) {
		try {
			Process process = new ProcessBuilder("timeout", "--kill-after=5", "180", "bash", "-c", command)
				.directory(this.directory.toFile())
				.redirectErrorStream(true)
				.start();
			String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			assertThat(process.waitFor()).as("%s: %s", command, printed).isZero();
		}
		catch (IOException | InterruptedException ex) {
			throw new AssertionError(command, ex);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Nothing {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class S3Client {

		@Bean(destroyMethod = "")
		S3AsyncClient s3AsyncClient() {
			return TestS3.client();
		}

	}

}
