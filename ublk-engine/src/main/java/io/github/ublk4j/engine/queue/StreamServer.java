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

package io.github.ublk4j.engine.queue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;

import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.BlockRequestStream;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Schedulers;

/**
 * Emits the requests of a queue to a {@link BlockRequestStream}. Requests without demand
 * wait in a ring of as many places as the queue has tags; the loop alone emits.
 */
final class StreamServer extends Flux<BlockRequest> implements RequestServer, Subscription {

	private final RequestLoop home;

	private final BlockRequestStream stream;

	private static final AtomicLongFieldUpdater<StreamServer> DEMAND = AtomicLongFieldUpdater
		.newUpdater(StreamServer.class, "demand");

	private static final long REASON_PATIENCE_MILLIS = 50;

	@SuppressWarnings("UnusedVariable") // through DEMAND
	private volatile long demand;

	private final IoRequest[] waiting;

	private int first;

	private int count;

	private boolean emitting;

	private volatile boolean stopped;

	private volatile boolean cancelled;

	// whether nobody has told in time why
	private volatile boolean cancelledForNoReason;

	private volatile @Nullable CoreSubscriber<? super BlockRequest> subscriber;

	private @Nullable Disposable pipeline;

	StreamServer(RequestLoop home, BlockRequestStream stream, int depth) {
		this.home = home;
		this.stream = stream;
		this.waiting = new IoRequest[depth];
	}

	@Override
	public void start() {
		Mono<Void> served = this.stream.serve(this);
		if (served == null) {
			throw new IllegalStateException(CodeName.of(this.stream, "stream") + " returned null instead of a Mono");
		}
		this.pipeline = served.subscribe(null, this::ended, () -> ended(null));
	}

	private void ended(@Nullable Throwable failure) {
		if (this.stopped) {
			return;
		}
		this.home.serverEnded(
				"The request stream of queue " + this.home.index() + " "
						+ ((failure != null) ? "failed: " + failure : "completed") + " before its device stopped",
				failure);
	}

	@Override
	public void subscribe(CoreSubscriber<? super BlockRequest> actual) {
		synchronized (this) {
			if (this.subscriber != null) {
				Operators.error(actual, new IllegalStateException("The requests of queue " + this.home.index()
						+ " have a subscriber already; use share() to have several"));
				return;
			}
			this.subscriber = actual;
		}
		actual.onSubscribe(this);
	}

	@Override
	public void request(long n) {
		if (Operators.validate(n)) {
			Operators.addCap(DEMAND, this, n);
			this.home.progressPossible();
		}
	}

	/**
	 * Reported a little later: an operator that fails cancels first, and tells why
	 * afterwards.
	 */
	@Override
	public void cancel() {
		this.cancelled = true;
		if (this.home.isLoopThread()) {
			reportCancel();
		}
		else {
			Schedulers.parallel().schedule(this::reportCancel, REASON_PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
		}
	}

	private void reportCancel() {
		this.cancelledForNoReason = true;
		this.home.progressPossible();
	}

	@Override
	public void serve(IoRequest request) {
		if (this.count == this.waiting.length) {
			forgetInactive();
		}
		this.waiting[(this.first + this.count) % this.waiting.length] = request;
		this.count++;
		progress();
	}

	// Requests that are taken away while they wait leave their tags to others; of those
	// that are active there are never more than tags
	private void forgetInactive() {
		int all = this.count;
		this.count = 0;
		for (int i = 0; i < all; i++) {
			IoRequest request = this.waiting[(this.first + i) % this.waiting.length];
			if (request.isActive()) {
				this.waiting[(this.first + this.count) % this.waiting.length] = request;
				this.count++;
			}
		}
	}

	@Override
	public void progress() {
		CoreSubscriber<? super BlockRequest> actual = this.subscriber;
		// a request() from inside onNext() must not emit from inside it
		if (this.emitting || actual == null) {
			return;
		}
		this.emitting = true;
		try {
			while (this.count > 0 && !this.cancelled && this.demand > 0) {
				IoRequest request = this.waiting[this.first];
				this.first = (this.first + 1) % this.waiting.length;
				this.count--;
				if (request.isActive()) {
					Operators.produced(DEMAND, this, 1);
					emit(actual, request);
				}
			}
		}
		finally {
			this.emitting = false;
		}
		if (this.cancelledForNoReason && !this.stopped) {
			this.home.serverEnded("The request stream of queue " + this.home.index() + " cancelled its requests", null);
		}
	}

	private void emit(CoreSubscriber<? super BlockRequest> actual, IoRequest request) {
		try {
			actual.onNext(request);
		}
		// Reactor lets fatal errors through; they must not end the queue
		catch (Throwable ex) {
			request.failWith(ex);
			ended(ex);
		}
	}

	@Override
	public void stop() {
		CoreSubscriber<? super BlockRequest> actual = this.subscriber;
		this.stopped = true;
		if (!this.cancelled && actual != null) {
			actual.onComplete();
		}
		if (this.pipeline != null) {
			this.pipeline.dispose();
		}
	}

	@Override
	public boolean streamed() {
		return true;
	}

}
