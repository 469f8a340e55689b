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

package io.github.ublk4j.spring.autoconfigure;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;

import io.github.ublk4j.block.BlockRequest;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Scheduler;

/**
 * Calls a method that may block, on a scheduler, once per subscription. Its result is
 * emitted even if the subscription is cancelled meanwhile: the subscriber may have to
 * release it, which {@code Mono.fromCallable(...).subscribeOn(...)} does not let it do.
 *
 * @param <T> what the method returns
 */
final class BlockingCall<T> extends Mono<T> {

	private final Call<T> call;

	private final BlockRequest request;

	private final Scheduler scheduler;

	BlockingCall(Call<T> call, BlockRequest request, Scheduler scheduler) {
		this.call = call;
		this.request = request;
		this.scheduler = scheduler;
	}

	@Override
	public void subscribe(CoreSubscriber<? super T> actual) {
		actual.onSubscribe(new Execution(actual));
	}

	/**
	 * A method.
	 *
	 * @param <T> what it returns
	 */
	@FunctionalInterface
	interface Call<T> {

		@Nullable T on(BlockRequest request) throws Throwable;

	}

	private final class Execution extends AtomicReference<@Nullable Disposable> implements Subscription, Runnable {

		private static final long serialVersionUID = 1L;

		private final transient CoreSubscriber<? super T> actual;

		private transient boolean requested;

		Execution(CoreSubscriber<? super T> actual) {
			this.actual = actual;
		}

		@Override
		public void request(long count) {
			if (!Operators.validate(count) || this.requested) {
				return;
			}
			this.requested = true;
			try {
				Disposable task = BlockingCall.this.scheduler.schedule(this);
				if (!compareAndSet(null, task)) {
					task.dispose();
				}
			}
			catch (RejectedExecutionException ex) {
				this.actual.onError(Operators.onRejectedExecution(ex, this.actual.currentContext()));
			}
		}

		@Override
		public void run() {
			T result;
			try {
				result = BlockingCall.this.call.on(BlockingCall.this.request);
			}
			// whatever it is, the request must end
			catch (Throwable ex) {
				this.actual.onError(ex);
				return;
			}
			if (result != null) {
				this.actual.onNext(result);
			}
			this.actual.onComplete();
		}

		@Override
		public void cancel() {
			Disposable task = getAndSet(Disposables.disposed());
			if (task != null) {
				task.dispose();
			}
		}

	}

}
