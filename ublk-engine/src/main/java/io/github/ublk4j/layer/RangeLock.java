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

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockIoException;

/**
 * Orders requests that touch the same bytes, without a thread that waits. Shared claims
 * of a range go together; an exclusive one waits for all earlier claims that overlap it,
 * and all later ones wait for it. Nobody is overtaken by a claim that it conflicts with,
 * so that nobody starves.
 * <p>
 * Work that has begun runs to its end, also when whoever asked for it has cancelled: the
 * range is free when the store below has let go of it, not when nobody waits any more.
 * Errors of the JVM that come when it is made or begun, such as a heap that is full, fail
 * it like others: Reactor would throw them past whoever waits for its end, and the range
 * would be held for ever.
 */
public final class RangeLock {

	/** In the order of arrival. There are as many as requests in flight. */
	private final List<Claim> claims = new ArrayList<>();

	private final Queue<Claim> ready = new ConcurrentLinkedQueue<>();

	private final AtomicInteger granting = new AtomicInteger();

	/**
	 * Creates a lock of which every range is free.
	 */
	public RangeLock() {
	}

	/**
	 * Does work beside other shared work of the range.
	 * @param offset where the range begins
	 * @param length bytes
	 * @param work makes what is done when the range is free
	 * @return the end of the work
	 */
	public Mono<Void> shared(long offset, long length, Supplier<Mono<Void>> work) {
		return locked(offset, length, false, work);
	}

	/**
	 * Does work while nobody else does any in the range.
	 * @param offset where the range begins
	 * @param length bytes
	 * @param work makes what is done when the range is free
	 * @return the end of the work
	 */
	public Mono<Void> exclusive(long offset, long length, Supplier<Mono<Void>> work) {
		return locked(offset, length, true, work);
	}

	private Mono<Void> locked(long offset, long length, boolean exclusive, Supplier<Mono<Void>> work) {
		return Mono.defer(() -> {
			Claim claim = new Claim(offset, length, exclusive, work);
			if (isFree(claim)) {
				begin(claim);
			}
			return Mono.fromFuture(claim.done, true);
		});
	}

	private boolean isFree(Claim claim) {
		synchronized (this.claims) {
			for (Claim earlier : this.claims) {
				if (earlier.conflictsWith(claim)) {
					claim.obstacles++;
				}
			}
			this.claims.add(claim);
			return claim.obstacles == 0;
		}
	}

	private void begin(Claim claim) {
		try {
			claim.work.get().subscribe(null, (failure) -> end(claim, failure), () -> end(claim, null));
		}
		catch (Throwable ex) {
			end(claim, BlockIoException.ofThrown(ex));
		}
	}

	/** May be called again when what follows the end of a claim fails. */
	private void end(Claim claim, @Nullable Throwable failure) {
		try {
			if (failure == null) {
				claim.done.complete(null);
			}
			else {
				claim.done.completeExceptionally(failure);
			}
		}
		finally {
			release(claim);
		}
	}

	private void release(Claim claim) {
		List<Claim> free = new ArrayList<>();
		synchronized (this.claims) {
			Iterator<Claim> later = this.claims.iterator();
			boolean passed = false;
			while (later.hasNext()) {
				Claim other = later.next();
				if (other == claim) {
					later.remove();
					passed = true;
				}
				else if (passed && claim.conflictsWith(other) && --other.obstacles == 0) {
					free.add(other);
				}
			}
		}
		this.ready.addAll(free);
		grant();
	}

	/**
	 * Begins what is free to begin. Work that ends at once frees more; it is begun by the
	 * loop, and not from within the work that ended, which would take a stack as deep as
	 * the line is long.
	 */
	private void grant() {
		if (this.granting.getAndIncrement() != 0) {
			return;
		}
		int missed = 1;
		try {
			while (missed != 0) {
				for (Claim next = this.ready.poll(); next != null; next = this.ready.poll()) {
					begin(next);
				}
				missed = this.granting.addAndGet(-missed);
			}
		}
		finally {
			if (missed != 0) {
				// an error of the JVM: let the next one to be released go on
				this.granting.set(0);
			}
		}
	}

	private static final class Claim {

		private final long offset;

		private final long length;

		private final boolean exclusive;

		private final Supplier<Mono<Void>> work;

		private final CompletableFuture<Void> done = new CompletableFuture<>();

		private int obstacles;

		Claim(long offset, long length, boolean exclusive, Supplier<Mono<Void>> work) {
			this.offset = offset;
			this.length = length;
			this.exclusive = exclusive;
			this.work = work;
		}

		boolean conflictsWith(Claim other) {
			return (this.exclusive || other.exclusive) && this.offset < other.offset + other.length
					&& other.offset < this.offset + this.length;
		}

	}

}
