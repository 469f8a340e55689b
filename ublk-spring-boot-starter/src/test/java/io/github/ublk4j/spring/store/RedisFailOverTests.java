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
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.github.ublk4j.spring.RedisCluster;
import io.github.ublk4j.spring.redis.RedisChunkVolume;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.connection.ReactiveRedisConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Volumes in a Redis Cluster whose primaries hang and die, with the connection that
 * Spring Boot makes and the settings that the documentation names.
 */
@Tag("servers")
class RedisFailOverTests {

	private static final Logger logger = LoggerFactory.getLogger(RedisFailOverTests.class);

	/** More than all attempts of a request take. */
	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final int CHUNK = 16 << 10;

	private static final int WRITERS = 8;

	private static final int CHUNKS = 64;

	/** The replica of node 0. */
	private static final int REPLICA = RedisCluster.NODES;

	@Test
	void disksGoOnWhenAPrimaryHangsAndItsSuccessorIsKilled() {
		try (RedisCluster cluster = RedisCluster.startWithReplicas();
				ConfigurableApplicationContext application = connect(cluster)) {
			Load failing = new Load(application, nameOn(cluster, 0));
			// its server lives, but refuses requests while the cluster is not whole
			Load other = new Load(application, nameOn(cluster, 1));
			List<Load> loads = List.of(failing, other);

			loads.forEach(Load::awaitProgress);
			failing.awaitReplication(cluster, 0);
			failOver(loads, () -> cluster.server(0).suspend());
			assertThat(cluster.isPrimary(REPLICA)).isTrue();

			cluster.server(0).resume();
			cluster.awaitReplica(0);
			loads.forEach(Load::awaitProgress);
			failing.awaitReplication(cluster, REPLICA);
			failOver(loads, () -> cluster.server(REPLICA).kill());
			assertThat(cluster.isPrimary(0)).isTrue();

			loads.forEach(Load::end);
			// the dead server is still a member of the cluster
			try (ConfigurableApplicationContext next = connect(cluster)) {
				loads.forEach((load) -> load.assertContentWith(next));
			}
		}
	}

	private static ConfigurableApplicationContext connect(RedisCluster cluster) {
		return new SpringApplicationBuilder(DataRedisAutoConfiguration.class).web(WebApplicationType.NONE)
			.run("--spring.data.redis.cluster.nodes=" + cluster.addresses(), "--spring.data.redis.timeout=5s",
					"--spring.data.redis.connect-timeout=1s", "--spring.data.redis.lettuce.cluster.refresh.period=2s");
	}

	private static String nameOn(RedisCluster cluster, int node) {
		return Stream.generate(() -> UUID.randomUUID().toString())
			.filter((name) -> cluster.nodeOf(name) == node)
			.findFirst()
			.orElseThrow();
	}

	private static void failOver(List<Load> loads, Runnable failure) {
		failure.run();
		long begin = System.nanoTime();
		loads.forEach(Load::serverHasFailed);
		loads.forEach(Load::awaitProgress);
		logger.info("Requests went on after {} ms", Duration.ofNanos(System.nanoTime() - begin).toMillis());
	}

	private static void await(Mono<Void> request) {
		request.block(PATIENCE);
	}

	/**
	 * Clients of one disk, which write ever larger numbers. None of their requests may
	 * fail.
	 */
	private static final class Load {

		private final String name;

		private final ChunkBlockStore store;

		private final AtomicLong number = new AtomicLong();

		private final AtomicLong acknowledgements = new AtomicLong();

		private final long[] acknowledged = new long[CHUNKS];

		/** What the server had when it failed may be older, but no older than this. */
		private volatile long[] replicated = this.acknowledged;

		private volatile long lastOfFailedServer;

		private volatile boolean enough;

		private final List<CompletableFuture<Void>> writers;

		Load(ConfigurableApplicationContext application, String name) {
			this.name = name;
			this.store = open(application);
			this.writers = IntStream.range(0, WRITERS)
				.mapToObj((writer) -> CompletableFuture.runAsync(() -> work(writer),
						(task) -> new Thread(task, "writer").start()))
				.toList();
		}

		private ChunkBlockStore open(ConfigurableApplicationContext application) {
			RedisChunkVolume volume = new RedisChunkVolume(application.getBean(ReactiveRedisConnectionFactory.class),
					this.name);
			return ChunkBlockStore.of(volume)
				.size(CHUNKS * CHUNK)
				.chunkSize(CHUNK)
				.open()
				.blockOptional(PATIENCE)
				.orElseThrow();
		}

		private void work(int writer) {
			Random random = new Random(writer);
			while (!this.enough) {
				int chunk = WRITERS * random.nextInt(CHUNKS / WRITERS) + writer;
				assertContent(this.store, chunk);
				long next = this.number.incrementAndGet();
				await(this.store.write((long) chunk * CHUNK + 512, ByteBuffer.allocate(512).putLong(0, next))
					.then(this.store.flush()));
				this.acknowledged[chunk] = next;
				this.acknowledgements.incrementAndGet();
			}
		}

		private void assertContent(ChunkBlockStore opened, int chunk) {
			ByteBuffer read = ByteBuffer.allocate(512);
			await(opened.read((long) chunk * CHUNK + 512, read));
			long expected = this.acknowledged[chunk];
			if (expected <= this.lastOfFailedServer) {
				assertThat(read.getLong(0)).as("chunk %d", chunk).isBetween(this.replicated[chunk], expected);
			}
			else {
				assertThat(read.getLong(0)).as("chunk %d", chunk).isEqualTo(expected);
			}
		}

		/** Each client has had an answer since it was called. */
		void awaitProgress() {
			long before = this.acknowledgements.get();
			Awaitility.await()
				.atMost(PATIENCE)
				.failFast("a request has failed",
						() -> this.writers.stream().anyMatch(CompletableFuture::isCompletedExceptionally))
				.until(() -> this.acknowledgements.get() > before + 10 * WRITERS);
		}

		/** Lets a primary copy what it has acknowledged, which must outlive it then. */
		void awaitReplication(RedisCluster cluster, int primary) {
			long[] before = this.acknowledged.clone();
			for (int chunk = 0; chunk < CHUNKS; chunk++) {
				if (before[chunk] <= this.lastOfFailedServer) {
					before[chunk] = this.replicated[chunk];
				}
			}
			cluster.awaitReplication(primary, this.name);
			this.replicated = before;
		}

		void serverHasFailed() {
			this.lastOfFailedServer = this.number.get();
		}

		void end() {
			this.enough = true;
			assertThat(this.writers).allSatisfy((writer) -> assertThat(writer).succeedsWithin(PATIENCE));
			this.store.close();
		}

		void assertContentWith(ConfigurableApplicationContext application) {
			ChunkBlockStore next = open(application);
			for (int chunk = 0; chunk < CHUNKS; chunk++) {
				assertContent(next, chunk);
			}
			next.close();
		}

	}

}
