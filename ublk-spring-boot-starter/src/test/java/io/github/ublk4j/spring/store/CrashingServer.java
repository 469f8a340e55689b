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

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import io.github.ublk4j.spring.TestS3;
import io.github.ublk4j.spring.r2dbc.R2dbcChunkVolume;
import io.github.ublk4j.spring.redis.RedisChunkVolume;
import io.github.ublk4j.spring.s3.S3ChunkVolume;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.ChunkVolume;
import io.github.ublk4j.store.chunk.DirectoryChunkVolume;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * Writes a disk of chunks until it is killed, from several threads. Each has blocks of
 * its own in every chunk, and notes in the journal what it is about to write, and what it
 * has flushed.
 */
final class CrashingServer {

	static final int BLOCK = 4096;

	static final int BLOCKS = 64;

	/** Bytes of a note. */
	static final int NOTE = 2 * Long.BYTES;

	private static final int CHUNK = 4 * BLOCK;

	private static final int WRITERS = 4;

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private final ChunkBlockStore store;

	private final FileChannel journal;

	private CrashingServer(ChunkBlockStore store, FileChannel journal) {
		this.store = store;
		this.journal = journal;
	}

	/**
	 * Runs it.
	 * @param arguments the journal, a number below those of all writes, a seed, the kind
	 * of volume, the port of its server and its name
	 */
	public static void main(String[] arguments) throws IOException {
		// without Spring, everything is logged
		LoggingSystem.get(CrashingServer.class.getClassLoader())
			.setLogLevel(LoggingSystem.ROOT_LOGGER_NAME, LogLevel.WARN);
		ChunkVolume volume = volume(arguments[3], Integer.parseInt(arguments[4]), arguments[5]);
		try (FileChannel journal = FileChannel.open(Path.of(arguments[0]), StandardOpenOption.CREATE,
				StandardOpenOption.APPEND)) {
			CrashingServer server = new CrashingServer(open(volume), journal);
			Random seeds = new Random(Long.parseLong(arguments[2]));
			CompletableFuture<?>[] writers = IntStream.range(0, WRITERS)
				.mapToObj((writer) -> server.start(writer, Long.parseLong(arguments[1]), new Random(seeds.nextLong())))
				.toArray(CompletableFuture[]::new);
			CompletableFuture.anyOf(writers).join();
		}
	}

	/** The lease of the one that was killed has not ended. */
	static ChunkBlockStore open(ChunkVolume volume) {
		return ChunkBlockStore.of(volume)
			.size(BLOCKS * BLOCK)
			.chunkSize(CHUNK)
			.takeOver(true)
			.open()
			.blockOptional(TIMEOUT)
			.orElseThrow();
	}

	private static ChunkVolume volume(String kind, int port, String name) {
		return switch (kind) {
			case "directory" -> DirectoryChunkVolume.at(Path.of(name));
			case "redis" -> new RedisChunkVolume(redis(port), name);
			case "r2dbc" -> new R2dbcChunkVolume(postgres(port), name);
			case "s3" -> new S3ChunkVolume(TestS3.client(port), TestS3.BUCKET, name);
			default -> throw new IllegalArgumentException(kind);
		};
	}

	static ConnectionFactory postgres(int port) {
		return ConnectionFactories.get("r2dbc:postgresql://postgres@127.0.0.1:" + port + "/postgres");
	}

	static LettuceConnectionFactory redis(int port) {
		LettuceConnectionFactory connections = new LettuceConnectionFactory(
				new RedisStandaloneConfiguration("127.0.0.1", port));
		connections.afterPropertiesSet();
		connections.start();
		return connections;
	}

	/** Returns what is noted when the writer of a block has flushed. */
	static int flushOf(int block) {
		return -1 - block % WRITERS;
	}

	/** Returns what a write makes of a block: zeros for a discard. */
	static byte[] content(int block, long number) {
		ByteBuffer content = ByteBuffer.allocate(BLOCK);
		while (!isDiscard(number) && content.hasRemaining()) {
			content.putLong(block).putLong(number);
		}
		return content.array();
	}

	private static boolean isDiscard(long number) {
		return number % 8 == 0;
	}

	private CompletableFuture<?> start(int writer, long first, Random random) {
		return CompletableFuture.runAsync(() -> write(writer, first, random),
				(task) -> new Thread(task, "writer").start());
	}

	private void write(int writer, long first, Random random) {
		List<Integer> blocks = new ArrayList<>();
		for (int block = writer; block < BLOCKS; block += WRITERS) {
			blocks.add(block);
		}
		long number = first;
		while (true) {
			for (int i = random.nextInt(3); i >= 0; i--) {
				Collections.shuffle(blocks, random);
				long before = number;
				int together = 1 + random.nextInt(3);
				Flux.range(0, together).flatMap((at) -> write(blocks.get(at), before + 1 + at)).then().block(TIMEOUT);
				number += together;
			}
			this.store.flush().block(TIMEOUT);
			note(flushOf(writer), number);
		}
	}

	private Mono<Void> write(int block, long number) {
		note(block, number);
		long offset = (long) block * BLOCK;
		return isDiscard(number) ? this.store.discard(offset, BLOCK)
				: this.store.write(offset, ByteBuffer.wrap(content(block, number)));
	}

	/** A process that is killed leaves what it has written to a file. */
	private void note(long what, long number) {
		try {
			this.journal.write(ByteBuffer.allocate(NOTE).putLong(what).putLong(number).flip());
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
