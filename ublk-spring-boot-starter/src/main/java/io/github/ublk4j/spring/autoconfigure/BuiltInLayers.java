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

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.layer.DelayStore;
import io.github.ublk4j.layer.ErrorStore;
import io.github.ublk4j.layer.FaultRule;
import io.github.ublk4j.layer.PauseStore;
import io.github.ublk4j.layer.RateLimit;
import io.github.ublk4j.layer.RateLimitStore;
import io.github.ublk4j.layer.ReadOnlyStore;
import io.github.ublk4j.layer.WindowStore;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Delay;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Errors;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Rate;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Window;
import org.jspecify.annotations.Nullable;

/**
 * The layers that {@code ublk.devices.<name>.layers} can name without a bean.
 */
final class BuiltInLayers {

	private static final List<BuiltInLayer> ALL = List.of(
			new BuiltInLayer("window", LayerProperties::window, BuiltInLayers::window),
			new BuiltInLayer("read-only", (properties) -> null, (below, spec, properties) -> new ReadOnlyStore(below)),
			new BuiltInLayer("delay", LayerProperties::delay, BuiltInLayers::delay),
			new BuiltInLayer("error", LayerProperties::error, BuiltInLayers::error),
			new BuiltInLayer("pause", LayerProperties::pause, BuiltInLayers::pause),
			new BuiltInLayer("rate-limit", LayerProperties::rateLimit, BuiltInLayers::rateLimit));

	private BuiltInLayers() {
	}

	static List<BuiltInLayer> all() {
		return ALL;
	}

	static Optional<BuiltInLayer> find(String name) {
		return ALL.stream().filter((layer) -> layer.written().equals(name)).findFirst();
	}

	private static BlockStore window(BlockStore below, DiskSpec spec, LayerProperties properties) {
		Window window = properties.window();
		return new WindowStore(below, (window != null) ? window.offset().toBytes() : 0, 0);
	}

	private static BlockStore delay(BlockStore below, DiskSpec spec, LayerProperties properties) {
		Delay delay = orElse(properties.delay(), Delay.UNSET);
		return new DelayStore(below).delay(BlockOperation.READ, delay.read())
			.delay(BlockOperation.WRITE, delay.write())
			.delay(BlockOperation.FLUSH, delay.flush())
			.delay(BlockOperation.DISCARD, delay.discard())
			.delay(BlockOperation.WRITE_ZEROES, delay.writeZeroes());
	}

	private static BlockStore error(BlockStore below, DiskSpec spec, LayerProperties properties) {
		Errors errors = orElse(properties.error(), Errors.UNSET);
		Set<BlockOperation> operations = errors.operations().isEmpty() ? EnumSet.allOf(BlockOperation.class)
				: EnumSet.copyOf(errors.operations());
		return new ErrorStore(below).rule(new FaultRule(operations, errors.offset().toBytes(),
				errors.length().toBytes(), errors.rate(), errors.errno(), errors.seed()));
	}

	private static BlockStore pause(BlockStore below, DiskSpec spec, LayerProperties properties) {
		PauseStore store = new PauseStore(below);
		LayerProperties.Pause pause = properties.pause();
		if (pause != null && pause.paused()) {
			store.pause();
		}
		return store;
	}

	private static BlockStore rateLimit(BlockStore below, DiskSpec spec, LayerProperties properties) {
		Rate rate = orElse(properties.rateLimit(), Rate.UNSET);
		long bytes = (rate.bytesPerSecond() != null) ? rate.bytesPerSecond().toBytes() : 0;
		long operations = (rate.operationsPerSecond() != null) ? rate.operationsPerSecond() : 0;
		return new RateLimitStore(below, new RateLimit(bytes, operations, rate.burst()));
	}

	private static <T> T orElse(@Nullable T value, T otherwise) {
		return (value != null) ? value : otherwise;
	}

}
