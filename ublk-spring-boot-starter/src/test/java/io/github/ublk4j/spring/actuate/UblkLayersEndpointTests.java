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

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.layer.CacheStore;
import io.github.ublk4j.layer.ChecksumStore;
import io.github.ublk4j.layer.CopyOnWriteStore;
import io.github.ublk4j.layer.DelayStore;
import io.github.ublk4j.layer.EncryptStore;
import io.github.ublk4j.layer.ErrorStore;
import io.github.ublk4j.layer.LogStore;
import io.github.ublk4j.layer.PauseStore;
import io.github.ublk4j.layer.RateLimit;
import io.github.ublk4j.layer.RateLimitStore;
import io.github.ublk4j.layer.ReadOnlyStore;
import io.github.ublk4j.layer.ReadaheadStore;
import io.github.ublk4j.layer.StatsStore;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.spring.autoconfigure.UblkAutoConfiguration;
import io.github.ublk4j.spring.autoconfigure.UblkLayersEndpointAutoConfiguration;
import io.github.ublk4j.store.MemoryBlockStore;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

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
import org.springframework.http.MediaType;
import org.springframework.test.web.reactive.server.WebTestClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.willReturn;
import static org.mockito.Mockito.mock;

/**
 * The endpoint of layers as it is reached from outside.
 */
class UblkLayersEndpointTests {

	private final MemoryBlockStore memory = MemoryBlockStore.sparse(1 << 20);

	private final DelayStore delay = new DelayStore(this.memory);

	private final ErrorStore error = new ErrorStore(this.delay);

	private final PauseStore pause = new PauseStore(this.error);

	private final RateLimitStore rateLimit = new RateLimitStore(this.pause, RateLimit.NONE);

	private final BlockDevices devices = TestUblk.devices(
			TestUblk
				.device(TestUblk.status(DiskSpec.named("scratch").size(1 << 20).build(), 0, DeviceState.LIVE, null)),
			TestUblk.device(TestUblk.status(DiskSpec.named("plain").size(1 << 20).build(), 1, DeviceState.LIVE, null)));

