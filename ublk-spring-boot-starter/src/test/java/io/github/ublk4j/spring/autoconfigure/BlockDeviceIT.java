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
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.OnFlush;
import io.github.ublk4j.spring.OnRead;
import io.github.ublk4j.spring.OnWrite;
import io.github.ublk4j.spring.actuate.UblkEndpoint;
import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.GenericApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * An application with disks under the real kernel.
 */
@ExtendWith(OutputCaptureExtension.class)
@Timeout(300)
class BlockDeviceIT {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final Path RUN = Path.of("/run/ublk");

	@TempDir
	private Path directory;

	@BeforeEach
	@AfterEach
	void noDiskIsLeft() throws IOException {
		try (Stream<Path> nodes = Files.list(Path.of("/dev"))) {
			assertThat(nodes.map((node) -> node.getFileName().toString()))
				.noneMatch((name) -> name.startsWith("ublkb"));
		}
		if (Files.exists(RUN)) {
			// but for the records of devices
			assertThat(RUN).isDirectoryNotContaining("glob:**/[!.]*");
		}
	}

	@Test
	void annotatedBeanAndDeclaredStoreAreDisksOfTheKernel(CapturedOutput output) throws Exception {
		try (ConfigurableApplicationContext context = application()) {
			BlockDevices devices = context.getBean(BlockDevices.class);
			assertThat(devices.all()).extracting(UblkDevice::name).containsExactly("scratch", "archive");
			for (UblkDevice device : devices.all()) {
				assertThat(device.status().state()).isEqualTo(DeviceState.LIVE);
				Path link = RUN.resolve(device.name());
				assertThat(Files.readSymbolicLink(link)).isEqualTo(device.path());
				assertThat(output).contains("disk '" + device.name() + "' ready at " + device.path() + " (");
				makeFileSystem(link);
			}
			UblkEndpoint endpoint = context.getBean(UblkEndpoint.class);
			assertThat(endpoint.devices().devices()).extracting("name", "readOnly", "maxIoSize")
				.containsExactly(tuple("scratch", false, 65536), tuple("archive", false, 262144));
			CompositeHealthContributor health = (CompositeHealthContributor) context.getBean("ublkHealthContributor");
			assertThat(health.getContributor("scratch")).isInstanceOfSatisfying(HealthIndicator.class,
					(scratch) -> assertThat(scratch.health()).hasFieldOrPropertyWithValue("status", Status.UP));
		}
		assertThat(output).contains("disk 'scratch' at /dev/ublkb").contains("disk 'archive' at /dev/ublkb");
	}

	private static org.assertj.core.groups.Tuple tuple(Object... values) {
		return org.assertj.core.groups.Tuple.tuple(values);
	}

