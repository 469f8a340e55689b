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

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * Completes the requests of one queue on a thread of its own, through a ring of
 * subscribers, at no more cost than it takes. Allocates nothing.
 */
public final class AnsweringThread extends Mono<Void> implements BlockDeviceHandler {

	// as many as a queue can have in flight
	private final AtomicReferenceArray<@Nullable CoreSubscriber<? super Void>> ring = new AtomicReferenceArray<>(4096);

	private final AtomicBoolean sleeping = new AtomicBoolean();

	private final Thread thread = new Thread(this::answer, "answerer");

	private int in;

	private volatile boolean stopped;

	/**
	 * Starts the thread.
	 */
	public AnsweringThread() {
		this.thread.setDaemon(true);
		this.thread.start();
	}

	long threadId() {
		return this.thread.getId();
	}

	void stop() {
		this.stopped = true;
		LockSupport.unpark(this.thread);
	}

	@Override
	public Mono<Void> read(ReadRequest request) {
		return this;
	}

	@Override
	public Mono<Void> write(WriteRequest request) {
		return this;
	}

	@Override
	public boolean fillsReadBuffers() {
		return true;
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> subscriber) {
		subscriber.onSubscribe(Operators.emptySubscription());
		this.ring.set(this.in, subscriber);
		this.in = (this.in + 1) % this.ring.length();
		if (this.sleeping.get() && this.sleeping.compareAndSet(true, false)) {
			LockSupport.unpark(this.thread);
		}
	}

	private void answer() {
		int out = 0;
		while (!this.stopped) {
			CoreSubscriber<? super Void> subscriber = this.ring.getAndSet(out, null);
			if (subscriber != null) {
				out = (out + 1) % this.ring.length();
				subscriber.onComplete();
			}
			else {
				sleep(out);
			}
		}
	}

	private void sleep(int out) {
		this.sleeping.set(true);
		while (this.sleeping.get() && this.ring.get(out) == null && !this.stopped) {
			LockSupport.park(this);
		}
		this.sleeping.set(false);
	}

}
