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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.device.DeviceClaim;
import io.github.ublk4j.engine.device.DeviceRecords;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.UblkEngineCustomizer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.Environment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.core.io.support.SpringFactoriesLoader.ArgumentResolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * Disks are declared at random, with values that are right, wrong, huge, negative, empty
 * or conflicting, and names that do not exist: the application serves them, or ends with
 * an explanation, and leaves nothing behind.
 */
@Timeout(3600)
class ConfigurationFuzzTests {

	private static final Duration LENGTH = Duration.ofSeconds(6);

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private static final String[] STORES = { "memory", "memory", "memory", "file:#/one.img", "file:#/two.img",
			"directory:#/chunks", "stripe", "mirror", "null", "pattern:7", "pattern:x", "file:#", "file:",
			"file:/dev/null", "file:#/no/such/file", "directory:", "directory:#/one.img", "redis:volume",
			"r2dbc:volume", "s3:a/b", "http://localhost:1/disk.img", "http://", "memory:", "tape", "", " ", "\u0000",
			"null:", "::", "mirror:a" };

	private static final String[] SIZES = { "1MB", "1MB", "4MB", "64KB", "512B", "0", "-1", "-1MB", "1000", "1",
			"9223372036854775807B", "8388607TB", "99999999TB", "1TB", "1.5GB", "20G", "", "x", "MB" };

	private static final String[] BLOCKS = { "512B", "1KB", "4KB", "64KB", "1MB", "32MB", "0", "-512B", "513B", "3KB",
			"2GB", "9223372036854775807", "x", "" };

	private static final String[] NUMBERS = { "1", "2", "3", "8", "128", "4096", "4097", "0", "-1", "2147483647",
			"2147483648", "-2147483648", "1e3", "x", "" };

	private static final String[] TIMES = { "30s", "1s", "100ms", "0", "-1s", "1ns", "PT1S", "1d", "1000d", "106751d",
			"9223372036854775807s", "9223372036854775807", "x", "" };

	private static final String[] FLAGS = { "true", "false", "", "maybe", "1" };

	private static final String[] LAYERS = { "window", "read-only", "delay", "error", "pause", "rate-limit", "cache",
			"readahead", "checksum", "copy-on-write", "encrypt", "retry", "timeout", "log", "stats", "stats,stats",
			"log,stats", "crypt", "", ",", "cache,retry,stats" };

	private static final String[] FILES = { "#/sums", "#/overlay", "#", "", "#/no/such", "memory", "file:#/overlay.img",
			"/dev/null", "\u0000" };

	private static final String[] WORDS = { "auto", "copy", "user-copy", "zero-copy", "none", "queue", "reissue",
			"fail-io", "delete", "quiesce", "write-through", "write-back", "eio", "read,write", "debug", "x", "" };

	/** Attributes of a disk, and what they are set to. */
	private static final Map<String, String[]> ATTRIBUTES = new LinkedHashMap<>();

	/** What is set for all disks. */
	private static final Map<String, String[]> SETTINGS = new LinkedHashMap<>();

	static {
		for (String size : List.of("max-io-size", "logical-block-size", "physical-block-size", "io-min", "io-opt",
				"chunks.chunk-size", "stripe.unit", "layer.window.offset", "layer.error.offset", "layer.error.length",
				"layer.rate-limit.bytes-per-second", "layer.cache.capacity", "layer.cache.block-size",
				"layer.cache.dirty-limit", "layer.readahead.window", "layer.readahead.capacity",
				"layer.copy-on-write.block-size", "layer.encrypt.sector-size")) {
			ATTRIBUTES.put(size, BLOCKS);
		}
		for (String number : List.of("queues", "queue-depth", "http.retries", "layer.error.rate", "layer.error.seed",
				"layer.rate-limit.operations-per-second", "layer.retry.attempts")) {
			ATTRIBUTES.put(number, NUMBERS);
		}
		for (String time : List.of("request-timeout", "http.timeout", "layer.delay.read", "layer.delay.write",
				"layer.rate-limit.burst", "layer.retry.first-backoff", "layer.timeout.after")) {
			ATTRIBUTES.put(time, TIMES);
		}
		for (String flag : List.of("enabled", "read-only", "rotational", "partition-scan", "memory.pre-touch",
				"file.direct-io", "chunks.take-over", "layer.pause.paused")) {
			ATTRIBUTES.put(flag, FLAGS);
		}
		for (String word : List.of("data-mode", "recovery", "on-shutdown", "layer.cache.mode", "layer.error.errno",
				"layer.error.operations", "layer.log.level")) {
			ATTRIBUTES.put(word, WORDS);
		}
		for (String file : List.of("layer.checksum.file", "layer.copy-on-write.overlay", "layer.encrypt.key")) {
			ATTRIBUTES.put(file, FILES);
		}
		ATTRIBUTES.put("layers", LAYERS);
		ATTRIBUTES.put("layers[1]", LAYERS);
		ATTRIBUTES.put("mirror.stores", STORES);
		ATTRIBUTES.put("mirror.stores[1]", STORES);
		ATTRIBUTES.put("stripe.stores", STORES);
		ATTRIBUTES.put("stripe.stores[0]", STORES);
		ATTRIBUTES.put("sise", SIZES);
		ATTRIBUTES.put("layer.crypt.key", FILES);
		ATTRIBUTES.put("memory", FLAGS);
		ATTRIBUTES.put("store.x", STORES);
		SETTINGS.put("drain-timeout", TIMES);
		SETTINGS.put("control-timeout", TIMES);
		SETTINGS.put("oom-score-adj", NUMBERS);
		SETTINGS.put("memory.limit", new String[] { "64MB", "1MB", "4KB", "0", "-1B", "x", "" });
		SETTINGS.put("run-directory", new String[] { "#/run", "#/one.img", "", "\u0000" });
		SETTINGS.put("orphans", new String[] { "recover", "report", "delete", "x", "" });
		SETTINGS.put("unsupported-host", new String[] { "fail", "skip", "x" });
		SETTINGS.put("enabled", FLAGS);
		SETTINGS.put("enabeld", FLAGS);
		SETTINGS.put("devices", new String[] { "", "x" });
	}

