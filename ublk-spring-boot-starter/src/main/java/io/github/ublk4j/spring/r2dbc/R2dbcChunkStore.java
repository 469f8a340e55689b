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

import java.nio.ByteBuffer;
import java.time.Duration;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.store.chunk.ChunkStore;
import io.github.ublk4j.store.chunk.FencedException;
import io.github.ublk4j.store.chunk.VolumeClaim;
import io.r2dbc.spi.R2dbcException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.r2dbc.core.DatabaseClient.GenericExecuteSpec;

/**
 * Chunks as rows. A change waits for the lock of the row of the volume, so it sees a
 * token that is given out at the same time, or is seen by whoever gives it out.
 */
final class R2dbcChunkStore implements ChunkStore {

	private static final String FENCE = """
			WITH fence AS (SELECT 1 FROM ublk_volume WHERE name = :name AND token = :token FOR SHARE)
			""";

	private static final String PUT = FENCE + """
			INSERT INTO ublk_chunk (volume, idx, data) SELECT :name, :idx, :data FROM fence
			ON CONFLICT (volume, idx) DO UPDATE SET data = excluded.data
			""";

	private static final String DELETE = FENCE + """
			, gone AS (DELETE FROM ublk_chunk WHERE volume = :name AND idx = :idx AND EXISTS (SELECT 1 FROM fence))
			SELECT count(*) FROM fence
			""";

	private final DatabaseClient database;

	private final String name;

	private final VolumeClaim claim;

	private final long token;

	R2dbcChunkStore(DatabaseClient database, String name, VolumeClaim claim, long token) {
		this.database = database;
		this.name = name;
		this.claim = claim;
		this.token = token;
	}

	@Override
	public long token() {
		return this.token;
	}

	@Override
	public Mono<ByteBuffer> get(long index, int offset, int length) {
		return this.database
			.sql("SELECT substring(data FROM :from FOR :length) FROM ublk_chunk WHERE volume = :name AND idx = :idx")
			.bind("from", offset + 1)
			.bind("length", length)
			.bind("name", this.name)
			.bind("idx", index)
			.map((row) -> R2dbcChunkVolume.get(row, 0, ByteBuffer.class))
			.one();
	}

	@Override
	public Flux<Long> existing(long first, long last) {
		return this.database.sql("SELECT idx FROM ublk_chunk WHERE volume = :name AND idx BETWEEN :first AND :last")
			.bind("name", this.name)
			.bind("first", first)
			.bind("last", last)
			.map((row) -> R2dbcChunkVolume.get(row, 0, Long.class))
			.all();
	}

	@Override
	public Mono<Void> put(long token, long index, ByteBuffer chunk) {
		return requireFence(change(PUT, token, index).bind("data", chunk.duplicate()).fetch().rowsUpdated());
	}

	@Override
	public Mono<Void> delete(long token, long index) {
		return requireFence(change(DELETE, token, index).map((row) -> R2dbcChunkVolume.get(row, 0, Long.class)).one());
	}

	private GenericExecuteSpec change(String sql, long token, long index) {
		return this.database.sql(sql).bind("name", this.name).bind("token", token).bind("idx", index);
	}

	private Mono<Void> requireFence(Mono<Long> rows) {
		return rows
			.onErrorMap(R2dbcChunkStore::isFull,
					(failure) -> new BlockIoException(BlockErrno.ENOSPC, "the database has no space left", failure))
			.flatMap((count) -> (count > 0) ? Mono.empty() : fenced());
	}

	private static boolean isFull(Throwable failure) {
		Throwable cause = (failure.getCause() instanceof R2dbcException) ? failure.getCause() : failure;
		// disk_full
		return cause instanceof R2dbcException database && "53100".equals(database.getSqlState());
	}

	private <T> Mono<T> fenced() {
		return this.database.sql("SELECT coalesce(holder, 'nobody') FROM ublk_volume WHERE name = :name")
			.bind("name", this.name)
			.map((row) -> R2dbcChunkVolume.get(row, 0, String.class))
			.one()
			.defaultIfEmpty("nobody, the volume is gone")
			.flatMap((holder) -> Mono.error(new FencedException("it is served by " + holder)));
	}

	@Override
	public Mono<Long> nextToken() {
		return this.database
			.sql("UPDATE ublk_volume SET token = token + 1 WHERE name = :name AND holder = :holder RETURNING token")
			.bind("name", this.name)
			.bind("holder", this.claim.holder())
			.map((row) -> R2dbcChunkVolume.get(row, 0, Long.class))
			.one()
			.switchIfEmpty(Mono.defer(this::fenced));
	}

	@Override
	public Mono<Void> renewLease() {
		return requireFence(this.database.sql("""
				UPDATE ublk_volume SET lease_until = clock_timestamp() + make_interval(secs => :lease)
				WHERE name = :name AND holder = :holder
				""")
			.bind("lease", seconds(this.claim.lease()))
			.bind("name", this.name)
			.bind("holder", this.claim.holder())
			.fetch()
			.rowsUpdated());
	}

	@Override
	public Mono<Void> release() {
		return this.claim.readOnly() ? Mono.empty() : this.database.sql("""
				UPDATE ublk_volume SET holder = NULL, lease_until = NULL WHERE name = :name AND holder = :holder
				""").bind("name", this.name).bind("holder", this.claim.holder()).then();
	}

	static double seconds(Duration duration) {
		return duration.toMillis() / 1000.0;
	}

}
