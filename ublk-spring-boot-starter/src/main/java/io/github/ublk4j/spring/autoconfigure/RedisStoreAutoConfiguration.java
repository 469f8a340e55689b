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

import io.github.ublk4j.spring.BlockStoreFactory;
import io.github.ublk4j.spring.redis.RedisChunkVolume;
import io.github.ublk4j.store.chunk.ChunkVolume;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.data.redis.connection.ReactiveRedisConnectionFactory;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for {@code store: redis:<volume>},
 * with the Redis connection of the application.
 */
@AutoConfiguration(afterName = "org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration")
@ConditionalOnClass(ReactiveRedisConnectionFactory.class)
public final class RedisStoreAutoConfiguration {

	RedisStoreAutoConfiguration() {
	}

	@Bean
	@ConditionalOnBean(ReactiveRedisConnectionFactory.class)
	@ConditionalOnMissingBean(name = "redisBlockStoreFactory")
	BlockStoreFactory redisBlockStoreFactory(ReactiveRedisConnectionFactory connections) {
		return new ChunkStoreFactory("redis", "<volume>", "Check spring.data.redis.* and the server.") {

			@Override
			ChunkVolume volume(String name) {
				return new RedisChunkVolume(connections, name);
			}

		};
	}

}
