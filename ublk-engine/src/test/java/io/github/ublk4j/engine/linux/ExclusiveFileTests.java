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

package io.github.ublk4j.engine.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.github.ublk4j.engine.linux.ExclusiveFile.TakenException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

class ExclusiveFileTests {

	private final List<FileChannel> opened = new ArrayList<>();

	@TempDir
	private Path directory;

	private FileChannel open() throws IOException {
		FileChannel channel = FileChannel.open(this.directory.resolve("file"), StandardOpenOption.CREATE,
				StandardOpenOption.READ, StandardOpenOption.WRITE);
		this.opened.add(channel);
		return channel;
	}

	private ExclusiveFile take() throws Exception {
		return ExclusiveFile.take("key", this::open, false);
	}

	@Test
	void fileThatThisProcessHasIsNotOpenedAgain() throws Exception {
		try (ExclusiveFile file = take()) {
			file.channel().write(ByteBuffer.wrap(new byte[] { 1, 2, 3 }));
			assertThatExceptionOfType(TakenException.class).isThrownBy(this::take)
				.matches(TakenException::isByThisProcess);
			assertThat(ExclusiveFile.lookAt("key", this::open, FileChannel::size)).isEqualTo(3);
			assertThat(this.opened).containsExactly(file.channel());
		}
		assertThat(ExclusiveFile.lookAt("key", this::open, FileChannel::size)).isEqualTo(3);
		assertThat(this.opened).hasSize(2).noneMatch(FileChannel::isOpen);
		take().close();
	}

	@Test
	void fileThatIsLockedAlreadyIsClosedAgain() throws Exception {
		try (FileChannel other = open()) {
			assertThat(other.lock()).isNotNull();
			assertThatExceptionOfType(TakenException.class).isThrownBy(this::take)
				.matches((ex) -> !ex.isByThisProcess());
			assertThat(this.opened).hasSize(2);
			assertThat(this.opened.get(1).isOpen()).isFalse();
		}
		take().close();
	}

	@Test
	void fileThatIsSlowToOpenHoldsUpNoOther() throws Exception {
		CountDownLatch opening = new CountDownLatch(1);
		CountDownLatch answered = new CountDownLatch(1);
		CompletableFuture<ExclusiveFile> slow = CompletableFuture.supplyAsync(() -> {
			try {
				return ExclusiveFile.take("slow", () -> {
					opening.countDown();
					await(answered);
					return open();
				}, false);
			}
			catch (IOException | TakenException ex) {
				throw new IllegalStateException(ex);
			}
		});
		await(opening);
		Path other = this.directory.resolve("other");
		ExclusiveFile
			.take("other", () -> FileChannel.open(other, StandardOpenOption.CREATE, StandardOpenOption.WRITE), false)
			.close();
		assertThat(slow).isNotDone();
		answered.countDown();
		slow.get(10, TimeUnit.SECONDS).close();
	}

	private static void await(CountDownLatch latch) throws IOException {
		try {
			if (!latch.await(10, TimeUnit.SECONDS)) {
				throw new IOException("not reached");
			}
		}
		catch (InterruptedException ex) {
			throw new IOException(ex);
		}
	}

	@Test
	void fileThatCannotBeOpenedIsNotTaken() throws Exception {
		assertThatIOException().isThrownBy(() -> ExclusiveFile.take("key", () -> {
			throw new IOException("no");
		}, false)).withMessage("no");
		take().close();
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void lockIsThereForOtherProcessesUntilTheEnd() throws Exception {
		ExclusiveFile file = take();
		assertThat(isLocked()).isTrue();
		file.close();
		file.close();
		assertThat(isLocked()).isFalse();
	}

	@Test
	void closeOfAnEarlierOneLeavesTheNextAlone() throws Exception {
		ExclusiveFile first = take();
		first.close();
		try (ExclusiveFile second = take()) {
			first.close();
			assertThat(second.channel().isOpen()).isTrue();
			assertThatExceptionOfType(TakenException.class).isThrownBy(this::take);
		}
	}

	private boolean isLocked() throws IOException {
		long inode = (Long) Files.getAttribute(this.directory.resolve("file"), "unix:ino");
		return Files.readAllLines(Path.of("/proc/locks"))
			.stream()
			.anyMatch((line) -> line.contains(":" + inode + " ") && line.contains(" POSIX "));
	}

}
