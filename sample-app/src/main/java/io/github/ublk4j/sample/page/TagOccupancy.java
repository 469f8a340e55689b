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

package io.github.ublk4j.sample.page;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.metrics.InFlightRequest;

/**
 * Tells for how much of the time each tag of a queue is taken, from samples. Most
 * requests are over long before anybody could look twice.
 */
final class TagOccupancy {

	private final Map<Integer, Taken> taken = new TreeMap<>();

	private int samples;

	void sample(List<InFlightRequest> requests) {
		this.samples++;
		for (InFlightRequest request : requests) {
			this.taken.merge(request.tag(), new Taken(1, request.operation()),
					(before, now) -> new Taken(before.times() + 1, now.operation()));
		}
	}

	/**
	 * Returns the tags that were taken, and begins again.
	 */
	List<Frame.Tag> drain() {
		List<Frame.Tag> tags = this.taken.entrySet()
			.stream()
			.map((entry) -> new Frame.Tag(entry.getKey(), (double) entry.getValue().times() / this.samples,
					entry.getValue().operation()))
			.toList();
		this.taken.clear();
		this.samples = 0;
		return tags;
	}

	private record Taken(int times, BlockOperation operation) {

	}

}
