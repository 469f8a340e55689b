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

package io.github.ublk4j.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.metrics.AnsweredRequests;
import io.github.ublk4j.metrics.QueueMetrics;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The requests that watchers of a device see.
 */
class ObservedQueueTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final ObservedQueue queue = new ObservedQueue(3, QueueMetrics.NONE, () -> {
	});

	@Test
	void nothingIsMeasuredUntilSomebodyWatches() {
		assertThat(this.queue.observing()).isFalse();
		StepVerifier.create(this.queue.activity())
			.then(() -> assertThat(this.queue.observing()).isTrue())
			.thenCancel()
			.verify(PATIENCE);
		assertThat(this.queue.observing()).isFalse();
	}

	@Test
	void watcherSeesEveryRequestThatItHasAskedFor() {
		StepVerifier.create(this.queue.activity(), 2)
			.then(() -> this.queue.answered(new Reads(4096, 8192, 12288)))
			.assertNext((activity) -> {
				assertThat(activity.queue()).isEqualTo(3);
				assertThat(activity.operation()).isEqualTo(BlockOperation.READ);
				assertThat(activity.offset()).isEqualTo(4096);
				assertThat(activity.length()).isEqualTo(512);
				assertThat(activity.succeeded()).isTrue();
				assertThat(activity.total()).isEqualTo(Duration.ofNanos(1 + 2 + 3 + 4));
			})
			.assertNext((activity) -> assertThat(activity.offset()).isEqualTo(8192))
			.then(() -> this.queue.ended())
			.expectComplete()
			.verify(PATIENCE);
	}

	@Test
	void metricsThatFailLeaveWatchersAlone() {
		ObservedQueue measured = new ObservedQueue(0, (requests) -> {
			throw new IllegalStateException("test");
		}, () -> {
		});
		StepVerifier.create(measured.activity())
			.then(() -> measured.answered(new Reads(0)))
			.expectNextCount(1)
			.then(() -> measured.answered(new Reads(512)))
			.expectNextCount(1)
			.then(measured::ended)
			.expectComplete()
			.verify(PATIENCE);
		assertThat(measured.observing()).isFalse();
	}

	@Test
	void metricsSeeWhatWatchersSee() {
		List<Integer> sizes = new ArrayList<>();
		ObservedQueue measured = new ObservedQueue(0, (requests) -> sizes.add(requests.size()), () -> {
		});
		assertThat(measured.observing()).isTrue();
		measured.answered(new Reads(0, 512));
		assertThat(sizes).containsExactly(2);
	}

	private record Reads(List<Long> offsets) implements AnsweredRequests {

		Reads(long... offsets) {
			this(Arrays.stream(offsets).boxed().toList());
		}

		@Override
		public int size() {
			return this.offsets.size();
		}

		@Override
		public BlockOperation operation(int index) {
			return BlockOperation.READ;
		}

		@Override
		public long offset(int index) {
			return this.offsets.get(index);
		}

		@Override
		public long length(int index) {
			return 512;
		}

		@Override
		public int errno(int index) {
			return 0;
		}

		@Override
		public boolean handedOver(int index) {
			return false;
		}

		@Override
		public long dispatchNanos(int index) {
			return 1;
		}

		@Override
		public long handlerNanos(int index) {
			return 2;
		}

		@Override
		public long handoverNanos(int index) {
			return 3;
		}

		@Override
		public long commitNanos(int index) {
			return 4;
		}

	}

}
