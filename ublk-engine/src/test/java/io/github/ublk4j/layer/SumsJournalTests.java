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

package io.github.ublk4j.layer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import static io.github.ublk4j.layer.TestBytes.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

class SumsJournalTests {

	private static final int BLOCK = 512;

	private final BlockSums sums = new BlockSums(BLOCK);

	private Path path;

	private FailingChannel channel;

	private SumsJournal journal;

	SumsJournalTests(@TempDir Path directory) throws IOException {
		this.path = Files.createFile(directory.resolve("sums"));
		this.channel = new FailingChannel(this.path);
		this.journal = SumsJournal.open(SumsFile.open(this.path, () -> this.channel, BLOCK), this.sums, 2);
	}

	@BeforeEach
	void change() {
		this.journal.marked(0, 1, () -> Mono.fromRunnable(() -> this.sums.put(0, new int[] { 5 }))).block(PATIENCE);
	}

	private void flush() {
		this.journal.flushed(Mono::empty).block(PATIENCE);
	}

	/** Returns whether the sum of the block would be known after a crash. */
	private boolean isSaved() throws IOException {
		Path copy = Files.createTempFile(this.path.getParent(), "copy", "");
		Files.write(copy, Files.readAllBytes(this.path));
		BlockSums loaded = new BlockSums(BLOCK);
		SumsJournal crashed = SumsJournal.open(copy, loaded, BLOCK, BLOCK);
		crashed.close(crashed.stop());
		return loaded.isKnown(0);
	}

	private void failToSave() {
		this.channel.fail(true);
		flush();
		flush();
		Awaitility.await().until(() -> this.channel.failures() > 0);
		this.channel.fail(false);
	}

	@Test
	void laterFlushSavesWhatAnEarlierOneCouldNot() throws IOException {
		failToSave();
		assertThat(isSaved()).isFalse();
		flush();
		Awaitility.await().until(this::isSaved);
		this.journal.close(this.journal.stop());
	}

	@Test
	void closeSavesWhatFlushesCouldNot() throws IOException {
		failToSave();
		this.journal.close(this.journal.stop());
		assertThat(isSaved()).isTrue();
	}

	@Test
	void sumThatIsLearnedAfterAFlushBeganIsNotSavedByIt() throws IOException {
		flush();
		Sinks.Empty<Void> second = Sinks.empty();
		this.journal.flushed(second::asMono).subscribe();
		// of a write that had failed before, and has landed now
		this.journal.learned(0);
		second.tryEmitEmpty();
		this.journal.marked(BlockSums.REGION, 1, Mono::empty).block(PATIENCE);
		assertThat(isSaved()).isFalse();
		this.journal.close(this.journal.stop());
		assertThat(isSaved()).isTrue();
	}

}
