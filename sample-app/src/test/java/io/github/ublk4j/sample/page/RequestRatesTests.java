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
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.github.ublk4j.block.BlockOperation;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Rates of a disk, from its meters.
 */
class RequestRatesTests {

	private static final Duration HALF_A_SECOND = Duration.ofMillis(500);

	private static final Set<BlockOperation> READ = EnumSet.of(BlockOperation.READ);

	private final MeterRegistry registry = new SimpleMeterRegistry();

	private final AtomicLong reads = new AtomicLong(1000);

	private final AtomicLong failedReads = new AtomicLong(10);

	@Test
	void ratesAreOfTheTimeSinceTheLastOnes() {
		registerFunctions();
		RequestRates rates = new RequestRates(this.registry, "scratch");
		this.reads.addAndGet(50);
		this.failedReads.addAndGet(2);
		assertThat(rates.next(READ, HALF_A_SECOND))
			.containsExactly(new Frame.Operation(BlockOperation.READ, 104, 4, 50 * 4096 * 2, 1, 2, 3, 4));
		assertThat(rates.next(READ, HALF_A_SECOND))
			.containsExactly(new Frame.Operation(BlockOperation.READ, 0, 0, 0, 0, 0, 0, 0));
	}

	@Test
	void timersWithPercentilesCountToo() {
		Timer timer = this.registry.timer("ublk.requests", "device", "scratch", "operation", "write_zeroes", "outcome",
				"success");
		RequestRates rates = new RequestRates(this.registry, "scratch");
		timer.record(3, TimeUnit.MILLISECONDS);
		assertThat(rates.next(EnumSet.of(BlockOperation.WRITE_ZEROES), HALF_A_SECOND))
			.extracting(Frame.Operation::requests)
			.containsExactly(2.0);
	}

	@Test
	void diskThatBeganAgainHasNoNegativeRates() {
		registerFunctions();
		RequestRates rates = new RequestRates(this.registry, "scratch");
		this.reads.set(4);
		this.failedReads.set(0);
		assertThat(rates.next(READ, HALF_A_SECOND))
			.containsExactly(new Frame.Operation(BlockOperation.READ, 8, 0, 4 * 4096 * 2, 1, 2, 3, 4));
	}

	@Test
	void operationsComeInTheirOrderAlsoWithoutMeters() {
		List<Frame.Operation> rates = new RequestRates(this.registry, "scratch")
			.next(Set.of(BlockOperation.DISCARD, BlockOperation.READ, BlockOperation.FLUSH), HALF_A_SECOND);
		assertThat(rates).extracting(Frame.Operation::operation)
			.containsExactly(BlockOperation.READ, BlockOperation.FLUSH, BlockOperation.DISCARD);
		assertThat(rates).extracting(Frame.Operation::requests).containsOnly(0.0);
	}

	@Test
	void otherDisksDoNotCount() {
		registerFunctions();
		RequestRates rates = new RequestRates(this.registry, "archive");
		this.reads.addAndGet(50);
		assertThat(rates.next(READ, HALF_A_SECOND)).extracting(Frame.Operation::requests).containsExactly(0.0);
	}

	// every read takes 1, 2, 3 and 4 microseconds in its stages
	private void registerFunctions() {
		requests("success", this.reads);
		requests("error", this.failedReads);
		FunctionCounter.builder("ublk.bytes", this.reads, (count) -> count.get() * 4096.0)
			.tags("device", "scratch", "operation", "read")
			.register(this.registry);
		List<String> stages = List.of("dispatch", "handler", "handover", "commit");
		for (int i = 0; i < stages.size(); i++) {
			int micros = i + 1;
			FunctionTimer
				.builder("ublk.request.stage", this.reads, (reads) -> reads.get() + this.failedReads.get(),
						(reads) -> micros * (double) (reads.get() + this.failedReads.get()), TimeUnit.MICROSECONDS)
				.tags("device", "scratch", "operation", "read", "stage", stages.get(i))
				.register(this.registry);
		}
	}

	private void requests(String outcome, AtomicLong count) {
		FunctionTimer
			.builder("ublk.requests", count, AtomicLong::get, (number) -> 10.0 * number.get(), TimeUnit.MICROSECONDS)
			.tags("device", "scratch", "operation", "read", "outcome", outcome)
			.register(this.registry);
	}

}
