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

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.layer.BlockLayer;
import io.github.ublk4j.layer.ForwardingBlockStore;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.BlockStoreFactory;
import io.github.ublk4j.spring.TestMirror.BreakableStore;
import io.github.ublk4j.spring.actuate.MirrorDescriptor.MemberDescriptor;
import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import io.github.ublk4j.spring.test.UblkTest;
import io.github.ublk4j.store.mirror.MemberState;
import io.github.ublk4j.store.mirror.MirrorBlockStore;
import io.micrometer.core.instrument.MeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.health.actuate.endpoint.IndicatedHealthDescriptor;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an application shows of a disk that is mirrored, under layers, on a simulated
 * driver.
 */
@UblkTest
@SpringBootTest(classes = MirroredApplicationTests.Application.class,
		properties = { "ublk.devices.safe.store=mirror", "ublk.devices.safe.size=4MB",
				"ublk.devices.safe.mirror.stores=memory,breakable", "ublk.devices.safe.layers=delay,opaque,stats",
				"management.endpoints.web.exposure.include=ublk,health",
				"management.endpoint.health.show-details=always" })
class MirroredApplicationTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private final BlockDeviceTestClient disk;

	private final MeterRegistry registry;

	private final HealthEndpoint health;

	private final UblkEndpoint endpoint;

	private final BlockDevices devices;

	MirroredApplicationTests(@Autowired BlockDeviceTestClient client, @Autowired MeterRegistry registry,
			@Autowired HealthEndpoint health, @Autowired UblkEndpoint endpoint, @Autowired BlockDevices devices) {
		this.disk = client.disk("safe");
		this.registry = registry;
		this.health = health;
		this.endpoint = endpoint;
		this.devices = devices;
	}

	@Test
	void memberThatFailsIsSeenUntilItIsCurrentAgain() {
		assertThat(this.devices.store("safe")).containsInstanceOf(MirrorBlockStore.class);
		Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
			assertThat(mirror().degraded()).isFalse();
			assertThat(members("current")).isEqualTo(2);
			assertThat(details()).doesNotContainKey("degraded");
		});
		Application.MEMBER.breakDown();
		this.disk.write(0, new byte[4096]).block(PATIENCE);
		assertThat(mirror().degraded()).isTrue();
		assertThat(mirror().members()).extracting(MemberDescriptor::state)
			.containsExactly(MemberState.CURRENT, MemberState.STALE);
		assertThat(members("current")).isOne();
		assertThat(members("stale")).isOne();
		assertThat(details()).containsEntry("degraded", List.of(mirror().members().get(1)));
		assertThat(indicated().getStatus()).isEqualTo(Status.UP);
		Application.MEMBER.mend();
		Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
			assertThat(mirror().degraded()).isFalse();
			assertThat(members("current")).isEqualTo(2);
			assertThat(details()).doesNotContainKey("degraded");
		});
	}

	private MirrorDescriptor mirror() {
		DeviceDescriptor device = (DeviceDescriptor) Objects.requireNonNull(this.endpoint.device("safe"));
		return device.mirrors().get(0);
	}

	private double members(String state) {
		return this.registry.get("ublk.mirror.members").tag("device", "safe").tag("state", state).gauge().value();
	}

	private Map<String, Object> details() {
		return Objects.requireNonNull(indicated().getDetails());
	}

	private IndicatedHealthDescriptor indicated() {
		return (IndicatedHealthDescriptor) Objects.requireNonNull(this.health.healthForPath("ublk", "safe"));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		private static final BreakableStore MEMBER = new BreakableStore("breakable",
				(4 << 20) + MirrorBlockStore.DATA_OFFSET);

		@Bean
		BlockStoreFactory breakable() {
			return new BlockStoreFactory() {

				@Override
				public String syntax() {
					return "breakable";
				}

				@Override
				public boolean supports(String store) {
					return store.equals("breakable");
				}

				@Override
				public BlockStore open(DiskSpec spec, String store) {
					return MEMBER;
				}

			};
		}

		/** Says nothing of the store below. */
		@Bean
		BlockLayer opaque() {
			return (below) -> new ForwardingBlockStore(below) {

				@Override
				public List<BlockStore> parts() {
					return List.of();
				}

			};
		}

	}

}
