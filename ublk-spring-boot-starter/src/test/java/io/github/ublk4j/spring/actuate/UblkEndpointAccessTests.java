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

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import javax.management.MBeanServer;
import javax.management.ObjectName;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.DiskInUseException;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkDriver;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkException;
import io.github.ublk4j.engine.UblkUnavailableException;
import io.github.ublk4j.engine.UblkUnavailableException.Reason;
import io.github.ublk4j.metrics.InFlightRequest;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.spring.UnservedBlockDevice;
import io.github.ublk4j.spring.autoconfigure.UblkAutoConfiguration;
import io.github.ublk4j.spring.autoconfigure.UblkEndpointAutoConfiguration;
import io.github.ublk4j.store.StoreUnavailableException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jackson.JacksonEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jmx.JmxEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementContextAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.jmx.JmxAutoConfiguration;
import org.springframework.boot.http.codec.autoconfigure.CodecsAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.http.MediaType;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;

/**
 * The endpoint as it is reached from outside.
 */
class UblkEndpointAccessTests {

	private final UblkDevice scratch = TestUblk
		.device(TestUblk.status(DiskSpec.named("scratch").size(4L << 30).build(), 0, DeviceState.LIVE, null));

	private final UblkEngine engine = mock(UblkEngine.class);

	private final BlockDevices devices = TestUblk.devices(List.of(new UnservedBlockDevice("tape", "no kernel")),
			this.scratch);

