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
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DiskRefusedException;
import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.UblkEngineCustomizer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.test.context.support.TestPropertySourceUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * An application dies, and what is mounted on its disks waits; the next one finds them
 * and does not start.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class FailedRestartTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final SimulatedUblk ublk = new SimulatedUblk();

	@TempDir
	private Path directory;

	private ApplicationContextRunner contextRunner;

	@BeforeEach
	void deadApplication() {
		this.contextRunner = new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(Disks.class))
			.withBean(SimulatedUblk.class, () -> this.ublk)
			.withBean(UblkEngineCustomizer.class, this::state)
			.withPropertyValues(properties());
		this.contextRunner
			.withPropertyValues("ublk.devices.a.on-shutdown=quiesce", "ublk.devices.b.on-shutdown=quiesce",
					"ublk.devices.fresh.enabled=false")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				this.ublk.disk("a").write(0, filled(7)).block(PATIENCE);
			});
		assertThat(this.ublk.disks()).extracting(SimulatedDisk::spec).extracting(DiskSpec::name).contains("a", "b");
	}

	private UblkEngineCustomizer state() {
		return (engine) -> engine.stateDirectory(this.directory.resolve("state"));
	}

	private String[] properties() {
		return """
				ublk.run-directory=%1$s/run
				ublk.drain-timeout=200ms
				ublk.devices.fresh.store=memory
				ublk.devices.fresh.size=1MB
				ublk.devices.a.store=file:%1$s/a.img
				ublk.devices.a.size=1MB
				ublk.devices.a.recovery=reissue
				ublk.devices.b.store=file:%1$s/b.img
				ublk.devices.b.size=1MB
				ublk.devices.b.recovery=reissue
				""".formatted(this.directory).split("\n");
	}

	private static byte[] filled(int value) {
		byte[] data = new byte[4096];
		Arrays.fill(data, (byte) value);
		return data;
	}

	@Test
	void diskThatIsRefusedDoesNotTakeAlongTheOneThatWasTakenOver(CapturedOutput output) {
		CompletableFuture<byte[]> read = this.ublk.disk("a").read(0, 4096).toFuture();
		this.contextRunner.withPropertyValues("ublk.devices.b.queue-depth=16").run((context) -> {
			assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(DiskRefusedException.class)
				.hasMessageContaining("queue depth");
			assertThatBothWait();
		});
		assertThat(output).contains("disk 'a' at /simulated/ublkb0 is left to the next server")
			.contains("its requests wait for the next server. Mend what kept the application from starting");
		assertThat(read).succeedsWithin(PATIENCE);
		assertThatNextStartServesBoth();
	}

	@Test
	void webServerThatDoesNotStartDeletesNoDiskThatWasTakenOver() {
		this.contextRunner.withBean(WebServer.class, WebServer::new).run((context) -> {
			assertThat(context).getFailure().rootCause().isInstanceOf(PortInUseException.class);
			assertThatBothWait();
		});
		assertThatNextStartServesBoth();
	}

	@Test
	void runnerThatFailsDeletesNoDiskThatWasTakenOver() {
		SpringApplication application = new SpringApplication(Disks.class);
		application.setRegisterShutdownHook(false);
		application.setWebApplicationType(WebApplicationType.NONE);
		application.addInitializers((ApplicationContextInitializer<GenericApplicationContext>) (context) -> {
			TestPropertySourceUtils.addInlinedPropertiesToEnvironment(context, properties());
			context.registerBean(SimulatedUblk.class, () -> this.ublk);
			context.registerBean(UblkEngineCustomizer.class, this::state);
			context.registerBean(ApplicationRunner.class, () -> (arguments) -> {
				assertThat(this.ublk.disks()).hasSize(3);
				throw new IllegalStateException("no users");
			});
		});
		assertThatIllegalStateException().isThrownBy(application::run).withMessage("no users");
		assertThatBothWait();
		assertThatNextStartServesBoth();
	}

	private void assertThatBothWait() {
		assertThat(this.ublk.disks()).extracting((disk) -> disk.spec().name()).containsExactlyInAnyOrder("a", "b");
	}

	/**
	 * And deletes them when it ends, since it had started.
	 */
	private void assertThatNextStartServesBoth() {
		CompletableFuture<Void> write = this.ublk.disk("b").write(0, filled(9)).toFuture();
		assertThat(write).isNotDone();
		this.contextRunner.run((context) -> {
			BlockDevices devices = context.getBean(BlockDevices.class);
			assertThat(devices.find("a").orElseThrow().takenOver()).isTrue();
			assertThat(devices.find("b").orElseThrow().takenOver()).isTrue();
			assertThat(write).succeedsWithin(PATIENCE);
			assertThat(this.ublk.disk("a").read(0, 4096).block(PATIENCE)).isEqualTo(filled(7));
			assertThat(this.ublk.disk("b").read(0, 4096).block(PATIENCE)).isEqualTo(filled(9));
		});
		assertThat(this.ublk.disks()).isEmpty();
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class })
	static class Disks {

	}

	static class WebServer implements SmartLifecycle {

		@Override
		public void start() {
			throw new PortInUseException(8080);
		}

		@Override
		public void stop() {
			throw new IllegalStateException("It has never run");
		}

		@Override
		public boolean isRunning() {
			return false;
		}

		@Override
		public int getPhase() {
			return WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE;
		}

	}

}