	private final ReactiveWebApplicationContextRunner web = new ReactiveWebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, UblkLayersEndpointAutoConfiguration.class,
				JacksonAutoConfiguration.class, CodecsAutoConfiguration.class, WebFluxAutoConfiguration.class,
				HttpHandlerAutoConfiguration.class, EndpointAutoConfiguration.class,
				JacksonEndpointAutoConfiguration.class, WebEndpointAutoConfiguration.class,
				ManagementContextAutoConfiguration.class))
		.withBean(BlockDevices.class, () -> this.devices)
		.withBean(UblkEngine.class, () -> mock(UblkEngine.class))
		.withPropertyValues("management.endpoints.web.exposure.include=ublklayers");

	UblkLayersEndpointTests() {
		Map<String, BlockStore> layers = new LinkedHashMap<>();
		layers.put("rate-limit", this.rateLimit);
		layers.put("pause", this.pause);
		layers.put("error", this.error);
		layers.put("delay", this.delay);
		layers.put("mine", new ReadOnlyStore(this.memory));
		willReturn(layers).given(this.devices).layers("scratch");
	}

	@Test
	void layersAreShownInTheirOrderWithTheirOptions() {
		this.delay.delay(BlockOperation.WRITE, Duration.ofMillis(5));
		this.web.run((context) -> client(context).get()
			.uri("/actuator/ublklayers")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody()
			.jsonPath("$.devices.length()")
			.isEqualTo(1)
			.jsonPath("$.devices[0].name")
			.isEqualTo("scratch")
			.jsonPath("$.devices[0].layers[0].name")
			.isEqualTo("rate-limit")
			.jsonPath("$.devices[0].layers[2].options.errno")
			.isEqualTo("eio")
			.jsonPath("$.devices[0].layers[2].options.operations.length()")
			.isEqualTo(5)
			.jsonPath("$.devices[0].layers[3].options.write")
			.isEqualTo("PT0.005S")
			.jsonPath("$.devices[0].layers[3].changeable[0]")
			.isEqualTo("discard")
			.jsonPath("$.devices[0].layers[4].changeable.length()")
			.isEqualTo(0));
	}

	@Test
	void whatCannotBeChangedIsShownWithoutSecrets() {
		byte[] key = new byte[32];
		key[0] = 1;
		StatsStore stats = new StatsStore(this.memory);
		stats.flush().onErrorComplete().block();
		Map<String, BlockStore> layers = new LinkedHashMap<>();
		layers.put("encrypt", new EncryptStore(this.memory, key, 512));
		layers.put("stats", stats);
		layers.put("cache", CacheStore.over(this.memory).build());
		layers.put("copy-on-write", new CopyOnWriteStore(this.memory, MemoryBlockStore.sparse(1 << 20), 4096));
		layers.put("log", new LogStore(this.memory, "scratch", Level.DEBUG));
		layers.put("readahead", new ReadaheadStore(this.memory, 4096, 4096, 4096));
		layers.put("checksum", new ChecksumStore(this.memory, "scratch", 4096));
		willReturn(layers).given(this.devices).layers("scratch");
		this.web.run((context) -> client(context).get()
			.uri("/actuator/ublklayers/scratch")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody()
			.jsonPath("$.layers[0].options.algorithm")
			.isEqualTo("AES-128-XTS")
			.jsonPath("$.layers[0].options.key")
			.isEqualTo("******")
			.jsonPath("$.layers[1].options.flush.errors")
			.isEqualTo(1)
			.jsonPath("$.layers[2].options.dirty-bytes")
			.isEqualTo(0)
			.jsonPath("$.layers[3].options.changed-bytes")
			.isEqualTo(0)
			.jsonPath("$.layers[4].options.level")
			.isEqualTo("debug")
			.jsonPath("$.layers[5].options.prefetched-bytes")
			.isEqualTo(0)
			.jsonPath("$.layers[6].options.block-size")
			.isEqualTo(4096)
			.jsonPath("$.layers[6].options.mismatches")
			.isEqualTo(0));
	}

	@Test
	void diskIsShown() {
		this.web.run((context) -> {
			client(context).get().uri("/actuator/ublklayers/scratch").exchange().expectStatus().isOk();
			client(context).get().uri("/actuator/ublklayers/unknown").exchange().expectStatus().isNotFound();
		});
	}

	@Test
	void layersAreNotChangedUnlessThatIsAllowed() {
		this.web.run((context) -> {
			change(context, "pause/paused", "true").expectStatus().isNotFound();
			assertThat(this.pause.isPaused()).isFalse();
		});
	}

	/** As two requests do that arrive together. */
	@Test
	void changesOfTheSameLayerDoNotUndoEachOther() {
		LayerOptions error = LayerOptions.of(this.error);
		LayerOptions rateLimit = LayerOptions.of(this.rateLimit);

		LayerOptions.of(this.error).change("error", "offset", "1MB");
		error.change("error", "rate", "0.5");
		LayerOptions.of(this.rateLimit).change("rate-limit", "bytes-per-second", "10MB");
		rateLimit.change("rate-limit", "operations-per-second", "100");

		assertThat(this.error.rule().offset()).isEqualTo(1 << 20);
		assertThat(this.error.rule().rate()).isEqualTo(0.5);
		assertThat(this.rateLimit.limit().bytesPerSecond()).isEqualTo(10 << 20);
		assertThat(this.rateLimit.limit().operationsPerSecond()).isEqualTo(100);
	}

	@Test
	void changeKeepsTheNumberOfRequestsThatHaveFailed() {
		LayerOptions.of(this.error).change("error", "rate", "1");
		this.error.read(0, ByteBuffer.allocate(512)).onErrorComplete().block();

		LayerOptions.of(this.error).change("error", "errno", "enospc");

		assertThat(LayerOptions.of(this.error).values()).containsEntry("injected", 1L);
	}

	@Test
	void optionsAreChanged() {
		unrestricted().run((context) -> {
			change(context, "delay/write-zeroes", "5ms").expectStatus()
				.isOk()
				.expectBody()
				.jsonPath("$.options.write-zeroes")
				.isEqualTo("PT0.005S");
			change(context, "error/operations", "read, write-zeroes").expectStatus().isOk();
			change(context, "error/errno", "enospc").expectStatus().isOk();
			change(context, "error/offset", "1MB").expectStatus().isOk();
			change(context, "error/length", "4KB").expectStatus().isOk();
			change(context, "error/seed", "-3").expectStatus().isOk();
			change(context, "error/rate", "0.25").expectStatus().isOk();
			change(context, "pause/paused", "true").expectStatus().isOk();
			change(context, "rate-limit/bytes-per-second", "10MB").expectStatus().isOk();
			change(context, "rate-limit/operations-per-second", "7").expectStatus().isOk();
			change(context, "rate-limit/burst", "1s").expectStatus().isOk();
		});
		assertThat(this.delay.delays()).containsEntry(BlockOperation.WRITE_ZEROES, Duration.ofMillis(5));
		assertThat(this.error.rule()).extracting("operations", "offset", "length", "rate", "errno", "seed")
			.containsExactly(EnumSet.of(BlockOperation.READ, BlockOperation.WRITE_ZEROES), 1048576L, 4096L, 0.25,
					BlockErrno.ENOSPC, -3L);
		assertThat(this.pause.isPaused()).isTrue();
		assertThat(this.rateLimit.limit()).isEqualTo(new RateLimit(10 << 20, 7, Duration.ofSeconds(1)));
	}

	@Test
	void badValuesAreAnsweredWithWhatIsAllowed() {
		unrestricted().run((context) -> {
			refused(context, "delay/read", "soon",
					"The option 'read' of the layer 'delay' cannot be 'soon'. Use 0 to 1d, such as 5ms.");
			refused(context, "delay/read", "-5ms",
					"The option 'read' of the layer 'delay' cannot be '-5ms'. Use 0 to 1d, such as 5ms.");
			refused(context, "error/operations", "read,erase",
					"The option 'operations' of the layer 'error' cannot be 'read,erase'. "
							+ "Use one or more of read, write, flush, discard, write-zeroes, separated by commas.");
			refused(context, "error/rate", "2", "The option 'rate' of the layer 'error' cannot be '2'. "
					+ "Use 0 for no request to 1 for every one, such as 0.01.");
			refused(context, "pause/paused", "yes",
					"The option 'paused' of the layer 'pause' cannot be 'yes'. Use true or false.");
			refused(context, "rate-limit/rate", "1", "The layer 'rate-limit' has no option 'rate' that can be changed. "
					+ "Use burst, bytes-per-second, operations-per-second.");
			refused(context, "mine/rate", "1",
					"The layer 'mine' has no option 'rate' that can be changed. None of its options can.");
			change(context, "cache/size", "1").expectStatus().isNotFound();
		});
	}

	private ReactiveWebApplicationContextRunner unrestricted() {
		return this.web.withPropertyValues("management.endpoint.ublklayers.access=UNRESTRICTED");
	}

	private static void refused(ApplicationContext context, String option, String value, String message) {
		change(context, option, value).expectStatus()
			.isBadRequest()
			.expectBody()
			.jsonPath("$.message")
			.isEqualTo(message);
	}

	private static WebTestClient.ResponseSpec change(ApplicationContext context, String option, String value) {
		return client(context).post()
			.uri("/actuator/ublklayers/scratch/" + option)
			.contentType(MediaType.APPLICATION_JSON)
			.bodyValue(Map.of("value", value))
			.exchange();
	}

	private static WebTestClient client(ApplicationContext context) {
		return WebTestClient.bindToApplicationContext(context).build();
	}

}
