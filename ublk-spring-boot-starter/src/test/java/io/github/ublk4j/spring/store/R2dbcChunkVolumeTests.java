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

import io.github.ublk4j.spring.LocalServer;
import io.github.ublk4j.spring.r2dbc.R2dbcChunkVolume;
import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.ChunkVolume;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * A disk in a real PostgreSQL.
 */
class R2dbcChunkVolumeTests extends AbstractChunkVolumeTests {

	private static @Nullable ConnectionPool pool;

	private static ConnectionFactory connections(String user) {
		return ConnectionFactories
			.get("r2dbc:postgresql://" + user + "@127.0.0.1:" + LocalServer.postgres().port() + "/postgres");
	}

	private static ConnectionPool pool() {
		ConnectionPool connections = pool;
		if (connections == null) {
			connections = new ConnectionPool(
					ConnectionPoolConfiguration.builder(connections("postgres")).maxSize(10).build());
			pool = connections;
		}
		return connections;
	}

	@AfterAll
	static void disconnect() {
		if (pool != null) {
			pool.dispose();
			pool = null;
		}
	}

	@Override
	ChunkVolume volume(String name) {
		return new R2dbcChunkVolume(pool(), name);
	}

	@Test
	void connectionsThatBreakAreNotSeen() {
		ChunkBlockStore store = open(builder());
		end(store.write(0, ByteBuffer.wrap(bytes(1, 4096))));

		DatabaseClient.create(pool())
			.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
					+ "AND backend_type = 'client backend'")
			.fetch()
			.all()
			.blockLast(TIMEOUT);
		end(store.write(512, ByteBuffer.wrap(bytes(2, 4096))));
		store.close();
	}

	@Test
	void chunksThatAreZeroHaveNoRow() {
		ChunkBlockStore store = open(builder());
		end(store.write(0, ByteBuffer.wrap(bytes(1, 100_000))));
		assertThat(rows()).isEqualTo(7);

		end(store.discard(0, store.size()));
		assertThat(rows()).isZero();
		store.close();
	}

	private long rows() {
		return await(DatabaseClient.create(pool())
			.sql("SELECT count(*) FROM ublk_chunk WHERE volume = :name")
			.bind("name", this.name)
			.map((row) -> (Long) row.get(0))
			.one());
	}

	@Test
	void tablesOfAnAdministratorAreUsed() {
		open(builder()).close();
		DatabaseClient administrator = DatabaseClient.create(pool());
		String user = "user_" + this.name.substring(0, 8);
		end(administrator.sql("CREATE ROLE " + user + " LOGIN").then());
		end(administrator.sql("GRANT SELECT, INSERT, UPDATE, DELETE ON ublk_volume, ublk_chunk TO " + user).then());

		ChunkBlockStore store = open(
				ChunkBlockStore.of(new R2dbcChunkVolume(connections(user), "of " + user)).size(1 << 20));
		end(store.write(0, ByteBuffer.wrap(bytes(1, 512))));
		end(store.discard(0, 512));
		store.close();
	}

	@Test
	void otherDatabaseIsRefused() {
		ConnectionFactory other = new ConnectionFactory() {

			@Override
			public Publisher<? extends Connection> create() {
				return Mono.error(new IllegalStateException("not asked"));
			}

			@Override
			public ConnectionFactoryMetadata getMetadata() {
				return () -> "H2";
			}

		};
		assertThatExceptionOfType(StoreUnavailableException.class)
			.isThrownBy(() -> open(ChunkBlockStore.of(new R2dbcChunkVolume(other, "x")).size(4096)))
			.withMessageContaining("the application's database is H2. Use PostgreSQL");
	}

	@Test
	void nameMustFitIntoTheTable() {
		assertThatIllegalArgumentException().isThrownBy(() -> volume("x".repeat(129)))
			.withMessageContaining("Use 1 to 128 characters");
	}

}
