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

package io.github.ublk4j.spring.actuate;

import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.layer.CacheStore;
import io.github.ublk4j.layer.ChecksumStore;
import io.github.ublk4j.layer.CopyOnWriteStore;
import io.github.ublk4j.layer.DelayStore;
import io.github.ublk4j.layer.EncryptStore;
import io.github.ublk4j.layer.ErrorStore;
import io.github.ublk4j.layer.FaultRule;
import io.github.ublk4j.layer.LogStore;
import io.github.ublk4j.layer.PauseStore;
import io.github.ublk4j.layer.RateLimit;
import io.github.ublk4j.layer.RateLimitStore;
import io.github.ublk4j.layer.ReadaheadStore;
import io.github.ublk4j.layer.StatsStore;

import org.springframework.boot.convert.DurationStyle;
import org.springframework.util.unit.DataSize;

/**
 * The options of a layer as text. They are called as their properties are.
 */
final class LayerOptions {

	private final Map<String, Object> values = new LinkedHashMap<>();

	private final Map<String, Option> changes = new TreeMap<>();

	private LayerOptions() {
	}

	/**
	 * Finds the options of a layer.
	 * @param layer the layer; one that is not of ublk4j has none
	 */
	static LayerOptions of(BlockStore layer) {
		LayerOptions options = new LayerOptions();
		if (layer instanceof DelayStore delay) {
			options.delay(delay);
		}
		else if (layer instanceof ErrorStore error) {
			options.error(error);
		}
		else if (layer instanceof PauseStore pause) {
			options.pause(pause);
		}
		else if (layer instanceof RateLimitStore rateLimit) {
			options.rateLimit(rateLimit);
		}
		else {
			options.shown(layer);
		}
		return options;
	}

	Map<String, Object> values() {
		return this.values;
	}

	List<String> changeable() {
		return List.copyOf(this.changes.keySet());
	}

	/**
	 * Changes an option.
	 * @throws IllegalArgumentException if that is not possible
	 */
	void change(String layer, String option, String value) {
		Option change = this.changes.get(option);
		if (change == null) {
			throw new IllegalArgumentException("The layer '" + layer + "' has no option '" + option
					+ "' that can be changed. " + (this.changes.isEmpty() ? "None of its options can."
							: "Use " + String.join(", ", changeable()) + "."));
		}
		try {
			change.set.accept(value.strip());
		}
		catch (IllegalArgumentException ex) {
			throw new IllegalArgumentException("The option '" + option + "' of the layer '" + layer + "' cannot be '"
					+ value + "'. " + change.allowed, ex);
		}
	}

	private void add(String name, Object value, String allowed, Consumer<String> set) {
		this.values.put(name, value);
		this.changes.put(name, new Option(allowed, set));
	}

	private void delay(DelayStore layer) {
		layer.delays()
			.forEach((operation, delay) -> add(written(operation), delay, "Use 0 to 1d, such as 5ms.",
					(value) -> layer.delay(operation, duration(value))));
	}

	private void error(ErrorStore layer) {
		FaultRule rule = layer.rule();
		add("operations", written(rule.operations()),
				"Use one or more of " + String.join(", ", written(EnumSet.allOf(BlockOperation.class)))
						+ ", separated by commas.",
				(value) -> layer.changeRule((old) -> new FaultRule(operations(value), old.offset(), old.length(),
						old.rate(), old.errno(), old.seed())));
		add("offset", rule.offset(), "Use 0 or more, such as 1MB.",
				(value) -> layer.changeRule((old) -> new FaultRule(old.operations(), bytes(value), old.length(),
						old.rate(), old.errno(), old.seed())));
		add("length", rule.length(), "Use 1 or more, such as 1MB, or 0 for all up to the end.",
				(value) -> layer.changeRule((old) -> new FaultRule(old.operations(), old.offset(), bytes(value),
						old.rate(), old.errno(), old.seed())));
		add("rate", rule.rate(), "Use 0 for no request to 1 for every one, such as 0.01.",
				(value) -> layer.changeRule((old) -> new FaultRule(old.operations(), old.offset(), old.length(),
						Double.parseDouble(value), old.errno(), old.seed())));
		add("errno", rule.errno().name().toLowerCase(Locale.ROOT), "Use one of " + names(BlockErrno.values()) + ".",
				(value) -> layer.changeRule((old) -> new FaultRule(old.operations(), old.offset(), old.length(),
						old.rate(), BlockErrno.valueOf(value.toUpperCase(Locale.ROOT)), old.seed())));
		add("seed", rule.seed(), "Use a whole number.",
				(value) -> layer.changeRule((old) -> new FaultRule(old.operations(), old.offset(), old.length(),
						old.rate(), old.errno(), Long.parseLong(value))));
		this.values.put("injected", layer.injected());
	}

