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

package io.github.ublk4j.spring.actuate;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.OrphanedDevice;
import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.UblkDriver;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.host.HostCheck;
import io.github.ublk4j.engine.host.HostCheck.State;
import io.github.ublk4j.engine.host.HostCheck.Subject;
import io.github.ublk4j.layer.DelayStore;
import io.github.ublk4j.spring.BlockDeviceCustomizer;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.TestDisks;
import io.github.ublk4j.spring.TestMirror;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.spring.UnservedBlockDevice;
import io.github.ublk4j.spring.ValueOrigin;
import io.github.ublk4j.spring.actuate.UblkEndpoint.DevicesDescriptor;
import io.github.ublk4j.spring.actuate.UblkEndpoint.HostCheckDescriptor;
import io.github.ublk4j.spring.actuate.UblkEndpoint.UnservedDescriptor;
import io.github.ublk4j.spring.autoconfigure.BlockDeviceAutoConfiguration;
import io.github.ublk4j.spring.autoconfigure.UblkAutoConfiguration;
import io.github.ublk4j.spring.autoconfigure.UblkEndpointAutoConfiguration;
import io.github.ublk4j.store.mirror.MirrorBlockStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.actuate.autoconfigure.endpoint.jackson.JacksonEndpointAutoConfiguration;
import org.springframework.boot.actuate.endpoint.jackson.EndpointJsonMapper;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.test.json.JsonContent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;

class UblkEndpointTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, UblkEndpointAutoConfiguration.class,
				JacksonEndpointAutoConfiguration.class))
		.withPropertyValues("management.endpoints.web.exposure.include=ublk");

	@TempDir
	private Path run;

	private final BlockDevices devices = TestUblk.devices(List.of(new UnservedBlockDevice("tape", "no kernel")),
			TestUblk
				.device(TestUblk.status(DiskSpec.named("scratch").size(4L << 30).dataMode(DataMode.USER_COPY).build(),
						0, DeviceState.LIVE, null)),
			TestUblk.device(TestUblk.status(DiskSpec.named("archive").size(1 << 20).readOnly(true).build(), 3,
					DeviceState.FAILED, "queue 0 ended: EBADF")));

	@Test
	void devicesAreShownWithTheirQueues() {
		this.contextRunner.withBean(BlockDevices.class, () -> this.devices)
			.withBean(UblkEndpoint.class, () -> new UblkEndpoint(this.devices, new OldHost()))
			.run((context) -> assertThat(new JsonContent(context.getBean(EndpointJsonMapper.class)
				.get()
				.writeValueAsString(context.getBean(UblkEndpoint.class).devices()))).isStrictlyEqualTo("""
						{
						  "host": [
						    { "name": "native calls", "state": "OK", "finding": "fine" },
						    { "name": "kernel", "state": "WARNING", "finding": "old", "remedy": "new" }
						  ],
						  "devices": [
						    {
						      "name": "scratch",
						      "id": 0,
						      "path": "/dev/ublkb0",
						      "state": "LIVE",
						      "size": 4294967296,
						      "logicalBlockSize": 512,
						      "physicalBlockSize": 4096,
						      "maxIoSize": 262144,
						      "ioMin": 4096,
						      "ioOpt": 4096,
						      "readOnly": false,
						      "rotational": false,
						      "partitionScan": true,
						      "recovery": "NONE",
						      "requestTimeout": "PT30S",
						      "operations": ["READ", "WRITE"],
						      "driverFlags": ["CMD_IOCTL_ENCODE"],
						      "dataMode": { "requested": "USER_COPY", "used": "USER_COPY" },
						      "bufferMemory": { "size": 1048576, "max": 33554432, "locked": true },
						      "queues": [
						        {
						          "queue": 0,
						          "thread": "ublk-scratch-0",
						          "alive": true,
						          "paused": false,
						          "depth": 128,
						          "inFlight": 3,
						          "oldestRequestAge": "PT0.003S",
						          "requests": 1000,
						          "errors": 1,
						          "timeouts": 0,
						          "handovers": 10,
						          "wakeUps": 4,
						          "enters": 200,
						          "requestsPerEnter": 5.0,
						          "cpu": 0,
						          "ioFlusher": true
						        }
						      ],
						      "origins": {}
						    },
						    {
						      "name": "archive",
						      "id": 3,
						      "path": "/dev/ublkb3",
						      "state": "FAILED",
						      "failure": "queue 0 ended: EBADF",
						      "size": 1048576,
						      "logicalBlockSize": 512,
						      "physicalBlockSize": 4096,
						      "maxIoSize": 262144,
						      "ioMin": 4096,
						      "ioOpt": 4096,
						      "readOnly": true,
						      "rotational": false,
						      "partitionScan": true,
						      "recovery": "NONE",
						      "requestTimeout": "PT30S",
						      "operations": ["READ", "WRITE"],
						      "driverFlags": ["CMD_IOCTL_ENCODE"],
						      "dataMode": { "requested": "AUTO", "used": "USER_COPY" },
						      "bufferMemory": { "size": 1048576, "max": 33554432, "locked": true },
						      "queues": [
						        {
						          "queue": 0,
						          "thread": "ublk-archive-0",
						          "alive": false,
						          "paused": false,
						          "depth": 128,
						          "inFlight": 3,
						          "oldestRequestAge": "PT0.003S",
						          "requests": 1000,
						          "errors": 1,
						          "timeouts": 0,
						          "handovers": 10,
						          "wakeUps": 4,
						          "enters": 200,
						          "requestsPerEnter": 5.0,
						          "cpu": 0,
						          "ioFlusher": true
						        }
						      ],
						      "origins": {}
						    }
						  ],
						  "unserved": [ { "name": "tape", "reason": "no kernel" } ],
						  "orphans": []
						}
						"""));
	}

	@Test
	void mirrorIsShownWithItsMembersAndWithoutCredentials() {
		MirrorBlockStore mirror = TestMirror.degraded();
		given(this.devices.store("archive")).willReturn(Optional.of(new DelayStore(mirror)));
		this.contextRunner.withBean(BlockDevices.class, () -> this.devices).run((context) -> {
			String json = context.getBean(EndpointJsonMapper.class)
				.get()
				.writeValueAsString(context.getBean(UblkEndpoint.class).device("archive"));
			assertThat(JsonMapper.shared().readTree(json).path("mirrors")).isEqualTo(JsonMapper.shared().readTree("""
					[
					  {
					    "size": 4194304,
					    "degraded": true,
					    "members": [
					      { "name": "first", "state": "CURRENT", "staleBytes": 0 },
					      {
					        "name": "second at redis://******@host",
					        "state": "STALE",
					        "staleBytes": 1048576,
					        "since": "%s",
					        "failure": "refused to user with password=******"
					      }
					    ]
					  }
					]
					""".formatted(mirror.members().get(1).since())));
		});
	}

	@Test
	void oneDeviceIsShownByName() {
		UblkEndpoint endpoint = new UblkEndpoint(this.devices, new OldHost());
		assertThat(endpoint.device("archive")).isInstanceOfSatisfying(DeviceDescriptor.class,
				(disk) -> assertThat(disk.id()).isEqualTo(3));
		assertThat(endpoint.device("tape")).isEqualTo(new UnservedDescriptor("tape", "no kernel"));
		assertThat(endpoint.device("unknown")).isNull();
	}

	@Test
	void originOfEachValueIsShown() {
		TestUblk ublk = new TestUblk();
		this.contextRunner.withConfiguration(AutoConfigurations.of(BlockDeviceAutoConfiguration.class))
			.withBean(UblkEngine.class, ublk::engine)
			.withUserConfiguration(TestDisks.Scratch.class)
			.withBean(BlockDeviceCustomizer.class, () -> (name, spec) -> spec.rotational(true))
			.withPropertyValues("ublk.run-directory=" + this.run, "ublk.devices.scratch.queue-depth=16")
			.run((context) -> {
				DeviceDescriptor disk = (DeviceDescriptor) Objects
					.requireNonNull(context.getBean(UblkEndpoint.class).device("scratch"));
				assertThat(disk.origins()).containsEntry("size", ValueOrigin.ANNOTATION)
					.containsEntry("queueDepth", ValueOrigin.PROPERTY)
					.containsEntry("queues", ValueOrigin.DEFAULT)
					.containsEntry("maxIoSize", ValueOrigin.DEFAULT)
					.containsEntry("rotational", ValueOrigin.CUSTOMIZER)
					.hasSize(15);
			});
	}

	@Test
	void endpointIsThereOnlyWhenItIsExposed() {
		this.contextRunner.withPropertyValues("management.endpoints.web.exposure.include=health")
			.run((context) -> assertThat(context).doesNotHaveBean(UblkEndpoint.class));
	}

	@Test
	void endpointOfTheApplicationIsUsed() {
		UblkEndpoint endpoint = new UblkEndpoint(this.devices, new OldHost());
		this.contextRunner.withBean("mine", UblkEndpoint.class, () -> endpoint)
			.run((context) -> assertThat(context).getBean(UblkEndpoint.class).isSameAs(endpoint));
	}

	@Test
	void hostIsShownWithWhatMendsIt() {
		DevicesDescriptor shown = new UblkEndpoint(this.devices, new OldHost()).devices();
		assertThat(shown.host()).containsExactly(new HostCheckDescriptor("native calls", State.OK, "fine", null),
				new HostCheckDescriptor("kernel", State.WARNING, "old", "new"));
	}

	@Test
	void hostOfSimulatedDisksIsNotLookedAt() {
		this.contextRunner.withBean(SimulatedUblk.class)
			.run((context) -> assertThat(context.getBean(UblkEndpoint.class).devices().host()).singleElement()
				.returns("simulation", HostCheckDescriptor::name));
	}

	@Test
	void askingForTheDisksCreatesNoEngine() {
		this.contextRunner.run((context) -> {
			assertThat(context.getBean(UblkEndpoint.class).devices().devices()).isEmpty();
			assertThat(context.getBean(UblkEndpoint.class).devices().host()).isNotEmpty();
			assertThat(context.getBeanFactory().containsSingleton("ublkEngine")).isFalse();
		});
	}

	/**
	 * Knows an old kernel, and no driver.
	 */
	private static final class OldHost implements UblkHost {

		@Override
		public @Nullable UblkDriver driver() {
			return null;
		}

		@Override
		public List<OrphanedDevice> orphans() {
			return List.of();
		}

		@Override
		public List<HostCheck> checks() {
			return List.of(new HostCheck(Subject.NATIVE_CALLS, State.OK, "fine", null),
					new HostCheck(Subject.KERNEL, State.WARNING, "old", "new"));
		}

	}

}
