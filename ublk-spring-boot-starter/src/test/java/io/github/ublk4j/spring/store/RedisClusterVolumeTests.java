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

package io.github.ublk4j.spring.store;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.RedisCluster;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.spring.autoconfigure.BlockDeviceAutoConfiguration;
import io.github.ublk4j.spring.autoconfigure.RedisStoreAutoConfiguration;
import io.github.ublk4j.spring.autoconfigure.UblkAutoConfiguration;
import io.github.ublk4j.spring.redis.RedisChunkVolume;
import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.ChunkVolume;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.connection.ReactiveRedisConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Volumes in a Redis Cluster, with the connection that Spring Boot makes.
 */
@Tag("servers")
class RedisClusterVolumeTests extends AbstractChunkVolumeTests {

	private static final Logger logger = LoggerFactory.getLogger(RedisClusterVolumeTests.class);

	private static final int WRITERS = 32;

	/** Half of them are there before their slot is moved. */
	private static final int CHUNKS = 256;

	private static @Nullable RedisCluster cluster;

	private static @Nullable ConfigurableApplicationContext application;

	private final Random random = new Random();

	private static RedisCluster cluster() {
		RedisCluster started = cluster;
		if (started == null) {
			started = RedisCluster.start();
			cluster = started;
		}
		return started;
	}

	private static ReactiveRedisConnectionFactory connections() {
		ConfigurableApplicationContext context = application;
		if (context == null) {
			context = connect();
			application = context;
		}
		return context.getBean(ReactiveRedisConnectionFactory.class);
	}

	private static ConfigurableApplicationContext connect() {
		return new SpringApplicationBuilder(DataRedisAutoConfiguration.class).web(WebApplicationType.NONE)
			.run("--spring.data.redis.cluster.nodes=" + cluster().addresses());
	}

	@AfterAll
	static void end() {
		if (application != null) {
			application.close();
			application = null;
		}
		if (cluster != null) {
			cluster.close();
			cluster = null;
		}
	}

	@Override
	ChunkVolume volume(String name) {
		return new RedisChunkVolume(connections(), name);
	}

	/** Returns one whose slot a node has. */
	private static String nameOn(int node) {
		return Stream.generate(() -> UUID.randomUUID().toString())
			.filter((name) -> cluster().nodeOf(name) == node)
			.findFirst()
			.orElseThrow();
	}

