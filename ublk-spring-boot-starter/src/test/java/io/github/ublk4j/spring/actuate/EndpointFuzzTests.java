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

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.UblkEngineCustomizer;
import io.github.ublk4j.spring.autoconfigure.BlockDeviceAutoConfiguration;
import io.github.ublk4j.spring.autoconfigure.UblkAutoConfiguration;
import io.github.ublk4j.spring.autoconfigure.UblkEndpointAutoConfiguration;
import io.github.ublk4j.spring.autoconfigure.UblkLayersEndpointAutoConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jackson.JacksonEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementContextAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.http.codec.autoconfigure.CodecsAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.test.web.reactive.server.EntityExchangeResult;
import org.springframework.test.web.reactive.server.WebTestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The endpoints are asked and told things at random, sensible and not. None is answered
 * by a server error, and what the disks hold and are stays as it was acknowledged.
 */
@Timeout(3600)
class EndpointFuzzTests {

	private static final Duration LENGTH = Duration.ofSeconds(4);

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private static final String[] DISKS = { "ram", "file", "plain", "tape", "", "none", "../ram", "%", "ä", "a/b",
			"\u0000", "ram ", "RAM", "{x}", "ram;a=b" };

	private static final String[] ACTIONS = { "pause", "resume", "stop", "start", "quiesce", "resize", "PAUSE", "Start",
			"explode", "", " ", "pause,resume", "\u0000", "null" };

	private static final String[] SIZES = { "1MB", "2MB", "512KB", "512B", "1GB", "0", "-1MB", "513B", "1", "8G",
			"99999999999TB", "9223372036854775807", "9223372036854775808", "", " ", "x" };

	private static final String[] FLAGS = { "true", "false", "TRUE", "maybe", "", "1" };

	private static final String[] PARTS = { "queues", "other", "pause", "delay", "stats", "" };

	private static final String[] OPTIONS = { "paused", "read", "write", "0", "1", "-1", "99999999999", "x", "" };

	private static final String[] VALUES = { "false", "0s", "1ms", "true", "-1s", "99999999999999d", "x", "" };

	private static final String[] JSON = { "\"%s\"", "\"%s\"", "\"%s\"", "\"%s\"", "[\"%s\"]", "{\"a\":\"%s\"}", "null",
			"true", "17", "1e400", "%s" };

	private final SimulatedUblk ublk = new SimulatedUblk();

	@TempDir
	private Path directory;

