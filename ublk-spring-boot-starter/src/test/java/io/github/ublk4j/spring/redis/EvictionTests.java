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
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.data.redis.connection.ReactiveRedisConnection;
import org.springframework.data.redis.connection.ReactiveRedisConnectionFactory;
import org.springframework.data.redis.connection.ReactiveServerCommands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * What a volume in Redis makes of the policy of its servers.
 */
class EvictionTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private final Properties memory = new Properties();

	@ParameterizedTest
	@ValueSource(strings = { "maxmemory_policy", "10.0.0.2:6379.maxmemory_policy", "[::1]:6379.maxmemory_policy" })
	void oneServerThatEvictsAnyKeyIsEnoughToBeRefused(String property) {
		this.memory.put("10.0.0.1:6379.maxmemory_policy", "noeviction");
		this.memory.put("10.0.0.3:6379.maxmemory_policy", "noeviction");
		this.memory.put(property, "allkeys-lfu");
		StepVerifier.create(claim())
			.expectErrorSatisfies(
					(failure) -> assertThat(failure).isInstanceOf(StoreUnavailableException.class)
						.hasMessageContaining("the server evicts any key when its memory is full "
								+ "(maxmemory-policy=allkeys-lfu)."))
			.verify(TIMEOUT);
	}

	@Test
	void serversThatEvictKeysWhichExpireAreUsed() {
		this.memory.put("10.0.0.1:6379.maxmemory_policy", "volatile-lru");
		this.memory.put("10.0.0.1:6379.used_memory", "1");
		StepVerifier.create(claim()).expectNextCount(1).expectComplete().verify(TIMEOUT);
	}

	@Test
	void serverThatDoesNotTellIsUsed() {
		StepVerifier.create(claim()).expectNextCount(1).expectComplete().verify(TIMEOUT);
	}

	private Mono<ChunkStore> claim() {
		ReactiveServerCommands commands = mock();
		given(commands.info("memory")).willReturn(Mono.just(this.memory));
		ReactiveRedisConnection connection = mock();
		given(connection.serverCommands()).willReturn(commands);
		given(connection.closeLater()).willReturn(Mono.empty());
		ReactiveRedisConnectionFactory connections = mock();
		given(connections.getReactiveConnection()).willReturn(connection);
		return new RedisChunkVolume(connections, "disk").claim(new VolumeClaim("me", true, TIMEOUT, false));
	}

}
