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

import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.ReadRequest;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Fuseable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoOperator;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Copies the bytes that a method returns into the buffer of the read, when they come.
 */
final class ReadAnswer extends MonoOperator<Object, Void> {

	private final ReadRequest request;

	private final String method;

	private ReadAnswer(Mono<?> bytes, ReadRequest request, String method) {
		super(bytes);
		this.request = request;
		this.method = method;
	}

	/**
	 * Returns a Mono that completes when the request is filled.
	 * @param bytes what {@link ReadBytes} knows; released, whatever becomes of them
	 * @param request what is asked for
	 * @param method the name of the method, for errors
	 */
	static Mono<Void> of(Mono<?> bytes, ReadRequest request, String method) {
		if (!(bytes instanceof Fuseable.ScalarCallable<?> present)) {
			return new ReadAnswer(bytes, request, method);
		}
		try {
			ReadBytes.copy(present.call(), request, method);
			return Mono.empty();
		}
		catch (Exception ex) {
			return Mono.error(ex);
		}
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		this.source.subscribe(new Copier(actual));
	}

	private final class Copier implements CoreSubscriber<Object>, Subscription {

		private final CoreSubscriber<? super Void> actual;

		private @Nullable Subscription upstream;

		private boolean done;

		private boolean cancelled;

		Copier(CoreSubscriber<? super Void> actual) {
			this.actual = actual;
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			if (Operators.validate(this.upstream, subscription)) {
				this.upstream = subscription;
				this.actual.onSubscribe(this);
			}
		}

		@Override
		public void onNext(Object bytes) {
			if (this.done) {
				ReadBytes.discard(bytes);
				return;
			}
			this.done = true;
			try {
				if (!copyUnlessCancelled(bytes)) {
					return;
				}
			}
			catch (BlockIoException | RuntimeException | Error ex) {
				this.actual.onError(ex);
				return;
			}
			this.actual.onComplete();
		}

		/**
		 * Locked, so that nothing is copied after a cancel has returned. It may come from
		 * a timeout around this disk, after which the buffer serves another request.
		 */
		private synchronized boolean copyUnlessCancelled(Object bytes) throws BlockIoException {
			if (this.cancelled) {
				ReadBytes.discard(bytes);
				return false;
			}
			ReadBytes.copy(bytes, ReadAnswer.this.request, ReadAnswer.this.method);
			return true;
		}

		@Override
		public void onError(Throwable failure) {
			if (this.done) {
				Operators.onErrorDropped(failure, this.actual.currentContext());
				return;
			}
			this.done = true;
			this.actual.onError(failure);
		}

		@Override
		public void onComplete() {
			if (!this.done) {
				this.done = true;
				try {
					ReadBytes.copy(null, ReadAnswer.this.request, ReadAnswer.this.method);
				}
				catch (BlockIoException | RuntimeException ex) {
					this.actual.onError(ex);
				}
			}
		}

		@Override
		public void request(long count) {
			Subscription source = this.upstream;
			if (source != null) {
				source.request(count);
			}
		}

		@Override
		public void cancel() {
			synchronized (this) {
				this.cancelled = true;
			}
			Subscription source = this.upstream;
			if (source != null) {
				source.cancel();
			}
		}

		@Override
		public Context currentContext() {
			return Operators.enableOnDiscard(this.actual.currentContext(), ReadBytes::discard);
		}

	}

}
