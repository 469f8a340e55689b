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

package io.github.ublk4j.spring.r2dbc;

import java.util.UUID;

import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.chunk.ChunkStore;
import io.github.ublk4j.store.chunk.ChunkVolume;
import io.github.ublk4j.store.chunk.VolumeClaim;
import io.github.ublk4j.store.chunk.VolumeDescriptor;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Readable;
import reactor.core.publisher.Mono;

import org.springframework.r2dbc.core.DatabaseClient;

/**
 * A volume in PostgreSQL: a row of {@code ublk_volume}, and a row of {@code ublk_chunk}
 * for each chunk that is not all zeros. The tables are created if they are missing.
 * <p>
 * A chunk is changed by one statement that locks the row of the volume and looks at its
 * token, so a server that has lost the volume changes nothing. A write is durable when it
 * completes, unless {@code synchronous_commit} is off; a flush adds nothing.
 */
public final class R2dbcChunkVolume implements ChunkVolume {

	private static final String[] TABLES = { """
			CREATE TABLE IF NOT EXISTS ublk_volume (
			  name varchar(128) PRIMARY KEY, id uuid NOT NULL, format integer NOT NULL,
			  size bigint NOT NULL, chunk_size integer NOT NULL,
			  token bigint NOT NULL DEFAULT 0, holder text, lease_until timestamptz)
			""", """
			CREATE TABLE IF NOT EXISTS ublk_chunk (
			  volume varchar(128) NOT NULL REFERENCES ublk_volume (name), idx bigint NOT NULL,
			  data bytea NOT NULL, PRIMARY KEY (volume, idx))
			""",
			// parts can then be read without the rest
			"ALTER TABLE ublk_chunk ALTER COLUMN data SET STORAGE EXTERNAL" };

	private final ConnectionFactory connections;

	private final DatabaseClient database;

	private final String name;

	/**
	 * Names a volume. Nothing is opened or made.
	 * @param connections the database, best with a pool; closed by its owner, after the
	 * store
	 * @param name up to 128 characters
	 */
	public R2dbcChunkVolume(ConnectionFactory connections, String name) {
		if (name.isEmpty() || name.length() > 128) {
			throw new IllegalArgumentException(
					"A volume in a database cannot be named '" + name + "'. Use 1 to 128 characters.");
		}
		this.connections = connections;
		this.database = DatabaseClient.create(connections);
		this.name = name;
	}

	@Override
	public Mono<VolumeDescriptor> describe() {
		return requirePostgres().then(tablesExist()).filter((exist) -> exist).flatMap((exist) -> select());
	}

	private Mono<Boolean> tablesExist() {
		return this.database.sql("SELECT to_regclass('ublk_chunk') IS NOT NULL")
			.map((row) -> get(row, 0, Boolean.class))
			.one();
	}

	private Mono<Void> requirePostgres() {
		String product = this.connections.getMetadata().getName();
		return product.equals("PostgreSQL") ? Mono.empty()
				: Mono.error(new StoreUnavailableException(
						"The " + this + " cannot be used: the application's database is " + product + ".",
						"Use PostgreSQL (the driver org.postgresql:r2dbc-postgresql), or another store."));
	}

	private Mono<VolumeDescriptor> select() {
		return this.database.sql("SELECT id, size, chunk_size, format FROM ublk_volume WHERE name = :name")
			.bind("name", this.name)
			.map((row) -> new VolumeDescriptor(get(row, 0, UUID.class), get(row, 1, Long.class),
					get(row, 2, Integer.class), get(row, 3, Integer.class)))
			.one();
	}

	static <T> T get(Readable row, int column, Class<T> type) {
		T value = row.get(column, type);
		if (value == null) {
			throw new IllegalStateException("Column " + column + " of a table of ublk4j is null");
		}
		return value;
	}

	@Override
	public Mono<VolumeDescriptor> createIfAbsent(VolumeDescriptor descriptor) {
		return createTables()
			.then(this.database.sql("""
					INSERT INTO ublk_volume (name, id, format, size, chunk_size)
					VALUES (:name, :id, :format, :size, :chunkSize) ON CONFLICT DO NOTHING
					""")
				.bind("name", this.name)
				.bind("id", descriptor.id())
				.bind("format", descriptor.formatVersion())
				.bind("size", descriptor.size())
				.bind("chunkSize", descriptor.chunkSize())
				.fetch()
				.rowsUpdated())
			.then(select());
	}

	/** Only if they are missing: the user of the application may not be allowed to. */
	private Mono<Void> createTables() {
		Mono<Void> created = Mono.empty();
		for (String table : TABLES) {
			created = created.then(this.database.sql(table).then());
		}
		// two servers that create a table together can fail, in spite of IF NOT EXISTS
		Mono<Void> patient = created.retry(1);
		return tablesExist().flatMap((exist) -> exist ? Mono.empty() : patient);
	}

	@Override
	public Mono<ChunkStore> claim(VolumeClaim claim) {
		if (claim.readOnly()) {
			return Mono.just(new R2dbcChunkStore(this.database, this.name, claim, 0));
		}
		return this.database.sql("""
				UPDATE ublk_volume SET token = token + 1, holder = :holder,
				  lease_until = clock_timestamp() + make_interval(secs => :lease)
				WHERE name = :name AND (holder IS NULL OR lease_until < clock_timestamp() OR :takeOver)
				RETURNING token
				""")
			.bind("holder", claim.holder())
			.bind("lease", R2dbcChunkStore.seconds(claim.lease()))
			.bind("name", this.name)
			.bind("takeOver", claim.takeOver())
			.map((row) -> get(row, 0, Long.class))
			.one()
			.<ChunkStore>map((token) -> new R2dbcChunkStore(this.database, this.name, claim, token))
			.switchIfEmpty(Mono.defer(this::refuse));
	}

	private Mono<ChunkStore> refuse() {
		return this.database.sql("""
				SELECT coalesce(holder, 'another server'),
				  ceil(extract(epoch FROM greatest(lease_until, clock_timestamp()) - clock_timestamp()))::bigint
				FROM ublk_volume WHERE name = :name
				""")
			.bind("name", this.name)
			.map((row) -> new StoreUnavailableException(
					"The " + this + " is served by " + get(row, 0, String.class) + ".",
					"Stop it; if it has died, wait " + row.get(1, Long.class)
							+ " seconds; or take the volume over (chunks.take-over)."))
			.one()
			.flatMap(Mono::error);
	}

	@Override
	public String toString() {
		return "database volume " + this.name;
	}

}
