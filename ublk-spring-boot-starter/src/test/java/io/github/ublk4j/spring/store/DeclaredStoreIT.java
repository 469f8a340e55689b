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
import java.util.List;

import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.LocalServer;
import io.github.ublk4j.spring.TestS3;
import io.github.ublk4j.spring.http.ImageServer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.s3.S3AsyncClient;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Disks in other servers, and on several stores, under the real kernel: checksummed
 * random writes, a file system, and both again after the application was restarted.
 */
@Timeout(600)
class DeclaredStoreIT {

	@TempDir
	private Path directory;

	private final List<String> properties = new ArrayList<>();

	@BeforeEach
	void treeOfFiles() {
		run("mkdir -p tree/below && head -c 300000 /dev/urandom > tree/random && seq 20000 > tree/below/numbers");
	}

	@Test
	void redisKeepsWhatIsWritten() throws Exception {
		this.properties.add("spring.data.redis.port=" + LocalServer.redis().port());
		keepsWhatIsWritten("redis:" + this.directory.getFileName(), "chunks.chunk-size=16KB");
	}

	@Test
	void databaseKeepsWhatIsWritten() throws Exception {
		this.properties.add("spring.r2dbc.url=r2dbc:postgresql://postgres@127.0.0.1:" + LocalServer.postgres().port()
				+ "/postgres");
		keepsWhatIsWritten("r2dbc:" + this.directory.getFileName(), "chunks.chunk-size=16KB");
	}

	@Test
	void bucketKeepsWhatIsWritten() throws Exception {
		TestS3.client();
		keepsWhatIsWritten("s3:" + TestS3.BUCKET + "/" + this.directory.getFileName(), "chunks.chunk-size=64KB");
	}

	@Test
	void stripeKeepsWhatIsWritten() throws Exception {
		keepsWhatIsWritten("stripe",
				"stripe.stores=file:" + this.directory + "/a.img,file:" + this.directory + "/b.img");
	}

	@Test
	void mirrorKeepsWhatIsWritten() throws Exception {
		keepsWhatIsWritten("mirror",
				"mirror.stores=file:" + this.directory + "/a.img,directory:" + this.directory + "/b");
	}

	@Test
	void imageOfAWebServerIsMounted() throws Exception {
		run("truncate -s 16M image && mkfs.ext4 -q -d tree image");
		try (ImageServer server = new ImageServer(Files.readAllBytes(this.directory.resolve("image")))) {
			this.properties
				.addAll(List.of("ublk.devices.disk.store=" + server.address(), "ublk.devices.disk.read-only=true"));
			try (ConfigurableApplicationContext application = application()) {
				mounted(path(application), "-o ro", "diff -r ../tree .");
				noRequestFailed(application);
			}
			assertThat(server.requests()).isNotEmpty();
		}
	}

	private void keepsWhatIsWritten(String store, String property) throws Exception {
		this.properties.addAll(List.of("ublk.devices.disk.store=" + store, "ublk.devices.disk.size=16MB",
				"ublk.devices.disk." + property));
		try (ConfigurableApplicationContext application = application()) {
			Path path = path(application);
			run("fio --name=verify --filename=" + path + " --ioengine=libaio --direct=1 --rw=randwrite --verify=crc32c"
					+ " --verify_fatal=1 --randrepeat=0 --bsrange=4k-64k --iodepth=16 --size=1m --offset=8m --fsync=32");
			run("mkfs.ext4 -q -F " + path);
			mounted(path, "", "cp -r ../tree gone && cp -r gone tree && sync && rm -r gone && fstrim .");
			noRequestFailed(application);
		}
		try (ConfigurableApplicationContext application = application()) {
			Path path = path(application);
			run("fsck.ext4 -fn " + path);
			mounted(path, "-o ro", "diff -r ../tree tree");
			noRequestFailed(application);
		}
	}

	private ConfigurableApplicationContext application() {
		return new SpringApplicationBuilder(Nothing.class)
			.initializers((created) -> ((GenericApplicationContext) created).registerBean(S3AsyncClient.class,
					() -> TestS3.client(new ExecutionInterceptor() {
					}), (bean) -> bean.setLazyInit(true)))
			.web(WebApplicationType.NONE)
			.run(this.properties.stream().map((property) -> "--" + property).toArray(String[]::new));
	}

	private static Path path(ConfigurableApplicationContext application) {
		return application.getBean(BlockDevices.class).find("disk").orElseThrow().path();
	}

	private static void noRequestFailed(ConfigurableApplicationContext application) {
		assertThat(application.getBean(BlockDevices.class).find("disk").orElseThrow().status().queues())
			.extracting(QueueStatus::errors)
			.containsOnly(0L);
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

}