	@Test
	void disksOfAnApplicationAreOnDifferentNodes(@TempDir Path directory) {
		TestUblk ublk = new TestUblk();
		List<String> names = IntStream.range(0, RedisCluster.NODES).mapToObj(RedisClusterVolumeTests::nameOn).toList();
		ApplicationContextRunner runner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class,
					RedisStoreAutoConfiguration.class, DataRedisAutoConfiguration.class))
			.withBean(UblkEngine.class, ublk::engine)
			.withPropertyValues("ublk.run-directory=" + directory,
					"spring.data.redis.cluster.nodes=" + cluster().addresses());
		for (int node = 0; node < RedisCluster.NODES; node++) {
			runner = runner.withPropertyValues("ublk.devices.disk" + node + ".store=redis:" + names.get(node),
					"ublk.devices.disk" + node + ".size=1MB", "ublk.devices.disk" + node + ".chunks.chunk-size=16KB");
		}
		runner.run((context) -> {
			assertThat(context).hasNotFailed();
			for (int node = 0; node < RedisCluster.NODES; node++) {
				String prefix = "ublk:{" + names.get(node) + "}:";
				ChunkBlockStore store = (ChunkBlockStore) ublk.servers().get(node);
				end(store.write(0, ByteBuffer.wrap(bytes(node, 4 * CHUNK))));
				end(store.write(5 * CHUNK, ByteBuffer.allocate(CHUNK)));
				end(store.writeZeroes(CHUNK, CHUNK, true));
				end(store.discard(2 * CHUNK, CHUNK));
				end(store.flush());
				assertThat(cluster().keys(node, names.get(node))).containsExactlyInAnyOrder(prefix + "volume",
						prefix + "fence", prefix + "chunk:0", prefix + "chunk:3");
			}
		});
	}

	@Test
	void clusterWithOneServerThatEvictsKeysIsRefused() {
		cluster().config(2, "maxmemory-policy", "allkeys-lru");
		try {
			assertThatExceptionOfType(StoreUnavailableException.class)
				.isThrownBy(() -> open(ChunkBlockStore.of(volume(nameOn(0))).size(CHUNK).chunkSize(CHUNK)))
				.withMessageContaining("maxmemory-policy=allkeys-lru");
		}
		finally {
			cluster().config(2, "maxmemory-policy", "noeviction");
		}
	}

	@Test
	void slotIsMovedWhileTheDiskIsWritten() throws Exception {
		String name = nameOn(0);
		ChunkBlockStore store = open(ChunkBlockStore.of(volume(name)).size(CHUNKS * CHUNK).chunkSize(CHUNK));
		long[] acknowledged = new long[CHUNKS];
		for (int chunk = 0; chunk < CHUNKS; chunk += 2) {
			write(store, chunk, 1, acknowledged);
		}
		AtomicInteger writes = new AtomicInteger();
		AtomicBoolean enough = new AtomicBoolean();
		List<CompletableFuture<Void>> writers = IntStream.range(0, WRITERS)
			.mapToObj((writer) -> CompletableFuture.runAsync(() -> write(store, writer, acknowledged, writes, enough),
					(task) -> new Thread(task, "writer").start()))
			.toList();

		for (int node : new int[] { 1, 2, 0 }) {
			int before = writes.get();
			Awaitility.await().atMost(TIMEOUT).until(() -> writes.get() > before + 2 * WRITERS);
			cluster().move(name, node, Duration.ofMillis(100));
		}
		enough.set(true);
		assertThat(writers).allSatisfy((writer) -> assertThat(writer).succeedsWithin(TIMEOUT));

		logger.info("{} writes; {} ASK, {} MOVED, {} TRYAGAIN", writes, errors("ASK"), errors("MOVED"),
				errors("TRYAGAIN"));
		assertThat(errors("ASK")).isPositive();
		assertThat(errors("MOVED")).isPositive();
		assertThat(errors("TRYAGAIN")).isPositive();
		assertContent(store, acknowledged);
		store.close();
		ChunkBlockStore next = open(ChunkBlockStore.of(volume(name)));
		assertContent(next, acknowledged);
		next.close();
	}

	private static int errors(String code) {
		return IntStream.range(0, RedisCluster.NODES).map((node) -> cluster().errors(node, code)).sum();
	}

	private void write(ChunkBlockStore store, int writer, long[] acknowledged, AtomicInteger writes,
			AtomicBoolean enough) {
		while (!enough.get()) {
			int chunk = WRITERS * this.random.nextInt(CHUNKS / WRITERS) + writer;
			assertContent(store, chunk, acknowledged);
			write(store, chunk, (this.random.nextInt(8) == 0) ? 0 : writes.incrementAndGet(), acknowledged);
		}
	}

	/** Zero is discarded. */
	private static void write(ChunkBlockStore store, int chunk, long number, long[] acknowledged) {
		end((number == 0) ? store.discard((long) chunk * CHUNK, CHUNK)
				: store.write((long) chunk * CHUNK + 512, ByteBuffer.allocate(512).putLong(0, number)));
		acknowledged[chunk] = number;
	}

	private static void assertContent(ChunkBlockStore store, long[] acknowledged) {
		for (int chunk = 0; chunk < CHUNKS; chunk++) {
			assertContent(store, chunk, acknowledged);
		}
	}

	private static void assertContent(ChunkBlockStore store, int chunk, long[] acknowledged) {
		ByteBuffer read = ByteBuffer.allocate(512);
		end(store.read((long) chunk * CHUNK + 512, read));
		assertThat(read.getLong(0)).as("chunk %d", chunk).isEqualTo(acknowledged[chunk]);
	}

	@Test
	void clientThatHasNotSeenTheMoveIsRedirected() throws Exception {
		String name = nameOn(1);
		ChunkBlockStore store = open(ChunkBlockStore.of(volume(name)).size(CHUNKS * CHUNK).chunkSize(CHUNK));
		end(store.write(0, ByteBuffer.wrap(bytes(1, 2 * CHUNK))));
		int before = cluster().errors(1, "MOVED");
		cluster().move(name, 2, Duration.ZERO);

		end(store.write(CHUNK, ByteBuffer.wrap(bytes(2, 2 * CHUNK))));
		ByteBuffer read = ByteBuffer.allocate(3 * CHUNK);
		end(store.read(0, read));
		assertThat(read.slice(0, CHUNK)).isEqualTo(ByteBuffer.wrap(bytes(1, 2 * CHUNK), 0, CHUNK));
		assertThat(read.slice(CHUNK, 2 * CHUNK)).isEqualTo(ByteBuffer.wrap(bytes(2, 2 * CHUNK)));
		assertThat(cluster().errors(1, "MOVED")).isGreaterThan(before);
		store.close();
	}

}
