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

import java.util.concurrent.CompletableFuture;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Tests for {@link Guarded}: a step that finds no memory, when the one before it ends.
 */
class GuardedTests {

	private final RangeLock lock = new RangeLock();

	private final Sinks.Empty<Void> stepBefore = Sinks.empty();

	@Test
	void stepWithoutMemoryFailsAndLetsGo() {
		assertFailsAndLetsGo(Guarded.run(() -> {
			throw new OutOfMemoryError("of the test");
		}));
	}

	@Test
	void workThatCannotBeMadeFailsAndLetsGo() {
		assertFailsAndLetsGo(Guarded.defer(() -> {
			throw new OutOfMemoryError("of the test");
		}));
	}

	private void assertFailsAndLetsGo(Mono<Void> step) {
		CompletableFuture<Void> work = this.lock.exclusive(0, 512, () -> this.stepBefore.asMono().then(step))
			.toFuture();
		CompletableFuture<Void> next = this.lock.exclusive(0, 512, Mono::empty).toFuture();
		assertThat(next).isNotDone();

		assertThatNoException().isThrownBy(this.stepBefore::tryEmitEmpty);

		assertThatExceptionOfType(Exception.class).isThrownBy(work::join)
			.havingCause()
			.isInstanceOfSatisfying(BlockIoException.class,
					(failure) -> assertThat(failure.errno()).isEqualTo(BlockErrno.ENOMEM));
		assertThat(next).isCompleted();
	}

}
