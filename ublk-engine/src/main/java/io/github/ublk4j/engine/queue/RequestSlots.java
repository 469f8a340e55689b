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

import java.util.ArrayList;
import java.util.List;

import io.github.ublk4j.metrics.InFlightRequest;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a queue that are being served, by tag. Changed by the loop alone.
 */
final class RequestSlots {

	private final @Nullable IoRequest[] requests;

	RequestSlots(int depth) {
		this.requests = new IoRequest[depth];
	}

	int depth() {
		return this.requests.length;
	}

	@Nullable IoRequest get(int tag) {
		return this.requests[tag];
	}

	void put(int tag, IoRequest request) {
		this.requests[tag] = request;
	}

	void remove(int tag) {
		this.requests[tag] = null;
	}

	/**
	 * Describes the requests. Any thread: one that begins or ends meanwhile may be
	 * missing.
	 */
	List<InFlightRequest> describe() {
		List<InFlightRequest> found = new ArrayList<>();
		long now = System.nanoTime();
		for (IoRequest request : this.requests) {
			InFlightRequest served = (request != null) ? request.inFlight(now) : null;
			if (served != null) {
				found.add(served);
			}
		}
		return found;
	}

	/**
	 * Takes requests whose time of arrival is not known for new. Called by the loop.
	 * @param from the first time that stands for an unknown one
	 * @param now the time
	 */
	void arrivedNow(long from, long now) {
		for (IoRequest request : this.requests) {
			if (request != null && RequestTimes.isApproximate(request.arrivedAt()) && request.arrivedAt() - from >= 0) {
				request.arrivedAt(now);
			}
		}
	}

	/**
	 * Returns whether a request seems to have been there for longer than some time. Any
	 * thread: the loop looks again.
	 */
	boolean anyOlderThan(long nanos) {
		long now = System.nanoTime();
		for (IoRequest request : this.requests) {
			if (request != null && now - request.arrivedAt() >= nanos) {
				return true;
			}
		}
		return false;
	}

}
