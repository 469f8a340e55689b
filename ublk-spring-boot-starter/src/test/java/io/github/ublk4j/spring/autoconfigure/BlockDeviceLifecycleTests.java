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

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.TestDisks;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.store.FileBlockStore;
import io.github.ublk4j.store.MemoryBlockStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.verify;

@ExtendWith(OutputCaptureExtension.class)
class BlockDeviceLifecycleTests {

	private final TestUblk ublk = new TestUblk();

	private final Path run;

	private final ApplicationContextRunner contextRunner;

	BlockDeviceLifecycleTests(@TempDir Path directory) {
		this.run = directory.resolve("run");
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withBean(UblkEngine.class, this.ublk::engine)
			.withUserConfiguration(TestDisks.Two.class)
			.withPropertyValues("ublk.run-directory=" + this.run);
	}

	@Test
	void disksStartInTheOrderOfTheirDeclarationAndAllStop() {
		this.contextRunner.withPropertyValues("ublk.devices.third.store=memory", "ublk.devices.third.size=1MB")
			.run((context) -> assertThat(this.ublk.journal()).containsExactly("start first", "start second",
					"start third"));
		assertThat(this.ublk.journal().subList(3, 6)).containsExactlyInAnyOrder("stop first", "stop second",
				"stop third");
		verify(this.ublk.engine()).close();
	}

	@Test
	void disksStartBeforeTheWebServerAndStopAfterIt() {
		assertThat(BlockDeviceLifecycle.PHASE).isLessThan(WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE)
			.isLessThan(WebServerApplicationContext.GRACEFUL_SHUTDOWN_PHASE);
		this.contextRunner.withUserConfiguration(WebServer.class)
			.withBean(TestUblk.class, () -> this.ublk)
			.run((context) -> assertThat(this.ublk.journal()).endsWith("start second", "start web server"));
		assertThat(this.ublk.journal().get(3)).isEqualTo("stop web server");
	}

	@ParameterizedTest
	@CsvSource({ "2s, 3s, true", "3s, 3s, false", ", 30s, false", ", 31s, true" })
	void phaseThatIsShorterThanTheDrainIsReported(@Nullable String phase, String drain, boolean reported,
			CapturedOutput output) {
		this.contextRunner
			.withPropertyValues("ublk.drain-timeout=" + drain,
					(phase != null) ? "spring.lifecycle.timeout-per-shutdown-phase=" + phase
							: "spring.application.name=test")
			.run((context) -> assertThat(
					output.getAll().contains(", but spring.lifecycle.timeout-per-shutdown-phase is "))
				.isEqualTo(reported));
	}

	@Test
	void failureOfTheSecondDiskStopsTheFirst(CapturedOutput output) {
		this.ublk.refuse("second");
		this.contextRunner.run((context) -> {
			assertThat(context).getFailure().rootCause().hasMessage("ADD_DEV failed with ENOMEM (12).");
			assertThat(this.ublk.journal()).containsExactly("start first", "start second", "stop first");
			assertThat(this.run.resolve("first")).doesNotExist();
		});
	}

