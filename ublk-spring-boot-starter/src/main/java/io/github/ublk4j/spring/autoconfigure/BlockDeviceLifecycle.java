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

package io.github.ublk4j.spring.autoconfigure;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.context.SmartLifecycle;

/**
 * Starts the declared disks before the web server accepts, and stops them after it
 * drained. All of them start, or none.
 */
final class BlockDeviceLifecycle implements SmartLifecycle {

	/** Below those of the web server: it starts after the disks, and stops before. */
	static final int PHASE = DEFAULT_PHASE - 4096;

	private static final Logger logger = LoggerFactory.getLogger(BlockDeviceLifecycle.class);

	private static final int CONCURRENT_STOPS = 32;

	private final DiskDeclarations declarations;

	private final Supplier<UblkEngine> engine;

	private final DeviceLinks links;

	private final Map<Disk, UblkDevice> started = new LinkedHashMap<>();

	private List<Disk> disks = List.of();

	private volatile boolean running;

	BlockDeviceLifecycle(DiskDeclarations declarations, Supplier<UblkEngine> engine, DeviceLinks links) {
		this.declarations = declarations;
		this.engine = engine;
		this.links = links;
	}

	@Override
	public synchronized void start() {
		if (this.running) {
			return;
		}
		this.disks = this.declarations.resolve();
		try {
			this.disks.forEach(Disk::open);
			if (!this.disks.isEmpty()) {
				start(this.engine.get());
			}
			this.running = true;
		}
		finally {
			if (!this.running) {
				stopAll();
			}
		}
	}

	/**
	 * Starts one disk after the other, so that their numbers follow the order of their
	 * declaration.
	 */
	private void start(UblkEngine engine) {
		for (Disk disk : this.disks) {
			UblkDevice device = disk.start(engine);
			this.started.put(disk, device);
			this.links.create(disk.name(), device.path());
			logger.info("disk '{}' ready at {} ({})", disk.name(), device.path(), DiskDescription.of(device.status()));
		}
	}

	@Override
	public synchronized void stop() {
		this.running = false;
		stopAll();
	}

	private void stopAll() {
		List<Disk> opened = this.disks;
		Map<Disk, UblkDevice> devices = Map.copyOf(this.started);
		this.disks = List.of();
		this.started.clear();
		try {
			// Not block(): a context may be closed on a thread that Reactor lets nobody
			// block.
			Flux.fromIterable(devices.entrySet())
				.flatMap((entry) -> stop(entry.getKey(), entry.getValue()), CONCURRENT_STOPS)
				.then()
				.toFuture()
				.join();
		}
		finally {
			opened.forEach(this::close);
		}
	}

	private Mono<Void> stop(Disk disk, UblkDevice device) {
		return Mono.fromRunnable(() -> this.links.remove(disk.name()))
			.then(Mono.defer(device::stop))
			.doOnSuccess((done) -> logger.info("disk '{}' at {} stopped", disk.name(), device.path()))
			.onErrorResume((ex) -> {
				logger.error("disk '{}' at {} could not be stopped", disk.name(), device.path(), ex);
				return Mono.empty();
			});
	}

	private void close(Disk disk) {
		try {
			disk.close();
		}
		catch (RuntimeException | Error ex) {
			logger.error("the {} could not be closed", disk, ex);
		}
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return PHASE;
	}

}