	private void pause(PauseStore layer) {
		add("paused", layer.isPaused(), "Use true or false.", (value) -> {
			if (bool(value)) {
				layer.pause();
			}
			else {
				layer.resume();
			}
		});
	}

	private void rateLimit(RateLimitStore layer) {
		RateLimit limit = layer.limit();
		add("bytes-per-second", limit.bytesPerSecond(), "Use 1 or more, such as 10MB, or 0 for no limit.",
				(value) -> layer
					.changeLimit((old) -> new RateLimit(bytes(value), old.operationsPerSecond(), old.burst())));
		add("operations-per-second", limit.operationsPerSecond(), "Use 1 or more, or 0 for no limit.", (value) -> layer
			.changeLimit((old) -> new RateLimit(old.bytesPerSecond(), Long.parseLong(value), old.burst())));
		add("burst", limit.burst(), "Use 0 to 1h, such as 100ms.", (value) -> layer
			.changeLimit((old) -> new RateLimit(old.bytesPerSecond(), old.operationsPerSecond(), duration(value))));
	}

	/**
	 * Shows what cannot be changed.
	 */
	private void shown(BlockStore layer) {
		if (layer instanceof CacheStore cache) {
			this.values.put("cached-bytes", cache.cachedBytes());
			this.values.put("dirty-bytes", cache.dirtyBytes());
		}
		else if (layer instanceof ReadaheadStore readahead) {
			this.values.put("held-bytes", readahead.heldBytes());
			this.values.put("prefetched-bytes", readahead.prefetchedBytes());
			this.values.put("used-bytes", readahead.usedBytes());
		}
		else if (layer instanceof ChecksumStore checksum) {
			this.values.put("block-size", checksum.blockSize());
			this.values.put("mismatches", checksum.mismatches());
		}
		else if (layer instanceof CopyOnWriteStore copyOnWrite) {
			this.values.put("changed-bytes", copyOnWrite.changedBytes());
		}
		else if (layer instanceof EncryptStore encrypt) {
			this.values.put("algorithm", encrypt.algorithm());
			this.values.put("sector-size", encrypt.sectorSize());
			this.values.put("key", "******");
		}
		else if (layer instanceof LogStore log) {
			this.values.put("level", log.level().name().toLowerCase(Locale.ROOT));
		}
		else if (layer instanceof StatsStore stats) {
			stats.statistics().forEach((operation, counted) -> this.values.put(written(operation), counted));
		}
	}

	private static Duration duration(String value) {
		return DurationStyle.detectAndParse(value);
	}

	private static long bytes(String value) {
		return DataSize.parse(value).toBytes();
	}

	private static boolean bool(String value) {
		return switch (value) {
			case "true" -> true;
			case "false" -> false;
			default -> throw new IllegalArgumentException(value);
		};
	}

	private static Set<BlockOperation> operations(String value) {
		return Arrays.stream(value.split(",", -1))
			.map((name) -> BlockOperation.valueOf(name.strip().toUpperCase(Locale.ROOT).replace('-', '_')))
			.collect(Collectors.toCollection(() -> EnumSet.noneOf(BlockOperation.class)));
	}

	private static String written(BlockOperation operation) {
		return operation.name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	private static List<String> written(Set<BlockOperation> operations) {
		return operations.stream().map(LayerOptions::written).toList();
	}

	private static String names(BlockErrno[] errnos) {
		return Arrays.stream(errnos)
			.map((errno) -> errno.name().toLowerCase(Locale.ROOT))
			.collect(Collectors.joining(", "));
	}

	/**
	 * How an option is changed.
	 *
	 * @param allowed what it can be, a sentence
	 * @param set changes it
	 */
	private record Option(String allowed, Consumer<String> set) {

	}

}