	private static final String[] NAMES = { "a", "b", "vol-1", "vol1", "A", "[x.y]", "[..]", "[a/b]", "[ ]", "ä",
			"a123456789012345678901234567890123456789012345678901234567890123456789" };

	@TempDir
	private Path directory;

	private final SimulatedUblk ublk = new SimulatedUblk();

	@Test
	void applicationServesItsDisksOrSaysWhyItDoesNot() {
		long seed = Long.getLong("ublk.seed", System.nanoTime());
		long soak = TimeUnit.MINUTES.toNanos(Long.getLong("ublk.soak.minutes", 0));
		System.out.println("ConfigurationFuzzTests with -Dublk.seed=" + seed);
		Random random = new Random(seed);
		long end = System.nanoTime() + ((soak > 0) ? soak : LENGTH.toNanos());
		int served = 0;
		for (int round = 0; System.nanoTime() - end < 0; round++) {
			Map<String, Object> properties = properties(random, this.directory.resolve("round" + round));
			try {
				served += run(properties, this.directory.resolve("round" + round));
			}
			catch (Throwable ex) {
				throw new AssertionError("-Dublk.seed=" + seed + ", round " + round + ": " + properties, ex);
			}
		}
		assertThat(served).as("disks that were served, with -Dublk.seed=%d", seed).isPositive();
	}

	private static Map<String, Object> properties(Random random, Path round) {
		Map<String, Object> properties = new LinkedHashMap<>();
		properties.put("ublk.run-directory", round + "/run");
		properties.put("ublk.memory.limit", "256MB");
		properties.put("ublk.drain-timeout", "100ms");
		boolean wild = random.nextInt(3) == 0;
		int disks = 1 + random.nextInt(3);
		for (int i = 0; i < disks; i++) {
			String disk = "ublk.devices" + dotted(NAMES[random.nextInt(wild ? NAMES.length : 3)]);
			if (!wild || random.nextInt(8) != 0) {
				properties.put(disk + ".store", STORES[random.nextInt(wild ? STORES.length : 6)]);
			}
			if (!wild || random.nextInt(8) != 0) {
				properties.put(disk + ".size", SIZES[random.nextInt(wild ? SIZES.length : 4)]);
			}
			set(properties, disk + ".", ATTRIBUTES, random.nextInt(wild ? 6 : 3), random);
		}
		if (random.nextInt(4) == 0) {
			set(properties, "ublk.", SETTINGS, 1, random);
		}
		properties.replaceAll((key, value) -> value.toString().replace("#", round.toString()));
		return properties;
	}

	private static String dotted(String name) {
		return name.startsWith("[") ? name : "." + name;
	}

	private static void set(Map<String, Object> properties, String prefix, Map<String, String[]> keys, int count,
			Random random) {
		List<String> names = List.copyOf(keys.keySet());
		for (int i = 0; i < count; i++) {
			String key = names.get(random.nextInt(names.size()));
			String[] values = Objects.requireNonNull(keys.get(key));
			properties.put(prefix + key, values[random.nextInt(values.length)]);
		}
	}