	@Test
	void noRequestIsAnsweredByAServerErrorAndDisksStayWhole() {
		long seed = Long.getLong("ublk.seed", System.nanoTime());
		long soak = TimeUnit.MINUTES.toNanos(Long.getLong("ublk.soak.minutes", 0));
		System.out.println("EndpointFuzzTests with -Dublk.seed=" + seed);
		long length = (soak > 0) ? soak : LENGTH.toNanos();
		new ReactiveWebApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class,
					UblkEndpointAutoConfiguration.class, UblkLayersEndpointAutoConfiguration.class,
					JacksonAutoConfiguration.class, CodecsAutoConfiguration.class, WebFluxAutoConfiguration.class,
					HttpHandlerAutoConfiguration.class, EndpointAutoConfiguration.class,
					JacksonEndpointAutoConfiguration.class, WebEndpointAutoConfiguration.class,
					ManagementContextAutoConfiguration.class))
			.withBean(SimulatedUblk.class, () -> this.ublk)
			.withBean(UblkEngineCustomizer.class,
					() -> (engine) -> engine.stateDirectory(this.directory.resolve("state")))
			.withPropertyValues("""
					management.endpoints.web.exposure.include=ublk,ublklayers
					management.endpoint.ublk.access=UNRESTRICTED
					management.endpoint.ublklayers.access=UNRESTRICTED
					ublk.run-directory=%1$s/run
					ublk.drain-timeout=100ms
					ublk.devices.ram.store=memory
					ublk.devices.ram.size=1MB
					ublk.devices.ram.layers=pause,delay,stats
					ublk.devices.file.store=file:%1$s/disk.img
					ublk.devices.file.size=1MB
					ublk.devices.file.recovery=reissue
					ublk.devices.plain.store=directory:%1$s/chunks
					ublk.devices.plain.size=1MB
					""".formatted(this.directory).split("\n"))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				Random random = new Random(seed);
				long end = System.nanoTime() + length;
				fill();
				for (int i = 0; System.nanoTime() - end < 0; i++) {
					request(context, random, "-Dublk.seed=" + seed + ", request " + i);
				}
				assertThatDisksAreWhole(context, "-Dublk.seed=" + seed);
			});
		assertThat(this.ublk.disks()).isEmpty();
	}

	private void fill() {
		for (SimulatedDisk disk : this.ublk.disks()) {
			disk.write(0, filled()).block(PATIENCE);
		}
	}

	private static byte[] filled() {
		byte[] data = new byte[4096];
		Arrays.fill(data, (byte) 7);
		return data;
	}

	private void request(ApplicationContext context, Random random, String run) {
		String[] path = switch (random.nextInt(8)) {
			case 0 -> new String[] { "ublk" };
			case 1 -> new String[] { "ublk", disk(random), oneOf(PARTS, random), oneOf(OPTIONS, random) };
			case 2 -> new String[] { "ublklayers", disk(random), oneOf(PARTS, random), oneOf(OPTIONS, random) };
			default -> new String[] { random.nextInt(9) == 0 ? "ublklayers" : "ublk", disk(random) };
		};
		HttpMethod method = switch (random.nextInt(8)) {
			case 0 -> HttpMethod.GET;
			case 1 -> HttpMethod.DELETE;
			default -> HttpMethod.POST;
		};
		String body = body(random, path);
		WebTestClient client = WebTestClient.bindToApplicationContext(context)
			.configureClient()
			.responseTimeout(PATIENCE)
			.build();
		WebTestClient.RequestBodySpec request = client.method(method)
			.uri((builder) -> builder.path("/actuator").pathSegment(path).build(Map.of("x", "x")));
		if (method.equals(HttpMethod.POST)) {
			request.contentType(MediaType.APPLICATION_JSON).bodyValue(body);
		}
		EntityExchangeResult<byte[]> answer = request.exchange().expectBody().returnResult();
		byte[] content = answer.getResponseBodyContent();
		String text = (content != null) ? new String(content, StandardCharsets.UTF_8) : "";
		String what = run + ": " + method + " " + Arrays.toString(path) + " " + body + " -> " + answer.getStatus() + " "
				+ text;
		assertThat(answer.getStatus().is5xxServerError()).as(what).isFalse();
		if (answer.getStatus().value() == 409) {
			assertThat(text).as(what).containsAnyOf("\"error\":\"", "\"reason\":\"").doesNotContain("\"null\"");
		}
		if (text.contains("\"state\":\"LIVE\"") && method.equals(HttpMethod.POST)) {
			assertThat(this.ublk.disks()).as(what)
				.extracting((disk) -> disk.spec().name())
				.anyMatch((name) -> text.startsWith("{\"name\":\"" + name + "\""));
		}
	}

	private static String disk(Random random) {
		return oneOf(random.nextInt(4) == 0 ? DISKS : new String[] { "ram", "file", "plain" }, random);
	}

	private static String body(Random random, String[] path) {
		if (random.nextInt(20) == 0) {
			return oneOf(new String[] { "", "{", "[]", "null", "\"x\"", "{\"action\":}", "\u0000", "[".repeat(5000) },
					random);
		}
		if (path[0].equals("ublklayers")) {
			return "{\"value\":" + value(VALUES, random) + "}";
		}
		StringBuilder body = new StringBuilder("{");
		if (random.nextInt(12) != 0) {
			body.append("\"action\":").append(value(ACTIONS, random));
		}
		if (random.nextInt(2) == 0) {
			body.append((body.length() > 1) ? "," : "").append("\"size\":").append(value(SIZES, random));
		}
		if (random.nextInt(3) == 0) {
			body.append((body.length() > 1) ? "," : "").append("\"force\":").append(value(FLAGS, random));
		}
		return body.append('}').toString();
	}

	private static String value(String[] values, Random random) {
		String form = (random.nextInt(6) == 0) ? oneOf(JSON, random) : "\"%s\"";
		return form.formatted(oneOf(values, random).replace("\u0000", "\\u0000"));
	}

	private static String oneOf(String[] all, Random random) {
		return all[random.nextInt(all.length)];
	}

	/**
	 * The first block is beyond no size that a disk can be given but zero, which it
	 * cannot.
	 */
	private void assertThatDisksAreWhole(ApplicationContext context, String run) {
		BlockDevices devices = context.getBean(BlockDevices.class);
		for (String name : List.of("ram", "file", "plain")) {
			UblkDevice device = devices.start(name).blockOptional(PATIENCE).orElseThrow();
			device.resume();
			assertThat(device.status().state()).as(run).isEqualTo(DeviceState.LIVE);
			layers(context, name);
			byte[] data = this.ublk.disk(name).read(0, 512).blockOptional(PATIENCE).orElseThrow();
			// what is in memory ends with the store
			assertThat(data).as(run + ": " + name).containsOnly(name.equals("ram") ? data[0] : 7);
			assertThat(data[0]).as(run + ": " + name).isIn((byte) 0, (byte) 7);
		}
	}

	private static void layers(ApplicationContext context, String name) {
		if (name.equals("ram")) {
			UblkLayersEndpoint layers = context.getBean(UblkLayersEndpoint.class);
			layers.change(name, "pause", "paused", "false");
			layers.change(name, "delay", "read", "0s");
		}
	}

}
