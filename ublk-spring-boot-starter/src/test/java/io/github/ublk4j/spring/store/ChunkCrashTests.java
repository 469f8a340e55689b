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
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.github.ublk4j.spring.LocalServer;
import io.github.ublk4j.spring.TestS3;
import io.github.ublk4j.spring.r2dbc.R2dbcChunkVolume;
import io.github.ublk4j.spring.redis.RedisChunkVolume;
import io.github.ublk4j.spring.s3.S3ChunkVolume;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.ChunkVolume;
import io.github.ublk4j.store.chunk.DirectoryChunkVolume;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The process that serves a disk of chunks is killed in the middle of its writes, again
 * and again, and another one opens the volume at once, when requests of the first may
 * still be on their way. What was flushed is there; each block that was written since has
 * the whole of what it had before or of one of these writes.
 */
@Tag("servers")
class ChunkCrashTests {

	private static final Logger logger = LoggerFactory.getLogger(ChunkCrashTests.class);

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	// 128 and the number of SIGKILL
	private static final int KILLED = 137;

	private static final int ROUNDS = 4;

	private static final int LONGEST_LIFE = 1500;

	private final long seed = Long.getLong("ublk.test.seed", System.nanoTime());

	private final Random random = new Random(this.seed);

	private final String name = UUID.randomUUID().toString();

	/** The numbers of the writes that each block may have, the latest last. */
	private final List<List<Long>> possible = IntStream.range(0, CrashingServer.BLOCKS)
		.mapToObj((block) -> new ArrayList<>(List.of(0L)))
		.collect(Collectors.toList());

	@TempDir
	private Path directory = Path.of("");

	@Test
	void volumeInADirectoryKeepsWhatWasFlushed() throws Exception {
		Path volume = this.directory.resolve("volume");
		keepsWhatWasFlushed(DirectoryChunkVolume.at(volume), "directory", "0", volume.toString());
	}

	@Test
	void volumeInRedisKeepsWhatWasFlushed() throws Exception {
		int port = LocalServer.redis().port();
		LettuceConnectionFactory connections = CrashingServer.redis(port);
		try {
			keepsWhatWasFlushed(new RedisChunkVolume(connections, this.name), "redis", String.valueOf(port), this.name);
		}
		finally {
			connections.destroy();
		}
	}

	@Test
	void volumeInPostgresKeepsWhatWasFlushed() throws Exception {
		int port = LocalServer.postgres().port();
		ChunkVolume volume = new R2dbcChunkVolume(CrashingServer.postgres(port), this.name);
		keepsWhatWasFlushed(volume, "r2dbc", String.valueOf(port), this.name);
	}

	@Test
	@Tag("s3")
	void volumeInS3KeepsWhatWasFlushed() throws Exception {
		ChunkVolume volume = new S3ChunkVolume(TestS3.client(), TestS3.BUCKET, this.name);
		keepsWhatWasFlushed(volume, "s3", String.valueOf(LocalServer.moto().port()), this.name);
	}

	private void keepsWhatWasFlushed(ChunkVolume volume, String... where) throws Exception {
		logger.info("{} is killed at moments of -Dublk.test.seed={}", volume, this.seed);
		for (int round = 0; round < ROUNDS; round++) {
			Path journal = this.directory.resolve("journal-" + round);
			runAndKill(journal, round * 1_000_000L, where);
			learn(notes(journal));
			try (ChunkBlockStore store = CrashingServer.open(volume)) {
				byte[] found = content(store);
				settle(found, "round " + round + " with -Dublk.test.seed=" + this.seed);
				assertThat(content(store)).as("whether a request of the dead process took effect").isEqualTo(found);
			}
		}
	}

	private void runAndKill(Path journal, long first, String... where) throws Exception {
		Path output = this.directory.resolve("output");
		List<String> command = new ArrayList<>(List.of(
				Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
				"-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"), CrashingServer.class.getName(),
				journal.toString(), String.valueOf(first), String.valueOf(this.random.nextLong())));
		command.addAll(List.of(where));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
		try {
			Awaitility.await().atMost(PATIENCE).until(() -> hasFlushed(journal) || !process.isAlive());
			Thread.sleep(this.random.nextInt(LONGEST_LIFE));
		}
		finally {
			process.destroyForcibly();
		}
		assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
		assertThat(process.exitValue()).as(() -> "the end of the process, which printed " + read(output))
			.isEqualTo(KILLED);
	}

	private static boolean hasFlushed(Path journal) throws IOException {
		return Files.exists(journal) && notes(journal).stream().anyMatch(Note::isFlush);
	}

	/** The last one may not be whole. */
	private static List<Note> notes(Path journal) throws IOException {
		ByteBuffer content = ByteBuffer.wrap(Files.readAllBytes(journal));
		return IntStream.range(0, content.remaining() / CrashingServer.NOTE)
			.mapToObj((i) -> new Note((int) content.getLong(), content.getLong()))
			.toList();
	}

	private void learn(List<Note> notes) {
		for (Note note : notes) {
			if (!note.isFlush()) {
				this.possible.get(note.what()).add(note.number());
				continue;
			}
			for (int block = 0; block < CrashingServer.BLOCKS; block++) {
				if (CrashingServer.flushOf(block) == note.what()) {
					List<Long> had = this.possible.get(block);
					had.subList(0, had.size() - 1).clear();
				}
			}
		}
	}

	private void settle(byte[] content, String what) {
		for (int block = 0; block < CrashingServer.BLOCKS; block++) {
			int at = block;
			byte[] found = Arrays.copyOfRange(content, at * CrashingServer.BLOCK, (at + 1) * CrashingServer.BLOCK);
			List<Long> numbers = this.possible.get(at);
			List<Long> same = numbers.stream()
				.filter((number) -> Arrays.equals(found, CrashingServer.content(at, number)))
				.toList();
			assertThat(same)
				.as(() -> "%s: block %d may have been written by %s, and begins with the numbers %s".formatted(what, at,
						numbers, Arrays.toString(Arrays.copyOf(found, 16))))
				.isNotEmpty();
			numbers.retainAll(same);
		}
	}

	private static byte[] content(ChunkBlockStore store) {
		ByteBuffer content = ByteBuffer.allocate(CrashingServer.BLOCKS * CrashingServer.BLOCK);
		store.read(0, content).block(PATIENCE);
		return content.array();
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * What a server has noted.
	 *
	 * @param what the block that it was about to write, or a negative number for a flush
	 * @param number the number of the write, or of the last one before the flush
	 */
	private record Note(int what, long number) {

		boolean isFlush() {
			return this.what < 0;
		}

	}

}
