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

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.ublk4j.store.chunk.ChunkStore;
import io.github.ublk4j.store.chunk.VolumeClaim;
import io.lettuce.core.RedisCommandExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.data.redis.RedisSystemException;
import org.springframework.data.redis.connection.ReactiveRedisConnection;
import org.springframework.data.redis.connection.ReactiveRedisConnectionFactory;
import org.springframework.data.redis.connection.ReactiveScriptingCommands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Servers refuse requests for a while: those of a cluster that moves the keys of a volume
 * one by one, or of which one has died, and those that miss their replicas.
 */
class RefusalTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private final AtomicInteger requests = new AtomicInteger();

	@ParameterizedTest
	@ValueSource(strings = { "TRYAGAIN Multiple keys request during rehashing of slot",
			"CLUSTERDOWN The cluster is down", "NOREPLICAS Not enough good replicas to write. script: 1f2e",
			"ERR Error running script (call to f_1f2e): @user_script:5: -NOREPLICAS Not enough good replicas to write" })
	void writeWaitsUntilItIsServed(String refusal) {
		StepVerifier.create(store(5, refusal).put(1, 7, ByteBuffer.allocate(512))).expectComplete().verify(TIMEOUT);
		assertThat(this.requests).hasValue(6);
	}

	@Test
	void writeThatFailsIsNotRepeatedHere() {
		StepVerifier
			.create(store(5, "WRONGTYPE Operation against a key holding the wrong kind of value").put(1, 7,
					ByteBuffer.allocate(512)))
			.expectError()
			.verify(TIMEOUT);
		assertThat(this.requests).hasValue(1);
	}

	@Test
	void writeThatNobodyWaitsForIsNotRepeated() throws Exception {
		ChunkStore store = store(Integer.MAX_VALUE, "CLUSTERDOWN The cluster is down");
		StepVerifier.create(store.put(1, 7, ByteBuffer.allocate(512)))
			.thenAwait(Duration.ofMillis(200))
			.thenCancel()
			.verify(TIMEOUT);
		int asked = this.requests.get();
		Thread.sleep(200);
		assertThat(this.requests).hasValue(asked);
	}

	private ChunkStore store(int refused, String refusal) {
		ReactiveScriptingCommands commands = mock();
		given(commands.eval(any(), any(), anyInt(), any(ByteBuffer[].class)))
			.willAnswer((call) -> (this.requests.getAndIncrement() < refused) ? Flux.error(answer(refusal))
					: Flux.just(RedisScripts.utf8("stored")));
		ReactiveRedisConnection connection = mock();
		given(connection.scriptingCommands()).willReturn(commands);
		given(connection.closeLater()).willReturn(Mono.empty());
		ReactiveRedisConnectionFactory connections = mock();
		given(connections.getReactiveConnection()).willReturn(connection);
		return new RedisChunkStore(new RedisScripts(connections, "ublk:{disk}:"),
				new VolumeClaim("me", false, TIMEOUT, false), 1);
	}

	private static RuntimeException answer(String error) {
		return new RedisSystemException("Error in execution", new RedisCommandExecutionException(error));
	}

}
