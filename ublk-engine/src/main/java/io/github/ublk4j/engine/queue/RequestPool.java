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

import io.github.ublk4j.block.BlockOperation;
import org.jspecify.annotations.Nullable;

/**
 * Recycles the request objects of a queue, so that a request costs no allocation. Used by
 * the loop alone.
 * <p>
 * A finished object stays out of use until {@value #QUARANTINE} later ones have finished:
 * code that keeps a request too long gets an exception instead of the next request.
 */
final class RequestPool {

	static final int QUARANTINE = 256;

	private final RequestLoop home;

	private final Finished reads = new Finished();

	private final Finished writes = new Finished();

	private final Finished flushes = new Finished();

	private final Finished discards = new Finished();

	private final Finished writeZeroes = new Finished();

	RequestPool(RequestLoop home) {
		this.home = home;
	}

	IoRequest take(BlockOperation operation) {
		IoRequest oldest = finished(operation).oldestReleased();
		return (oldest != null) ? oldest : IoRequest.create(this.home, operation);
	}

	void giveBack(IoRequest request) {
		request.retire();
		finished(request.kind()).add(request);
	}

	private Finished finished(BlockOperation operation) {
		return switch (operation) {
			case READ -> this.reads;
			case WRITE -> this.writes;
			case FLUSH -> this.flushes;
			case DISCARD -> this.discards;
			case WRITE_ZEROES -> this.writeZeroes;
		};
	}

	/**
	 * The finished requests of one operation, in the order of their end: a ring in an
	 * array, whose length is a power of two.
	 */
	private static final class Finished {

		private @Nullable IoRequest[] ring = new IoRequest[2 * QUARANTINE];

		private int head;

		private int tail;

		@Nullable IoRequest oldestReleased() {
			if (this.tail - this.head <= QUARANTINE) {
				return null;
			}
			int index = this.head++ & (this.ring.length - 1);
			IoRequest oldest = this.ring[index];
			this.ring[index] = null;
			return oldest;
		}

		void add(IoRequest request) {
			if (this.tail - this.head == this.ring.length) {
				grow();
			}
			this.ring[this.tail++ & (this.ring.length - 1)] = request;
		}

		private void grow() {
			IoRequest[] larger = new IoRequest[2 * this.ring.length];
			int count = this.tail - this.head;
			for (int i = 0; i < count; i++) {
				larger[i] = this.ring[(this.head + i) & (this.ring.length - 1)];
			}
			this.ring = larger;
			this.head = 0;
			this.tail = count;
		}

	}

}
