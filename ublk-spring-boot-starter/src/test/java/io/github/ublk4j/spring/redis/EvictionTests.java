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

package io.github.ublk4j.spring.redis;

import java.time.Duration;
import java.util.Properties;

import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.chunk.ChunkStore;
import io.github.ublk4j.store.chunk.VolumeClaim;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.data.redis.RedisConnectionFailureException;
import org.springframework.data.redis.connection.ReactiveClusterServerCommands;
import org.springframework.data.redis.connection.ReactiveRedisClusterConnection;
import org.springframework.data.redis.connection.ReactiveRedisConnection;
import org.springframework.data.redis.connection.ReactiveRedisConnectionFactory;
import org.springframework.data.redis.connection.ReactiveServerCommands;
import org.springframework.data.redis.connection.RedisClusterNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * What a volume in Redis makes of the policy of its servers.
 */
class EvictionTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private static final RedisClusterNode ALIVE = new RedisClusterNode("10.0.0.1", 6379);

	private static final RedisClusterNode OTHER = new RedisClusterNode("10.0.0.2", 6379);

	@Test
	void serverThatEvictsAnyKeyIsRefused() {
		assertRefused(claim(server(memory("allkeys-lru"))));
	}

	@ParameterizedTest
	@ValueSource(strings = { "volatile-lru", "noeviction" })
	void serverThatEvictsNoKeyOrThoseWhichExpireIsUsed(String policy) {
		assertUsed(claim(server(memory(policy))));
		assertUsed(claim(cluster(Mono.just(memory(policy)))));
	}

	@Test
	void serverThatDoesNotTellIsUsed() {
		assertUsed(claim(server(new Properties())));
	}

	@Test
	void oneServerOfClusterThatEvictsAnyKeyIsEnoughToBeRefused() {
		assertRefused(claim(cluster(Mono.just(memory("allkeys-lru")))));
	}

	@Test
	void serverOfClusterThatHasDiedIsNotAsked() {
		assertUsed(claim(cluster(Mono.error(new RedisConnectionFailureException("Connection refused")))));
	}

	@Test
	void serverOfClusterThatHangsIsNotWaitedFor() {
		StepVerifier.withVirtualTime(() -> claim(cluster(Mono.never())))
			.thenAwait(TIMEOUT)
			.expectNextCount(1)
			.expectComplete()
			.verify(TIMEOUT);
	}

	private static void assertRefused(Mono<ChunkStore> claim) {
		StepVerifier.create(claim)
			.expectErrorSatisfies(
					(failure) -> assertThat(failure).isInstanceOf(StoreUnavailableException.class)
						.hasMessageContaining("the server evicts any key when its memory is full "
								+ "(maxmemory-policy=allkeys-lru)."))
			.verify(TIMEOUT);
	}

	private static void assertUsed(Mono<ChunkStore> claim) {
		StepVerifier.create(claim).expectNextCount(1).expectComplete().verify(TIMEOUT);
	}

	private static Properties memory(String policy) {
		Properties memory = new Properties();
		memory.put("used_memory", "1");
		memory.put("maxmemory_policy", policy);
		return memory;
	}

	private static ReactiveRedisConnection server(Properties memory) {
		ReactiveServerCommands commands = mock();
		given(commands.info("memory")).willReturn(Mono.just(memory));
		ReactiveRedisConnection connection = mock();
		given(connection.serverCommands()).willReturn(commands);
		return connection;
	}

	private static ReactiveRedisConnection cluster(Mono<Properties> answerOfOther) {
		ReactiveClusterServerCommands commands = mock();
		given(commands.info(ALIVE, "memory")).willReturn(Mono.just(memory("noeviction")));
		given(commands.info(OTHER, "memory")).willReturn(answerOfOther);
		ReactiveRedisClusterConnection connection = mock();
		given(connection.clusterGetNodes()).willReturn(Flux.just(ALIVE, OTHER));
		given(connection.serverCommands()).willReturn(commands);
		return connection;
	}

	private static Mono<ChunkStore> claim(ReactiveRedisConnection connection) {
		given(connection.closeLater()).willReturn(Mono.empty());
		ReactiveRedisConnectionFactory connections = mock();
		given(connections.getReactiveConnection()).willReturn(connection);
		return new RedisChunkVolume(connections, "disk").claim(new VolumeClaim("me", true, TIMEOUT, false));
	}

}
