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

import java.time.Duration;
import java.util.List;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.metrics.InFlightRequest;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How long the tags of a queue are taken.
 */
class TagOccupancyTests {

	private final TagOccupancy occupancy = new TagOccupancy();

	@Test
	void shareIsThePartOfTheSamples() {
		this.occupancy.sample(List.of(request(3, BlockOperation.READ), request(1, BlockOperation.WRITE)));
		this.occupancy.sample(List.of(request(3, BlockOperation.FLUSH)));
		this.occupancy.sample(List.of(request(3, BlockOperation.FLUSH)));
		this.occupancy.sample(List.of());
		assertThat(this.occupancy.drain()).containsExactly(new Frame.Tag(1, 0.25, BlockOperation.WRITE),
				new Frame.Tag(3, 0.75, BlockOperation.FLUSH));
	}

	@Test
	void samplesBeginAgain() {
		this.occupancy.sample(List.of(request(3, BlockOperation.READ)));
		this.occupancy.drain();
		assertThat(this.occupancy.drain()).isEmpty();
		this.occupancy.sample(List.of(request(2, BlockOperation.READ)));
		assertThat(this.occupancy.drain()).containsExactly(new Frame.Tag(2, 1, BlockOperation.READ));
	}

	private static InFlightRequest request(int tag, BlockOperation operation) {
		return new InFlightRequest(tag, operation, 0, 4096, Duration.ZERO);
	}

}
