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
import java.util.concurrent.CompletableFuture;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.spring.LocalServer;
import io.github.ublk4j.spring.redis.RedisChunkVolume;
import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.ChunkStore;
import io.github.ublk4j.store.chunk.ChunkVolume;
import io.github.ublk4j.store.chunk.FencedException;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * A disk in a real Redis.
 */
class RedisChunkVolumeTests extends AbstractChunkVolumeTests {

	private static @Nullable LettuceConnectionFactory connections;

	private static LettuceConnectionFactory connections() {
		LettuceConnectionFactory factory = connections;
		if (factory == null) {
			factory = new LettuceConnectionFactory(
					new RedisStandaloneConfiguration("127.0.0.1", LocalServer.redis().port()));
			factory.afterPropertiesSet();
			factory.start();
			connections = factory;
		}
		return factory;
	}

	@AfterAll
	static void disconnect() {
		if (connections != null) {
			connections.destroy();
			connections = null;
		}
	}

	@Override
	ChunkVolume volume(String name) {
		return new RedisChunkVolume(connections(), name);
	}

	@Test
	void keysOfVolumeHaveItsHashTag() {
		ChunkBlockStore store = open(builder());
		end(store.write(0, ByteBuffer.wrap(bytes(1, 512))));

		assertThat(new StringRedisTemplate(connections()).keys("*" + this.name + "*")).containsExactlyInAnyOrder(
				"ublk:{" + this.name + "}:volume", "ublk:{" + this.name + "}:fence",
				"ublk:{" + this.name + "}:chunk:0");
		store.close();
	}

	@Test
	void serverThatEvictsKeysIsRefused() {
		config("maxmemory-policy", "allkeys-lru");
		try {
			assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> open(builder()))
				.withMessageContaining("maxmemory-policy=allkeys-lru");
		}
		finally {
			config("maxmemory-policy", "noeviction");
		}
	}

	@Test
	void writeToServerWithoutMemoryFailsWithEnospc() {
		ChunkBlockStore store = open(builder());
		end(store.write(0, ByteBuffer.wrap(bytes(1, CHUNK))));
		config("maxmemory", "1mb");
		try {
			assertThat(failure(store.write(0, ByteBuffer.wrap(bytes(2, 512)))))
				.isInstanceOfSatisfying(BlockIoException.class,
						(failure) -> assertThat(failure.errno()).isEqualTo(BlockErrno.ENOSPC))
				.hasMessageContaining("the server has no memory left (maxmemory)");
			end(store.discard(0, CHUNK));
		}
		finally {
			config("maxmemory", "0");
		}
		end(store.write(0, ByteBuffer.wrap(bytes(1, 512))));
		store.close();
	}

	@Test
	void writeWaitsForServerThatMissesItsReplicas() {
		ChunkBlockStore store = open(builder().retries(0));
		CompletableFuture<Void> write;
		config("min-replicas-to-write", "1");
		try {
			write = store.write(0, ByteBuffer.wrap(bytes(1, CHUNK))).toFuture();
			Awaitility.await().during(Duration.ofMillis(300)).until(() -> !write.isDone());
		}
		finally {
			config("min-replicas-to-write", "0");
		}
		assertThat(write).succeedsWithin(TIMEOUT);
		store.close();
	}

	private static void config(String name, String value) {
		connections().getConnection().serverCommands().setConfig(name, value);
	}

	@Test
	void connectionThatBreaksIsNotSeen() {
		ChunkBlockStore store = open(builder().timeout(Duration.ofSeconds(2)));
		end(store.write(0, ByteBuffer.wrap(bytes(1, 4096))));

		try (RedisClient other = RedisClient.create("redis://127.0.0.1:" + LocalServer.redis().port())) {
			other.connect().sync().clientKill(KillArgs.Builder.typeNormal().skipme());
		}
		end(store.write(512, ByteBuffer.wrap(bytes(2, 4096))));
		store.close();
	}

	@Test
	void serverThatHasLostItsDataDoesNotReadAsZeros() {
		ChunkBlockStore store = open(builder().lease(Duration.ofHours(1)));
		end(store.write(0, ByteBuffer.wrap(bytes(1, CHUNK))));
		ChunkBlockStore reader = open(builder().readOnly(true));
		end(reader.read(CHUNK, ByteBuffer.allocate(512)));

		StringRedisTemplate redis = new StringRedisTemplate(connections());
		redis.delete(redis.keys("*" + this.name + "*"));

		for (ChunkBlockStore each : List.of(reader, store)) {
			assertThat(failure(each.read(0, ByteBuffer.allocate(512)))).isInstanceOf(BlockIoException.class)
				.hasMessage("Chunk 0 of the Redis volume " + this.name + " cannot be read: its keys are not there any "
						+ "more: the server has lost its data");
		}
		assertThat(failure(store.discard(0, store.size()))).isInstanceOf(BlockIoException.class)
			.hasMessageContaining("the server has lost its data");
		reader.close();
		store.close();
	}

	@Test
	void serverThatHasForgottenTheLastTokenIsNoticed() {
		ChunkStore chunks = claim("A", LEASE, false);
		end(chunks.put(chunks.token(), 1, ByteBuffer.wrap(bytes(1, CHUNK))));
		long token = await(chunks.nextToken());

		forgetToken();

		for (Mono<?> request : List.of(chunks.nextToken(), chunks.renewLease())) {
			assertThat(failure(request)).isInstanceOf(FencedException.class)
				.hasMessageContaining("lacks what was acknowledged last");
		}
		assertThat(failure(chunks.put(token, 1, ByteBuffer.wrap(bytes(2, CHUNK))))).isInstanceOf(FencedException.class);
		assertThat(await(chunks.get(1, 0, CHUNK))).isEqualTo(ByteBuffer.wrap(bytes(1, CHUNK)));
		end(chunks.release());
	}

	@Test
	void tokenThatWasForgottenAndGivenToAnotherHolderIsOfNoUse() {
		ChunkStore first = claim("A", LEASE, false);
		forgetToken();
		ChunkStore second = claim("B", LEASE, true);
		assertThat(second.token()).isEqualTo(first.token());
		end(second.put(second.token(), 1, ByteBuffer.wrap(bytes(2, CHUNK))));

		for (Mono<Void> request : List.of(first.put(first.token(), 1, ByteBuffer.wrap(bytes(1, CHUNK))),
				first.delete(first.token(), 1))) {
			assertThat(failure(request)).isInstanceOf(FencedException.class).hasMessageContaining("served by B");
		}
		assertThat(await(second.get(1, 0, CHUNK))).isEqualTo(ByteBuffer.wrap(bytes(2, CHUNK)));
		end(second.release());
	}

	/** As if a replica which did not have it yet had been promoted. */
	private void forgetToken() {
		new StringRedisTemplate(connections()).opsForHash().increment("ublk:{" + this.name + "}:fence", "token", -1);
	}

	@Test
	void nameMustFitIntoKeys() {
		assertThatIllegalArgumentException().isThrownBy(() -> volume("a}b"))
			.withMessageContaining("cannot be named 'a}b'");
	}

}
