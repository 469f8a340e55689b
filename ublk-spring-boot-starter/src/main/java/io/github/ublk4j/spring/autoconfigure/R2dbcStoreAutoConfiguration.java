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
import io.github.ublk4j.spring.r2dbc.R2dbcChunkVolume;
import io.github.ublk4j.store.chunk.ChunkVolume;
import io.r2dbc.spi.ConnectionFactory;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.r2dbc.core.DatabaseClient;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for {@code store: r2dbc:<volume>},
 * with the PostgreSQL database of the application.
 */
@AutoConfiguration(afterName = "org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration")
@ConditionalOnClass({ ConnectionFactory.class, DatabaseClient.class })
public final class R2dbcStoreAutoConfiguration {

	R2dbcStoreAutoConfiguration() {
	}

	@Bean
	@ConditionalOnBean(ConnectionFactory.class)
	@ConditionalOnMissingBean(name = "r2dbcBlockStoreFactory")
	BlockStoreFactory r2dbcBlockStoreFactory(ConnectionFactory connections) {
		return new ChunkStoreFactory("r2dbc", "<volume>", "Check spring.r2dbc.* and the database.") {

			@Override
			ChunkVolume volume(String name) {
				return new R2dbcChunkVolume(connections, name);
			}

		};
	}

}