	private int run(Map<String, Object> properties, Path round) throws Exception {
		ConfigurableApplicationContext[] used = new ConfigurableApplicationContext[1];
		int[] served = new int[1];
		assertThat(round.toFile().mkdirs()).isTrue();
		Path state = round.resolve("state");
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withBean(SimulatedUblk.class, () -> this.ublk)
			.withBean(UblkEngineCustomizer.class, () -> (engine) -> engine.stateDirectory(state))
			.withInitializer((context) -> {
				used[0] = context;
				context.getEnvironment().getPropertySources().addFirst(new MapPropertySource("fuzz", properties));
			})
			.run((context) -> {
				if (context.getStartupFailure() != null) {
					assertThatItIsExplained(context.getStartupFailure(), used[0]);
				}
				else {
					served[0] = serve(context, properties);
				}
			});
		assertThatNothingIsLeft(state, properties.containsValue("quiesce"));
		return served[0];
	}

	private static void assertThatItIsExplained(Throwable failure, ConfigurableApplicationContext context) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof Error || cause instanceof NullPointerException || cause instanceof ClassCastException
					|| cause instanceof IndexOutOfBoundsException) {
				fail("The application ended with a bug", failure);
			}
		}
		FailureAnalysis analysis = analyze(failure, context);
		if (analysis == null) {
			fail("Nobody explains why the application ended", failure);
			return;
		}
		assertThat(analysis.getDescription()).isNotBlank();
		assertThat(analysis.getAction()).as(analysis.getDescription()).isNotBlank();
	}

	private static @Nullable FailureAnalysis analyze(Throwable failure, ConfigurableApplicationContext context) {
		return SpringFactoriesLoader
			.forResourceLocation("META-INF/spring.factories", ConfigurationFuzzTests.class.getClassLoader())
			.load(FailureAnalyzer.class,
					ArgumentResolver.of(BeanFactory.class, context.getBeanFactory())
						.and(Environment.class, context.getEnvironment()),
					SpringFactoriesLoader.FailureHandler.handleMessage((message, unloadable) -> {
						// needs what is not here
					}))
			.stream()
			.map((analyzer) -> analyzer.analyze(failure))
			.filter(Objects::nonNull)
			.findFirst()
			.orElse(null);
	}

	private int serve(AssertableApplicationContext context, Map<String, Object> properties) {
		List<UblkDevice> devices = context.getBean(BlockDevices.class).all();
		for (UblkDevice device : devices) {
			assertThat(device.status().state()).isEqualTo(DeviceState.LIVE);
			DiskSpec spec = device.spec();
			SimulatedDisk disk = this.ublk.disk(device.name());
			byte[] data = new byte[spec.logicalBlockSize()];
			long last = spec.size() - data.length;
			if (!isPlain(device.name(), properties)) {
				// it may be slow, fail, or wait for ever, as it was told
				disk.read(last, data.length)
					.timeout(Duration.ofMillis(100))
					.onErrorResume((ex) -> Mono.empty())
					.block(PATIENCE);
				continue;
			}
			if (!spec.readOnly()) {
				Arrays.fill(data, (byte) 7);
				disk.write(last, data).block(PATIENCE);
			}
			assertThat(disk.read(last, data.length).block(PATIENCE)).isEqualTo(data);
		}
		return devices.size();
	}

	/**
	 * Returns whether nothing but the store has a say in what a request does.
	 */
	private static boolean isPlain(String disk, Map<String, Object> properties) {
		String prefix = "ublk.devices" + dotted(disk.matches("[\\w-]+") ? disk : "[" + disk + "]") + ".";
		return properties.keySet().stream().noneMatch((key) -> key.contains(".layer"))
				&& String.valueOf(properties.get(prefix + "store")).matches("memory|file:.*|directory:.*")
				&& !properties.containsKey(prefix + "request-timeout");
	}

	/**
	 * But what was to be left to the next server.
	 */
	private void assertThatNothingIsLeft(Path state, boolean quiesced) throws Exception {
		if (quiesced) {
			try (UblkEngine engine = UblkEngine.builder().simulated(this.ublk).stateDirectory(state).build()) {
				engine.orphanedDevices()
					.flatMapIterable((orphans) -> orphans)
					.flatMap((orphan) -> engine.delete(orphan.device().id()))
					.then()
					.block(PATIENCE);
			}
		}
		assertThat(this.ublk.disks()).isEmpty();
		Awaitility.await("threads end")
			.atMost(PATIENCE)
			.until(() -> Thread.getAllStackTraces()
				.keySet()
				.stream()
				.map(Thread::getName)
				.noneMatch((name) -> name.startsWith("ublk-") && !name.startsWith("ublk-simulated")));
		for (String name : List.of("a", "b", "vol-1")) {
			try (DeviceClaim claim = new DeviceRecords(state).claim(name)) {
				assertThat(claim).as("the claim of %s", name).isNotNull();
			}
		}
	}

}
