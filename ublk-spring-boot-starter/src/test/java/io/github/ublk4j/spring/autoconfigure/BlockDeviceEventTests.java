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
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DeviceListener;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.BlockDeviceEvent;
import io.github.ublk4j.spring.BlockDeviceFailedEvent;
import io.github.ublk4j.spring.BlockDeviceReadyEvent;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.TestDisks;
import io.github.ublk4j.spring.TestUblk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.EventListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;

@ExtendWith(OutputCaptureExtension.class)
class BlockDeviceEventTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final List<String> events = new CopyOnWriteArrayList<>();

	private final TestUblk ublk = new TestUblk();

	private final Path run;

	private final ApplicationContextRunner contextRunner;

	BlockDeviceEventTests(@TempDir Path directory) {
		events.clear();
		this.run = directory.resolve("run");
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withBean(UblkEngine.class, this.ublk::engine)
			.withUserConfiguration(TestDisks.Scratch.class, Reporter.class)
			.withPropertyValues("ublk.run-directory=" + this.run);
	}

	@Test
	void declaredDisksAreAnnounced() {
		this.contextRunner.run((context) -> assertThat(events).containsExactly("Ready scratch /dev/ublkb0"));
		assertThat(events).containsExactly("Ready scratch /dev/ublkb0", "Stopped scratch /dev/ublkb0");
	}

	@Test
	void createdDisksAreAnnouncedBeforeTheChangeCompletes() {
		this.contextRunner.run((context) -> {
			BlockDevices devices = context.getBean(BlockDevices.class);
			devices.create(DiskSpec.named("ram").size(1 << 20).build(), new TestDisks.Null()).block(PATIENCE);
			assertThat(events).endsWith("Ready ram /dev/ublkb1");
			devices.stop("ram").block(PATIENCE);
			assertThat(events).endsWith("Stopped ram /dev/ublkb1");
			devices.start("ram").block(PATIENCE);
			devices.delete("ram").block(PATIENCE);
			assertThat(events).endsWith("Ready ram /dev/ublkb2", "Stopped ram /dev/ublkb2").hasSize(5);
		});
	}

	@Test
	void diskHasItsLinkWhenItIsReady() {
		Links links = new Links(this.run);
		this.contextRunner.withBean(Links.class, () -> links).run((context) -> assertThat(links.found).isTrue());
	}

	@Test
	void failureIsAnnouncedWithReasonAndCause() {
		IllegalStateException cause = new IllegalStateException("expected by the test");
		FailureListener listener = new FailureListener();
		this.contextRunner.withBean(FailureListener.class, () -> listener).run((context) -> {
			UblkDevice device = context.getBean(BlockDevices.class).find("scratch").orElseThrow();
			context.getBean(DeviceListener.class).failed(device, "stream ended", cause);
			await().untilAsserted(() -> assertThat(listener.events).singleElement().satisfies((event) -> {
				assertThat(event.getSource()).isSameAs(device);
				assertThat(event.reason()).isEqualTo("stream ended");
				assertThat(event.cause()).isSameAs(cause);
			}));
		});
	}

	@Test
	void failureDuringTheStartIsAnnouncedAfterTheDisk() {
		this.contextRunner.run((context) -> {
			DiskSpec spec = DiskSpec.named("quick").size(1 << 20).build();
			UblkDevice device = TestUblk.device(TestUblk.status(spec, 7, DeviceState.FAILED, "gone"));
			given(device.stop()).willReturn(Mono.empty());
			given(this.ublk.engine().start(any(), any(BlockDeviceHandler.class))).willReturn(Mono.fromSupplier(() -> {
				context.getBean(DeviceListener.class).failed(device, "gone", null);
				return device;
			}));
			BlockDevices devices = context.getBean(BlockDevices.class);
			devices.create(spec, new TestDisks.Null()).block(PATIENCE);
			devices.stop("quick").block(PATIENCE);
			await().untilAsserted(() -> assertThat(events).endsWith("Ready quick /dev/ublkb7",
					"Failed quick /dev/ublkb7", "Stopped quick /dev/ublkb7"));
		});
	}

	@Test
	void failureOfDeviceThatHasBeenReplacedIsNoNews() {
		this.contextRunner.run((context) -> {
			BlockDevices devices = context.getBean(BlockDevices.class);
			UblkDevice old = devices.find("scratch").orElseThrow();
			devices.stop("scratch").block(PATIENCE);
			devices.start("scratch").block(PATIENCE);
			context.getBean(DeviceListener.class).failed(old, "late", null);
			devices.start("scratch").block(PATIENCE);
			assertThat(events).noneMatch((event) -> event.startsWith("Failed"));
		});
	}

	@Test
	void failingListenerDoesNotKeepDiskFromStartingOrStopping(CapturedOutput output) {
		this.contextRunner.withUserConfiguration(FailingListener.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBean(BlockDevices.class).find("scratch")).isPresent();
			assertThat(output).contains("A listener of BlockDeviceReadyEvent of disk 'scratch' failed");
		});
		assertThat(this.ublk.journal()).containsExactly("start scratch", "stop scratch");
	}

	@Test
	void listenerCanChangeTheDiskThatItIsToldAbout() {
		this.contextRunner.withUserConfiguration(StoppingListener.class)
			.run((context) -> assertThat(this.ublk.journal()).containsExactly("start scratch", "stop scratch"));
		assertThat(events).containsExactly("Ready scratch /dev/ublkb0", "Stopped scratch /dev/ublkb0");
	}

	@Test
	void listenerCanReturnTheStartOfFailedDisk() {
		this.contextRunner.withUserConfiguration(RestartingListener.class).run((context) -> {
			UblkDevice device = context.getBean(BlockDevices.class).find("scratch").orElseThrow();
			TestUblk.put(device, TestUblk.status(device.spec(), 0, DeviceState.FAILED, "gone"));
			context.getBean(DeviceListener.class).failed(device, "gone", null);
			await().untilAsserted(() -> assertThat(events).containsExactly("Ready scratch /dev/ublkb0",
					"Failed scratch /dev/ublkb0", "Stopped scratch /dev/ublkb0", "Ready scratch /dev/ublkb1"));
		});
	}

	@Test
	void listenerCanChooseItsDiskByCondition() {
		ChoosyListener listener = new ChoosyListener();
		this.contextRunner.withBean(ChoosyListener.class, () -> listener).run((context) -> {
			BlockDevices devices = context.getBean(BlockDevices.class);
			devices.create(DiskSpec.named("ram").size(1 << 20).build(), new TestDisks.Null()).block(PATIENCE);
			assertThat(listener.names).containsExactly("ram");
		});
	}

	static class Reporter {

		@EventListener
		void report(BlockDeviceEvent event) {
			String kind = event.getClass().getSimpleName().replace("BlockDevice", "").replace("Event", "");
			events.add(kind + " " + event.name() + " " + event.path());
		}

	}

	static class Links {

		private final Path run;

		private volatile boolean found;

		Links(Path run) {
			this.run = run;
		}

		@EventListener
		void look(BlockDeviceReadyEvent event) {
			this.found = Files.isSymbolicLink(this.run.resolve(event.name()));
		}

	}

	static class FailureListener implements ApplicationListener<BlockDeviceFailedEvent> {

		private final List<BlockDeviceFailedEvent> events = new CopyOnWriteArrayList<>();

		@Override
		public void onApplicationEvent(BlockDeviceFailedEvent event) {
			this.events.add(event);
		}

	}

	static class FailingListener {

		@EventListener
		void fail(BlockDeviceEvent event) {
			throw new IllegalStateException("expected by the test");
		}

	}

	static class StoppingListener {

		private final BlockDevices devices;

		StoppingListener(BlockDevices devices) {
			this.devices = devices;
		}

		@EventListener
		void stop(BlockDeviceReadyEvent event) {
			this.devices.stop(event.name()).block(PATIENCE);
		}

	}

	static class RestartingListener {

		private final BlockDevices devices;

		RestartingListener(BlockDevices devices) {
			this.devices = devices;
		}

		@EventListener
		Mono<UblkDevice> restart(BlockDeviceFailedEvent event) {
			return this.devices.start(event.name());
		}

	}

	static class ChoosyListener {

		private final List<String> names = new CopyOnWriteArrayList<>();

		@EventListener(condition = "#root.event.name == 'ram'")
		void choose(BlockDeviceReadyEvent event) {
			this.names.add(event.name());
		}

	}

}
