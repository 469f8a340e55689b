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

package io.github.ublk4j.sample.simulated;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;

import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.context.SmartLifecycle;

/**
 * Uses the disks of the simulated driver, since nobody else can: {@code scratch} around
 * places that wander, {@code archive} from one end to the other, and {@code remote}
 * everywhere.
 */
final class GeneratedLoad implements SmartLifecycle {

	private static final int BLOCK = 4096;

	// of a disk: what is paused holds no more than these
	private static final int REQUESTS_AT_A_TIME = 40;

	private final SimulatedUblk ublk;

	private long archived;

	private volatile @Nullable Disposable load;

	GeneratedLoad(SimulatedUblk ublk) {
		this.ublk = ublk;
	}

	@Override
	public void start() {
		this.load = Flux
			.merge(every(Duration.ofMillis(2), "scratch", GeneratedLoad::wander),
					every(Duration.ofMillis(8), "archive", this::append),
					every(Duration.ofMillis(1), "remote", GeneratedLoad::scatter))
			.subscribe();
	}

	// an error is for the page to show
	private Flux<?> every(Duration period, String disk, Function<SimulatedDisk, Mono<?>> request) {
		return Flux.interval(period)
			.onBackpressureDrop()
			.flatMap((tick) -> Mono.defer(() -> request.apply(this.ublk.disk(disk))).onErrorComplete(),
					REQUESTS_AT_A_TIME);
	}

	private static Mono<?> wander(SimulatedDisk disk) {
		ThreadLocalRandom random = ThreadLocalRandom.current();
		double seconds = System.nanoTime() / 1e9;
		boolean read = random.nextInt(3) > 0;
		double center = 0.5 + (read ? 0.35 * Math.sin(seconds / 11) : 0.4 * Math.cos(seconds / 17));
		long offset = block(disk, center + random.nextGaussian() * 0.03);
		if (random.nextInt(200) == 0) {
			return disk.discard(offset, BLOCK);
		}
		return read ? disk.read(offset, BLOCK) : disk.write(offset, new byte[BLOCK]);
	}

	private Mono<?> append(SimulatedDisk disk) {
		int length = 16 * BLOCK;
		long offset = this.archived;
		this.archived = (offset + length) % disk.spec().size();
		Mono<Void> written = disk.write(offset, new byte[length]);
		return ((offset / length) % 8 == 0) ? written.then(disk.flush()) : written;
	}

	private static Mono<?> scatter(SimulatedDisk disk) {
		ThreadLocalRandom random = ThreadLocalRandom.current();
		long offset = block(disk, random.nextDouble());
		return (random.nextInt(5) > 0) ? disk.read(offset, BLOCK) : disk.write(offset, new byte[BLOCK]);
	}

	private static long block(SimulatedDisk disk, double place) {
		long blocks = disk.spec().size() / BLOCK;
		return Math.min(Math.max((long) (place * blocks), 0), blocks - 1) * BLOCK;
	}

	@Override
	public void stop() {
		Disposable running = this.load;
		if (running != null) {
			running.dispose();
			this.load = null;
		}
	}

	@Override
	public boolean isRunning() {
		return this.load != null;
	}

}
