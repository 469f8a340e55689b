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

import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.spring.BlockDevices;
import io.micrometer.core.instrument.MeterRegistry;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * The frames of the page. All pages share one observer of the disks, which is there as
 * long as somebody watches; a page that is slow misses frames.
 */
@Component
class LiveFrames {

	/** How often the tags of the queues are looked at. */
	private static final Duration SAMPLE = Duration.ofMillis(25);

	private static final int SAMPLES_PER_FRAME = 20;

	private final Sinks.Empty<Void> closed = Sinks.empty();

	private final Flux<Frame> frames;

	LiveFrames(BlockDevices devices, MeterRegistry registry, ObjectProvider<SimulatedUblk> simulated) {
		this.frames = Flux
			.using(() -> new DiskObserver(devices, registry, simulated.getIfAvailable() != null), LiveFrames::frames,
					DiskObserver::close)
			.share();
	}

	private static Flux<Frame> frames(DiskObserver observer) {
		return Flux.interval(SAMPLE, Schedulers.boundedElastic())
			.onBackpressureDrop()
			.doOnNext((tick) -> observer.sample())
			.filter((tick) -> (tick + 1) % SAMPLES_PER_FRAME == 0)
			.map((tick) -> observer.frame());
	}

	/**
	 * Returns the frames from now on.
	 * @return two a second, until the application closes
	 */
	Flux<Frame> all() {
		return this.frames.onBackpressureLatest().takeUntilOther(this.closed.asMono());
	}

	/**
	 * Lets go of the pages: a graceful shutdown waits for every response to end.
	 */
	@EventListener(ContextClosedEvent.class)
	void close() {
		this.closed.tryEmitEmpty();
	}

}
