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

import java.util.function.Supplier;

import io.github.ublk4j.block.BlockIoException;
import reactor.core.publisher.Mono;

/**
 * Later steps of work that holds something, such as a range: they fail as others do when
 * the JVM has no memory. Reactor would throw the error past whoever lets go in the end,
 * to the thread that has ended the step before.
 */
final class Guarded {

	private Guarded() {
	}

	static <T> Mono<T> defer(Supplier<Mono<T>> step) {
		return Mono.defer(() -> {
			try {
				return step.get();
			}
			catch (VirtualMachineError ex) {
				return Mono.error(BlockIoException.ofThrown(ex));
			}
		});
	}

	static Mono<Void> run(Runnable step) {
		return defer(() -> {
			step.run();
			return Mono.empty();
		});
	}

}
