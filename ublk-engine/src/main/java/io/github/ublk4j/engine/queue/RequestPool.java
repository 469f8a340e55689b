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

import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;

import io.github.ublk4j.block.BlockOperation;

/**
 * Recycles the request objects of a queue, so that a request costs no allocation. Used by
 * the loop alone.
 * <p>
 * A finished object stays out of use until {@value #QUARANTINE} later ones have finished:
 * code that keeps a request too long gets an exception instead of the next request.
 */
final class RequestPool {

	static final int QUARANTINE = 256;

	private final BlockQueue home;

	private final Map<BlockOperation, Queue<IoRequest>> finished = new EnumMap<>(BlockOperation.class);

	RequestPool(BlockQueue home) {
		this.home = home;
		for (BlockOperation operation : BlockOperation.values()) {
			this.finished.put(operation, new ArrayDeque<>());
		}
	}

	IoRequest take(BlockOperation operation) {
		Queue<IoRequest> candidates = finished(operation);
		return (candidates.size() > QUARANTINE) ? candidates.remove() : IoRequest.create(this.home, operation);
	}

	void giveBack(IoRequest request) {
		request.retire();
		finished(request.kind()).add(request);
	}

	private Queue<IoRequest> finished(BlockOperation operation) {
		return Objects.requireNonNull(this.finished.get(operation));
	}

}
