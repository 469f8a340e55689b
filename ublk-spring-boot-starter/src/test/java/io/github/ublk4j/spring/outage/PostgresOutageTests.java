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

package io.github.ublk4j.spring.outage;

import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.postgresql.PostgreSQLContainer;

import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisReactiveAutoConfiguration;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;

/**
 * Of a PostgreSQL.
 */
class PostgresOutageTests extends AbstractContainerOutageTests {

	@Container
	@ServiceConnection
	private static final PostgreSQLContainer server = Servers.postgres();

	PostgresOutageTests() {
		super(server, "r2dbc:", DataRedisAutoConfiguration.class, DataRedisReactiveAutoConfiguration.class);
	}

}