	private static void makeFileSystem(Path path) throws Exception {
		Process mkfs = new ProcessBuilder("mkfs.ext4", "-q", path.toString()).redirectErrorStream(true).start();
		String printed = new String(mkfs.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(mkfs.waitFor(60, TimeUnit.SECONDS)).isTrue();
		assertThat(mkfs.exitValue()).as(printed).isZero();
	}

	@Test
	void fileStoreKeepsItsDataWhenTheApplicationIsRestarted() throws IOException {
		byte[] data = "still here".repeat(51).concat("++").getBytes(StandardCharsets.UTF_8);
		ConfigurableApplicationContext first = application();
		try (FileChannel disk = FileChannel.open(RUN.resolve("archive"), StandardOpenOption.WRITE)) {
			disk.write(ByteBuffer.wrap(data), 4096);
			disk.force(true);
		}
		first.close();
		ConfigurableApplicationContext second = application();
		try (FileChannel disk = FileChannel.open(RUN.resolve("archive"), StandardOpenOption.READ)) {
			ByteBuffer read = ByteBuffer.allocate(data.length);
			disk.read(read, 4096);
			assertThat(read.array()).isEqualTo(data);
		}
		second.close();
	}

	@Test
	void blockDeviceIsServedInItsWholeSize() {
		try (ConfigurableApplicationContext below = application();
				ConfigurableApplicationContext above = new SpringApplicationBuilder(Nothing.class)
					.web(WebApplicationType.NONE)
					.run("--ublk.devices.above.store=file:" + RUN.resolve("scratch"))) {
			assertThat(above.getBean(BlockDevices.class).find("above").orElseThrow().spec().size())
				.isEqualTo(below.getBean(BlockDevices.class).find("scratch").orElseThrow().spec().size());
		}
	}

	@Test
	void diskThatCannotStartTakesTheOthersWithIt() {
		assertThatThrownBy(() -> application("--ublk.devices.broken.store=memory", "--ublk.devices.broken.size=1000"))
			.hasStackTraceContaining("ublk.devices.broken.size");
	}

	@Test
	void annotatedMethodsServeADiskThatIsMeasured() throws Exception {
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Nothing.class)
			.initializers((created) -> ((GenericApplicationContext) created).registerBean(AnnotatedDisk.class))
			.web(WebApplicationType.NONE)
			.run("--management.endpoints.web.exposure.include=ublk")) {
			makeFileSystem(RUN.resolve("annotated"));
			byte[] data = new byte[8192];
			Arrays.fill(data, (byte) 7);
			try (FileChannel disk = FileChannel.open(RUN.resolve("annotated"), StandardOpenOption.READ,
					StandardOpenOption.WRITE)) {
				disk.write(ByteBuffer.wrap(data), 1 << 20);
				disk.force(true);
			}
			assertThat(context.getBean(AnnotatedDisk.class).data[1 << 20]).isEqualTo((byte) 7);
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			for (String operation : List.of("read", "write", "flush")) {
				assertThat(registry.get("ublk.requests")
					.tags("device", "annotated", "operation", operation, "outcome", "success")
					.functionTimer()
					.count()).as(operation).isPositive();
			}
			assertThat(context.getBean(UblkEndpoint.class).devices().driver()).isNotNull();
		}
	}

	@Test
	void disksAreCreatedPausedStoppedAndStartedAtRunTime() throws Exception {
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Nothing.class)
			.web(WebApplicationType.NONE)
			.run("--ublk.devices.declared.store=memory", "--ublk.devices.declared.size=1MB")) {
			BlockDevices devices = context.getBean(BlockDevices.class);
			DiskSpec spec = DiskSpec.named("created").size(16 << 20).build();
			UblkDevice created = devices.create(spec, new ScratchDisk()).block(PATIENCE);
			assertThat(created).isNotNull();
			makeFileSystem(RUN.resolve("created"));
			created.pause();
			CompletableFuture<Integer> read = CompletableFuture.supplyAsync(() -> read(created.path(), 8 << 20));
			assertThatThrownBy(() -> read.get(500, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
			created.resume();
			assertThat(read.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(512);
			devices.stop("declared").block(PATIENCE);
			assertThat(RUN.resolve("declared")).doesNotExist();
			UblkDevice again = devices.start("declared").block(PATIENCE);
			assertThat(RUN.resolve("declared")).exists();
			assertThat(again).isNotNull().extracting((device) -> device.status().state()).isEqualTo(DeviceState.LIVE);
			devices.delete("created").block(PATIENCE);
			assertThat(devices.find("created")).isEmpty();
		}
	}

	private static int read(Path path, long position) {
		try (FileChannel disk = FileChannel.open(path, StandardOpenOption.READ)) {
			return disk.read(ByteBuffer.allocate(512), position);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private ConfigurableApplicationContext application(String... arguments) {
		String[] all = Stream
			.concat(Stream.of("--ublk.devices.archive.store=file:" + this.directory.resolve("archive.img"),
					"--ublk.devices.archive.size=16MB", "--ublk.devices.scratch.max-io-size=64KB",
					"--management.endpoints.web.exposure.include=ublk"), Stream.of(arguments))
			.toArray(String[]::new);
		return new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE).run(all);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(ScratchDisk.class)
	static class Application {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Nothing {

	}

	@BlockDevice(name = "annotated", size = "16MB")
	static class AnnotatedDisk {

		private final byte[] data = new byte[16 << 20];

		@OnRead
		Mono<ByteBuffer> load(long offset, int length) {
			return Mono.just(ByteBuffer.wrap(this.data, (int) offset, length));
		}

		@OnWrite
		void save(long offset, ByteBuffer content) {
			content.get(this.data, (int) offset, content.remaining());
		}

		@OnFlush
		Mono<Void> sync() {
			return Mono.empty();
		}

	}

	@BlockDevice(name = "scratch", size = "16MB")
	static class ScratchDisk implements BlockDeviceHandler {

		private final byte[] data = new byte[16 << 20];

		@Override
		public Mono<Void> read(ReadRequest read) {
			read.buffer().put(this.data, (int) read.offset(), (int) read.length());
			return Mono.empty();
		}

		@Override
		public Mono<Void> write(WriteRequest write) {
			write.buffer().get(this.data, (int) write.offset(), (int) write.length());
			return Mono.empty();
		}

	}

}
