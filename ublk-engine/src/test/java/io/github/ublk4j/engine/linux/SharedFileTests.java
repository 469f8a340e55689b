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

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link SharedFile} and {@link LostWrites}.
 */
class SharedFileTests {

	private final AtomicInteger released = new AtomicInteger();

	private final SharedFile file = new SharedFile("disk.img", 42, this.released::incrementAndGet);

	@Test
	void descriptorIsClosedOnceWhenTheLastUseHasEnded() {
		assertThat(this.file.use()).isEqualTo(42);
		this.file.use();
		this.file.close();
		this.file.close();
		this.file.endUse();
		assertThat(this.released).hasValue(0);
		this.file.endUse();
		assertThat(this.released).hasValue(1);
		this.file.close();
		assertThat(this.released).hasValue(1);
	}

	@Test
	void unusedFileIsClosedAtOnceAndRefusesUseByName() {
		this.file.close();
		assertThat(this.released).hasValue(1);
		assertThatIllegalStateException().isThrownBy(this.file::use)
			.withMessage("disk.img is closed; stop the disk before its file or store");
	}

	@Test
	void retiredFileStaysOpen() {
		this.file.use();
		this.file.retire();
		assertThat(this.file.isRetired()).isTrue();
		assertThat(this.file.isUnused()).isFalse();
		assertThat(this.file.awaitUnused(Duration.ofMillis(20))).isFalse();
		this.file.endUse();
		assertThat(this.file.awaitUnused(Duration.ZERO)).isTrue();
		assertThat(this.released).hasValue(0);
		assertThatIllegalStateException().isThrownBy(this.file::use);
		this.file.close();
		assertThat(this.released).hasValue(1);
	}

	@Test
	void endOfTheLastUseEndsTheWait() throws Exception {
		this.file.use();
		this.file.retire();
		CompletableFuture<Boolean> unused = CompletableFuture
			.supplyAsync(() -> this.file.awaitUnused(Duration.ofSeconds(30)));
		assertThat(unused).isNotDone();
		this.file.endUse();
		assertThat(unused.get(10, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void interruptDoesNotEndTheWait() {
		this.file.use();
		this.file.retire();
		Thread.currentThread().interrupt();
		assertThat(this.file.awaitUnused(Duration.ofMillis(20))).isFalse();
		assertThat(Thread.interrupted()).isTrue();
	}

	@Test
	void listenerHearsOnceOfTheRetirementUnlessItIsRemoved() {
		AtomicInteger heard = new AtomicInteger();
		Runnable listener = heard::incrementAndGet;
		Runnable removed = heard::incrementAndGet;
		this.file.addListener(listener);
		this.file.addListener(removed);
		this.file.removeListener(removed);
		this.file.retire();
		this.file.close();
		assertThat(heard).hasValue(1);
	}

	@Test
	void noUseBeginsOnADescriptorThatIsClosed() throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(2);
		for (int i = 0; i < 2000; i++) {
			AtomicBoolean closed = new AtomicBoolean();
			SharedFile contended = new SharedFile("contended", 1, () -> closed.set(true));
			Future<Boolean> user = threads.submit(() -> {
				try {
					contended.use();
				}
				catch (IllegalStateException ex) {
					return true;
				}
				boolean open = !closed.get();
				contended.endUse();
				return open;
			});
			threads.submit(contended::close).get(10, TimeUnit.SECONDS);
			assertThat(user.get(10, TimeUnit.SECONDS)).isTrue();
			assertThat(closed).isTrue();
		}
		threads.shutdown();
	}

	@Test
	void firstLostWriteIsRemembered() {
		assertThat(this.file.lostWrites().first()).isNull();
		IllegalStateException first = new IllegalStateException("EIO");
		this.file.lostWrites().add(first);
		this.file.lostWrites().add(new IllegalStateException("ENOSPC"));
		assertThat(this.file.lostWrites().first()).isSameAs(first);
		assertThat(LostWrites.explain(first)).startsWith("an earlier flush failed (EIO) and writes");
	}

}
