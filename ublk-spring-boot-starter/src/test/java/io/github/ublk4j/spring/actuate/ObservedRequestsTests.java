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

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import io.github.ublk4j.spring.test.UblkTest;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistryAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * An application whose requests are observed.
 */
@UblkTest
@SpringBootTest(classes = ObservedRequestsTests.Application.class,
		properties = { "ublk.observations.enabled=true", "ublk.devices.ram.store=memory", "ublk.devices.ram.size=1MB" })
class ObservedRequestsTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final BlockDeviceTestClient client;

	private final TestObservationRegistry registry;

	ObservedRequestsTests(@Autowired BlockDeviceTestClient client, @Autowired TestObservationRegistry registry) {
		this.client = client;
		this.registry = registry;
	}

	@BeforeEach
	void forget() {
		this.registry.clear();
	}

	@Test
	void requestOfStoreIsObserved() {
		this.client.disk("ram").write(4096, new byte[8192]).block(PATIENCE);
		TestObservationRegistryAssert.assertThat(this.registry)
			.hasSingleObservationThat()
			.hasNameEqualTo("ublk.handler")
			.hasContextualNameEqualTo("write ram")
			.hasLowCardinalityKeyValue("device", "ram")
			.hasLowCardinalityKeyValue("operation", "write")
			.hasLowCardinalityKeyValue("outcome", "success")
			.hasLowCardinalityKeyValue("errno", "none")
			.hasHighCardinalityKeyValue("offset", "4096")
			.hasHighCardinalityKeyValue("length", "8192")
			.hasBeenStarted()
			.hasBeenStopped()
			.doesNotHaveError();
	}

	@Test
	void whatTheDiskDoesIsPartOfTheObservation() {
		this.client.disk("nested").read(0, 4096).block(PATIENCE);
		TestObservationRegistryAssert.assertThat(this.registry)
			.hasObservationWithNameEqualTo("call")
			.that()
			.hasParentObservationContextMatching((parent) -> "ublk.handler".equals(parent.getName()));
		TestObservationRegistryAssert.assertThat(this.registry).hasNumberOfObservationsWithNameEqualTo("context", 1);
	}

	@Test
	void requestThatFailsIsObserved() {
		this.client.disk("nested")
			.write(0, new byte[512])
			.as(StepVerifier::create)
			.expectError(BlockIoException.class)
			.verify(PATIENCE);
		TestObservationRegistryAssert.assertThat(this.registry)
			.hasSingleObservationThat()
			.hasLowCardinalityKeyValue("outcome", "error")
			.hasLowCardinalityKeyValue("errno", "ENOSPC")
			.hasBeenStopped()
			.hasError();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		TestObservationRegistry observationRegistry() {
			return TestObservationRegistry.create();
		}

		@Bean
		@BlockDevice(size = "1MB")
		BlockDeviceHandler nested(ObservationRegistry registry) {
			return new Nested(registry);
		}

	}

	/**
	 * A disk that observes itself, once where it is called and once in its Mono.
	 */
	private record Nested(ObservationRegistry registry) implements BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest request) {
			Observation.start("call", this.registry).stop();
			return Mono.deferContextual((context) -> {
				Observation parent = context.get("micrometer.observation");
				return (parent.getContext() instanceof BlockRequestObservationContext)
						? Mono.fromRunnable(() -> Observation.start("context", this.registry).stop()) : Mono.empty();
			});
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			return Mono.error(new BlockIoException(BlockErrno.ENOSPC, "full"));
		}

	}

}
