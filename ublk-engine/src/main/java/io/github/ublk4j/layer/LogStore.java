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

package io.github.ublk4j.layer;

import java.util.function.Supplier;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * Writes a line to the log for every request, when it has ended: what it was, how long it
 * took and what became of it. Costs next to nothing while the level is off.
 */
public final class LogStore extends InterceptingStore {

	private static final Logger logger = LoggerFactory.getLogger(LogStore.class);

	private final String name;

	private final Level level;

	/**
	 * Creates a layer.
	 * @param below the store below
	 * @param name what the lines begin with, such as the name of the disk
	 * @param level the level of the lines, of the logger named like this class
	 */
	public LogStore(BlockStore below, String name, Level level) {
		super(below);
		this.name = name;
		this.level = level;
	}

	/**
	 * Returns the level of the lines.
	 * @return the level
	 */
	public Level level() {
		return this.level;
	}

	@Override
	Mono<Void> intercept(BlockOperation operation, long offset, long length, Supplier<Mono<Void>> request) {
		if (!logger.isEnabledForLevel(this.level)) {
			return request.get();
		}
		return Mono.defer(() -> {
			long begun = System.nanoTime();
			return request.get()
				.doOnSuccess((done) -> log(operation, offset, length, begun, "done"))
				.doOnError((ex) -> log(operation, offset, length, begun, "failed: " + ex))
				.doOnCancel(() -> log(operation, offset, length, begun, "cancelled"));
		});
	}

	private void log(BlockOperation operation, long offset, long length, long begun, String outcome) {
		logger.atLevel(this.level)
			.log("{}: {} of {} bytes at offset {}, {} us, {}", this.name, operation, length, offset,
					(System.nanoTime() - begun) / 1000, outcome);
	}

}