	@Test
	void failureToOpenOneStoreClosesTheOtherAndStartsNothing() {
		Path file = this.run.resolveSibling("a.img");
		this.contextRunner
			.withPropertyValues("ublk.devices.a.store=file:" + file, "ublk.devices.a.size=1MB",
					"ublk.devices.b.store=file:" + file, "ublk.devices.b.size=1MB")
			.run((context) -> {
				assertThat(context).hasFailed();
				assertThat(this.ublk.journal()).isEmpty();
			});
		this.contextRunner.withPropertyValues("ublk.devices.a.store=file:" + file, "ublk.devices.a.size=1MB")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void disksComeBackWhenTheContextIsStartedAgain() {
		this.contextRunner.withPropertyValues("ublk.devices.third.store=memory", "ublk.devices.third.size=1MB")
			.run((context) -> {
				context.stop();
				assertThat(this.run).isEmptyDirectory();
				context.start();
				assertThat(this.ublk.specs()).extracting(DiskSpec::name)
					.containsExactly("first", "second", "third", "first", "second", "third");
				assertThat(this.ublk.engine().devices()).hasSize(3);
			});
		assertThat(this.ublk.engine().devices()).isEmpty();
	}

	@Test
	void storeOfDeclaredDiskIsClosedAfterItStopped() {
		this.contextRunner
			.withPropertyValues("ublk.devices.first.enabled=false", "ublk.devices.second.enabled=false",
					"ublk.devices.third.store=memory", "ublk.devices.third.size=1MB",
					"ublk.devices.third.memory.pre-touch=true")
			.run((context) -> {
				MemoryBlockStore store = (MemoryBlockStore) this.ublk.server();
				assertThat(store.allocatedBytes()).isEqualTo(1 << 20);
				context.stop();
				assertThat(store.allocatedBytes()).isZero();
			});
	}

	@Test
	void contextCanBeClosedOnThreadThatMustNotBlock() {
		this.contextRunner
			.withPropertyValues("ublk.devices.third.store=memory", "ublk.devices.third.size=1MB",
					"ublk.devices.third.memory.pre-touch=true")
			.run((context) -> {
				MemoryBlockStore store = memoryStore();
				Mono.fromRunnable(context::stop).subscribeOn(Schedulers.parallel()).block(Duration.ofSeconds(30));
				assertThat(this.ublk.journal()).contains("stop first", "stop second", "stop third");
				assertThat(store.allocatedBytes()).isZero();
			});
	}

	@Test
	void storeIsClosedEvenIfDeviceFailsToStopWithAnError() {
		this.contextRunner
			.withPropertyValues("ublk.devices.third.store=memory", "ublk.devices.third.size=1MB",
					"ublk.devices.third.memory.pre-touch=true")
			.run((context) -> {
				MemoryBlockStore store = memoryStore();
				UblkDevice first = context.getBean(BlockDevices.class).find("first").orElseThrow();
				given(first.stop()).willThrow(new OutOfMemoryError("stopping"));
				assertThatExceptionOfType(OutOfMemoryError.class)
					.isThrownBy(context.getBean(BlockDeviceLifecycle.class)::stop);
				assertThat(store.allocatedBytes()).isZero();
			});
	}

	@Test
	void errorDuringTheStartStopsWhatHasStartedAndClosesStores() {
		Path file = this.run.resolveSibling("a.img");
		this.ublk.refuse("second", new OutOfMemoryError("starting"));
		this.contextRunner.withPropertyValues("ublk.devices.a.store=file:" + file, "ublk.devices.a.size=1MB")
			.run((context) -> {
				assertThat(context).getFailure().rootCause().isInstanceOf(OutOfMemoryError.class);
				assertThat(this.ublk.journal()).containsExactly("start first", "start second", "stop first");
				assertThat(this.run.resolve("first")).doesNotExist();
				FileBlockStore.at(file).open().close();
			});
	}

	private MemoryBlockStore memoryStore() {
		return this.ublk.servers()
			.stream()
			.filter(MemoryBlockStore.class::isInstance)
			.map(MemoryBlockStore.class::cast)
			.findFirst()
			.orElseThrow();
	}

	@Test
	void oneLinePerDiskAtStartAndStop(CapturedOutput output) {
		this.contextRunner.run((context) -> assertThat(output).contains(
				"disk 'first' ready at /dev/ublkb0 (1 GiB, 1 queue x 128, up to 256 KiB per request, user-copy, READ WRITE)"));
		assertThat(output).contains("disk 'second' at /dev/ublkb1 stopped");
	}

	@Test
	void everyDiskHasLinkWhileItIsServed() {
		this.contextRunner.run((context) -> {
			assertThat(Files.readSymbolicLink(this.run.resolve("first"))).hasToString("/dev/ublkb0");
			assertThat(Files.readSymbolicLink(this.run.resolve("second"))).hasToString("/dev/ublkb1");
		});
		assertThat(this.run).isEmptyDirectory();
	}

	@Configuration(proxyBeanMethods = false)
	static class WebServer {

		@Bean
		SmartLifecycle webServer(TestUblk ublk) {
			return new SmartLifecycle() {

				private boolean running;

				@Override
				public void start() {
					ublk.journal().add("start web server");
					this.running = true;
				}

				@Override
				public void stop() {
					ublk.journal().add("stop web server");
					this.running = false;
				}

				@Override
				public boolean isRunning() {
					return this.running;
				}

				@Override
				public int getPhase() {
					return WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE;
				}

			};
		}

	}

}