	private final ReactiveWebApplicationContextRunner web = new ReactiveWebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, UblkEndpointAutoConfiguration.class,
				JacksonAutoConfiguration.class, CodecsAutoConfiguration.class, WebFluxAutoConfiguration.class,
				HttpHandlerAutoConfiguration.class, EndpointAutoConfiguration.class,
				JacksonEndpointAutoConfiguration.class, WebEndpointAutoConfiguration.class,
				ManagementContextAutoConfiguration.class))
		.withBean(BlockDevices.class, () -> this.devices)
		.withBean(UblkEngine.class, () -> this.engine)
		.withPropertyValues("management.endpoints.web.exposure.include=ublk");

	private final ApplicationContextRunner jmx = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, UblkEndpointAutoConfiguration.class,
				EndpointAutoConfiguration.class, JmxAutoConfiguration.class, JmxEndpointAutoConfiguration.class))
		.withBean(BlockDevices.class, () -> this.devices)
		.withBean(UblkEngine.class, () -> this.engine)
		.withPropertyValues("spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=ublk");

	@BeforeEach
	void requestsInFlight() {
		given(this.engine.driver())
			.willReturn(Mono.just(new UblkDriver("6.12.48-amd64", Set.of("USER_COPY", "CMD_IOCTL_ENCODE"))));
		given(this.engine.orphanedDevices()).willReturn(Mono.just(List.of()));
		given(this.scratch.inFlight(0))
			.willReturn(List.of(new InFlightRequest(7, BlockOperation.WRITE, 1048576, 4096, Duration.ofMillis(3))));
	}

	@Test
	void driverAndDevicesAreShown() {
		this.web.run((context) -> client(context).get()
			.uri("/actuator/ublk")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody()
			.jsonPath("$.driver.kernel")
			.isEqualTo("6.12.48-amd64")
			.jsonPath("$.driver.features")
			.isEqualTo(List.of("CMD_IOCTL_ENCODE", "USER_COPY"))
			.jsonPath("$.devices[0].name")
			.isEqualTo("scratch"));
	}

	@Test
	void queueIsShownWithItsRequests() {
		this.web.run((context) -> client(context).get()
			.uri("/actuator/ublk/scratch/queues/0")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody()
			.json(ObservabilityDocument.example("/actuator/ublk/scratch/queues/0")));
	}

	@Test
	void unknownPathsAreNotFound() {
		this.web.run((context) -> {
			for (String path : List.of("unknown", "unknown/queues/0", "scratch/queues/1", "scratch/queues/-1",
					"scratch/other/0")) {
				client(context).get().uri("/actuator/ublk/" + path).exchange().expectStatus().isNotFound();
			}
		});
	}

	@Test
	void disksAreNotChangedUnlessThatIsAllowed() {
		this.web.run((context) -> {
			change(context, "scratch", "pause").expectStatus().isEqualTo(405);
			verify(this.scratch, never()).pause();
		});
	}

	@Test
	void diskIsPausedAndResumed() {
		this.web.withPropertyValues("management.endpoint.ublk.access=UNRESTRICTED").run((context) -> {
			change(context, "scratch", "pause").expectStatus()
				.isOk()
				.expectBody()
				.jsonPath("$.name")
				.isEqualTo("scratch");
			verify(this.scratch).pause();
			verify(this.scratch, never()).resume();
			change(context, "scratch", "RESUME").expectStatus().isOk();
			verify(this.scratch).resume();
			change(context, "unknown", "pause").expectStatus().isNotFound();
		});
	}

	@Test
	void actionThatDoesNotExistIsAnsweredByThoseThatDo() {
		this.web.withPropertyValues("management.endpoint.ublk.access=UNRESTRICTED").run((context) -> {
			for (Map<String, String> body : List.of(Map.of("action", "explode"), Map.of("other", "pause"))) {
				change(context, "scratch", body).expectStatus()
					.isBadRequest()
					.expectBody()
					.jsonPath("$.actions")
					.isEqualTo(List.of("pause", "resume", "stop", "start", "quiesce", "resize"));
			}
		});
	}

	@Test
	void diskInUseIsStoppedOnlyByForce() {
		given(this.devices.stopUnused("scratch"))
			.willReturn(Mono.error(new DiskInUseException("scratch", List.of("/dev/ublkb0 is mounted on /mnt"))));
		given(this.devices.stop("scratch")).willReturn(Mono.empty());
		this.web.withPropertyValues("management.endpoint.ublk.access=UNRESTRICTED").run((context) -> {
			change(context, "scratch", "stop").expectStatus()
				.isEqualTo(409)
				.expectBody()
				.jsonPath("$.error")
				.value(String.class, (error) -> assertThat(error).contains("/dev/ublkb0 is mounted on /mnt"));
			verify(this.devices, never()).stop("scratch");
			change(context, "scratch", Map.of("action", "stop", "force", "maybe")).expectStatus()
				.isBadRequest()
				.expectBody()
				.jsonPath("$.error")
				.isEqualTo("'force' is 'maybe': write true or false");
			verify(this.devices, never()).stop("scratch");
			change(context, "scratch", Map.of("action", "stop", "force", "true")).expectStatus().isOk();
			verify(this.devices).stop("scratch");
		});
	}

	@Test
	void diskIsResizedToASizeThatIsOne() {
		given(this.devices.resize("scratch", DataSize.ofGigabytes(8))).willReturn(Mono.just(this.scratch));
		this.web.withPropertyValues("management.endpoint.ublk.access=UNRESTRICTED").run((context) -> {
			change(context, "scratch", Map.of("action", "resize", "size", "8GB")).expectStatus().isOk();
			for (Map<String, String> body : List.of(Map.of("action", "resize"),
					Map.of("action", "resize", "size", "8G"))) {
				change(context, "scratch", body).expectStatus()
					.isBadRequest()
					.expectBody()
					.jsonPath("$.error")
					.value(String.class, (error) -> assertThat(error).contains("such as 20GB"));
			}
		});
	}

	static Stream<RuntimeException> refusals() {
		return Stream.of(new IllegalStateException("The disk is not started. Start it."),
				new UblkUnavailableException(Reason.MODULE_MISSING, "The disk is not started.", "Start it.", null),
				new StoreUnavailableException("The disk is not started.", "Start it."),
				new UblkException("The disk is not started. Start it.", null),
				new InvalidDiskException("scratch", "size", 7, "The disk is not started. Start it."),
				new UncheckedIOException("The disk is not started. Start it.", new IOException()));
	}

	@ParameterizedTest
	@MethodSource("refusals")
	void whatCannotBeDoneIsAnsweredByTheReasonAndTheRemedy(RuntimeException refusal) {
		given(this.devices.start("scratch")).willReturn(Mono.error(refusal));
		this.web.withPropertyValues("management.endpoint.ublk.access=UNRESTRICTED")
			.run((context) -> change(context, "scratch", "start").expectStatus()
				.isEqualTo(409)
				.expectBody()
				.jsonPath("$.error")
				.value(String.class, (error) -> assertThat(error).contains("The disk is not started. Start it")));
	}

	@Test
	void diskThatIsStoppedCannotBeResized() {
		given(this.devices.resize("scratch", DataSize.ofGigabytes(8)))
			.willReturn(Mono.error(new IllegalStateException("The disk 'scratch' is not started")));
		this.web.withPropertyValues("management.endpoint.ublk.access=UNRESTRICTED")
			.run((context) -> change(context, "scratch", Map.of("action", "resize", "size", "8GB")).expectStatus()
				.isEqualTo(409)
				.expectBody()
				.jsonPath("$.error")
				.isEqualTo("The disk 'scratch' is not started"));
	}

	@Test
	void jmxTellsWhatCannotBeDoneAndTheRemedy() {
		given(this.devices.start("scratch")).willReturn(Mono
			.error(new UblkUnavailableException(Reason.MODULE_MISSING, "There is no ublk.", "Load the module.", null)));
		this.jmx.withPropertyValues("management.endpoint.ublk.access=UNRESTRICTED").run((context) -> {
			assertThatException().isThrownBy(() -> invoke("change", "scratch", "start"))
				.havingRootCause()
				.withMessage("There is no ublk. Load the module.");
			assertThatException().isThrownBy(() -> invoke("change", "tape", "start"))
				.havingRootCause()
				.withMessage("The disk 'tape' is not served: no kernel");
		});
	}

	@Test
	void diskIsLeftToTheNextServer() {
		given(this.devices.quiesce("scratch")).willReturn(Mono.empty());
		this.web.withPropertyValues("management.endpoint.ublk.access=UNRESTRICTED").run((context) -> {
			change(context, "scratch", "quiesce").expectStatus().isOk();
			verify(this.devices).quiesce("scratch");
		});
	}

	@Test
	void diskThatIsNotServedIsShownWithTheReasonAndNotChanged() {
		this.web.withPropertyValues("management.endpoint.ublk.access=UNRESTRICTED").run((context) -> {
			client(context).get()
				.uri("/actuator/ublk/tape")
				.exchange()
				.expectStatus()
				.isOk()
				.expectBody()
				.json("{\"name\":\"tape\",\"reason\":\"no kernel\"}");
			change(context, "tape", "start").expectStatus()
				.isEqualTo(409)
				.expectBody()
				.jsonPath("$.reason")
				.isEqualTo("no kernel");
		});
	}

	@Test
	void jmxShowsDisksButDoesNotChangeThem() {
		this.jmx.run((context) -> {
			assertThat(invoke("devices").toString()).contains("name=scratch", "kernel=6.12.48-amd64");
			assertThat(invoke("queue", "scratch", "queues", 0).toString()).contains("tag=7", "age=PT0.003S");
			assertThat(invoke("device", "unknown")).isEqualTo("null");
			assertThat(operations()).doesNotContain("change");
		});
	}

	@Test
	void jmxChangesDisksIfThatIsAllowed() {
		this.jmx.withPropertyValues("management.endpoint.ublk.access=UNRESTRICTED").run((context) -> {
			assertThat(operations()).contains("change");
			invoke("change", "scratch", "pause");
			verify(this.scratch).pause();
		});
	}

	private static WebTestClient client(ApplicationContext context) {
		return WebTestClient.bindToApplicationContext(context).build();
	}

	private static WebTestClient.ResponseSpec change(ApplicationContext context, String device, String action) {
		return change(context, device, Map.of("action", action));
	}

	private static WebTestClient.ResponseSpec change(ApplicationContext context, String device,
			Map<String, String> body) {
		return client(context).post()
			.uri("/actuator/ublk/" + device)
			.contentType(MediaType.APPLICATION_JSON)
			.bodyValue(body)
			.exchange();
	}

	private static List<String> operations() throws Exception {
		return List.of(server().getMBeanInfo(name()).getOperations())
			.stream()
			.map((operation) -> operation.getName())
			.toList();
	}

	private static Object invoke(String operation, Object... arguments) throws Exception {
		String[] signature = List.of(arguments)
			.stream()
			.map((argument) -> argument.getClass().getName())
			.toArray(String[]::new);
		return String.valueOf(server().invoke(name(), operation, arguments, signature));
	}

	private static MBeanServer server() {
		return ManagementFactory.getPlatformMBeanServer();
	}

	private static ObjectName name() throws Exception {
		return new ObjectName("org.springframework.boot:type=Endpoint,name=Ublk");
	}

}
