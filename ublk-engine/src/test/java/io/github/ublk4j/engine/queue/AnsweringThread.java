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

import java.util.concurrent.atomic.AtomicReferenceArray;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.ReadRequest;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * Completes requests on a thread of its own, through a ring of subscribers. The thread
 * yields but never sleeps, and allocates nothing.
 */
final class AnsweringThread extends Mono<Void> implements BlockDeviceHandler {

	private final AtomicReferenceArray<@Nullable CoreSubscriber<? super Void>> ring = new AtomicReferenceArray<>(
			2 * EndlessDriver.DEPTH);

	private final Thread thread = new Thread(this::answer, "answerer");

	private int in;

	private volatile boolean stopped;

	AnsweringThread() {
		this.thread.setDaemon(true);
		this.thread.start();
	}

	long threadId() {
		return this.thread.getId();
	}

	void stop() {
		this.stopped = true;
	}

	@Override
	public Mono<Void> read(ReadRequest request) {
		return this;
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> subscriber) {
		subscriber.onSubscribe(Operators.emptySubscription());
		this.ring.set(this.in, subscriber);
		this.in = (this.in + 1) % this.ring.length();
	}

	@SuppressWarnings("ThreadPriorityCheck")
	private void answer() {
		int out = 0;
		while (!this.stopped) {
			CoreSubscriber<? super Void> subscriber = this.ring.getAndSet(out, null);
			if (subscriber != null) {
				out = (out + 1) % this.ring.length();
				subscriber.onComplete();
			}
			else {
				Thread.yield();
			}
		}
	}

}
