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

package io.github.ublk4j.store.chunk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what only the store of chunks in a directory itself is asked for.
 */
class DirectoryChunkStoreTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	@TempDir
	private Path directory = Path.of("");

	@Test
	void nothingChangesAfterTheDirectoryWasGivenUp() throws Exception {
		Path chunks = Files.createDirectory(this.directory.resolve("chunks"));
		// does not end with the claim, like a thread of it that is late
		DirectoryChunkStore store = new DirectoryChunkStore(chunks, DirectoryLock.acquire(this.directory, "the test"),
				List.of(), Schedulers.immediate());
		long token = store.token();
		store.put(token, 0, ByteBuffer.allocate(512)).block(TIMEOUT);
		store.release().block(TIMEOUT);

		StepVerifier.create(store.delete(token, 0)).expectError(IOException.class).verify(TIMEOUT);
		StepVerifier.create(store.put(token, 1, ByteBuffer.allocate(512)))
			.expectError(IOException.class)
			.verify(TIMEOUT);
		StepVerifier.create(store.nextToken()).expectError(IOException.class).verify(TIMEOUT);
		assertThat(store.existing(0, 2).collectList().block(TIMEOUT)).containsExactly(0L);
	}

}
