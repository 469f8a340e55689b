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

package io.github.ublk4j.spring.test;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.engine.HandlerDecorator;
import io.github.ublk4j.engine.InterceptingHandler;
import org.jspecify.annotations.Nullable;
import reactor.core.Fuseable;
import reactor.core.publisher.Mono;

/**
 * Keeps why disks failed requests, of which whoever sent them sees no more than an errno.
 * Any thread.
 */
final class FailedRequests implements HandlerDecorator {

	private final Map<String, Throwable> first = new ConcurrentHashMap<>();

	@Override
	public BlockDeviceHandler decorate(String disk, BlockDeviceHandler handler) {
		return new Watched(disk, handler);
	}

	void forget(String disk) {
		this.first.remove(disk);
	}

	/**
	 * Returns the first failure since the last was forgotten.
	 */
	@Nullable Throwable first(String disk) {
		return this.first.get(disk);
	}

	private final class Watched extends InterceptingHandler {

		private final String disk;

		Watched(String disk, BlockDeviceHandler handler) {
			super(handler);
			this.disk = disk;
		}

		@Override
		protected Mono<Void> intercept(BlockRequest request, Supplier<Mono<Void>> call) {
			try {
				Mono<Void> answer = Objects.requireNonNull(call.get(), "The disk returned null instead of a Mono");
				// the engine does not subscribe to these, and a test must see it like
				// that
				if (answer instanceof Fuseable.ScalarCallable<?> scalar) {
					scalar.call();
					return answer;
				}
				return answer.doOnError(this::keep);
			}
			catch (Throwable ex) {
				keep(ex);
				return Mono.error(ex);
			}
		}

		private void keep(Throwable failure) {
			FailedRequests.this.first.putIfAbsent(this.disk, failure);
		}

	}

}
