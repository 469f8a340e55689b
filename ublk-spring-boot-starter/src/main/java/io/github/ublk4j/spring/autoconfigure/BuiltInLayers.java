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

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.layer.CacheStore;
import io.github.ublk4j.layer.ChecksumStore;
import io.github.ublk4j.layer.CopyOnWriteStore;
import io.github.ublk4j.layer.DelayStore;
import io.github.ublk4j.layer.EncryptStore;
import io.github.ublk4j.layer.ErrorStore;
import io.github.ublk4j.layer.FaultRule;
import io.github.ublk4j.layer.InvalidLayerException;
import io.github.ublk4j.layer.LogStore;
import io.github.ublk4j.layer.PauseStore;
import io.github.ublk4j.layer.RateLimit;
import io.github.ublk4j.layer.RateLimitStore;
import io.github.ublk4j.layer.ReadOnlyStore;
import io.github.ublk4j.layer.ReadaheadStore;
import io.github.ublk4j.layer.RetryStore;
import io.github.ublk4j.layer.StatsStore;
import io.github.ublk4j.layer.TimeoutStore;
import io.github.ublk4j.layer.WindowStore;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Cache;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.CacheMode;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Checksum;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.CopyOnWrite;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Delay;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Encrypt;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Errors;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Log;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Rate;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Readahead;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Retries;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Timeout;
import io.github.ublk4j.spring.autoconfigure.LayerProperties.Window;
import io.github.ublk4j.store.FileBlockStore;
import io.github.ublk4j.store.MemoryBlockStore;
import io.github.ublk4j.store.StoreUnavailableException;
import org.jspecify.annotations.Nullable;

import org.springframework.util.ClassUtils;
import org.springframework.util.unit.DataSize;

/**
 * The layers that {@code ublk.devices.<name>.layers} can name without a bean.
 */
final class BuiltInLayers {

	private static final String FILE = "file:";

	private final EncryptionKeys keys;

	private final List<BuiltInLayer> all = List.of(
			new BuiltInLayer("window", LayerProperties::window, BuiltInLayers::window),
			new BuiltInLayer("read-only", (properties) -> null, (below, spec, properties) -> new ReadOnlyStore(below)),
			new BuiltInLayer("delay", LayerProperties::delay, BuiltInLayers::delay),
			new BuiltInLayer("error", LayerProperties::error, BuiltInLayers::error),
			new BuiltInLayer("pause", LayerProperties::pause, BuiltInLayers::pause),
			new BuiltInLayer("rate-limit", LayerProperties::rateLimit, BuiltInLayers::rateLimit),
			new BuiltInLayer("cache", LayerProperties::cache, BuiltInLayers::cache),
			new BuiltInLayer("readahead", LayerProperties::readahead, BuiltInLayers::readahead),
			new BuiltInLayer("checksum", LayerProperties::checksum, BuiltInLayers::checksum),
			new BuiltInLayer("copy-on-write", LayerProperties::copyOnWrite, BuiltInLayers::copyOnWrite),
			new BuiltInLayer("encrypt", LayerProperties::encrypt, this::encrypt),
			new BuiltInLayer("retry", LayerProperties::retry, BuiltInLayers::retry),
			new BuiltInLayer("timeout", LayerProperties::timeout,
					(below, spec, properties) -> new TimeoutStore(below,
							orElse(properties.timeout(), Timeout.UNSET).after())),
			new BuiltInLayer("log", LayerProperties::log,
					(below, spec, properties) -> new LogStore(below, spec.name(),
							orElse(properties.log(), Log.UNSET).level())),
			new BuiltInLayer("stats", (properties) -> null, (below, spec, properties) -> new StatsStore(below)));

	BuiltInLayers(EncryptionKeys keys) {
		this.keys = keys;
	}

	List<BuiltInLayer> all() {
		return this.all;
	}

	Optional<BuiltInLayer> find(String name) {
		return this.all.stream().filter((layer) -> layer.written().equals(name)).findFirst();
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

	private static BlockStore cache(BlockStore below, DiskSpec spec, LayerProperties properties) {
		if (!ClassUtils.isPresent("com.github.benmanes.caffeine.cache.Caffeine", null)) {
			throw new StoreUnavailableException("Caffeine is not on the class path.",
					"Add the dependency com.github.ben-manes.caffeine:caffeine, whose version Spring Boot knows, "
							+ "or remove the layer.");
		}
		Cache cache = orElse(properties.cache(), Cache.UNSET);
		CacheStore.Builder builder = CacheStore.over(below)
			.capacity(cache.capacity().toBytes())
			.blockSize(integer("blockSize", cache.blockSize()));
		return ((cache.mode() == CacheMode.WRITE_BACK) ? builder.writeBack(cache.dirtyLimit().toBytes()) : builder)
			.build();
	}

	private static BlockStore readahead(BlockStore below, DiskSpec spec, LayerProperties properties) {
		Readahead options = orElse(properties.readahead(), Readahead.UNSET);
		return new ReadaheadStore(below, options.window().toBytes(), options.capacity().toBytes(),
				integer("blockSize", options.blockSize()));
	}

	private static BlockStore checksum(BlockStore below, DiskSpec spec, LayerProperties properties) {
		Checksum options = properties.checksum();
		String file = (options != null) ? options.file() : null;
		return new ChecksumStore(below, spec.name(), spec.logicalBlockSize(), (file != null) ? Path.of(file) : null);
	}

	private static BlockStore copyOnWrite(BlockStore below, DiskSpec spec, LayerProperties properties) {
		CopyOnWrite options = orElse(properties.copyOnWrite(), CopyOnWrite.UNSET);
		BlockStore overlay = overlay(options.overlay(), below.size());
		try {
			return new CopyOnWriteStore(below, overlay, integer("blockSize", options.blockSize()));
		}
		catch (InvalidLayerException ex) {
			overlay.close();
			throw ex;
		}
	}

	private static BlockStore overlay(String overlay, long size) {
		if (overlay.equals("memory")) {
			return MemoryBlockStore.sparse(size);
		}
		if (overlay.startsWith(FILE) && overlay.length() > FILE.length()) {
			return FileBlockStore.at(Path.of(overlay.substring(FILE.length()))).size(size).open();
		}
		throw new InvalidLayerException("overlay", overlay, "Use memory or file:/path/to/overlay.img.");
	}

	private BlockStore encrypt(BlockStore below, DiskSpec spec, LayerProperties properties) {
		Encrypt encrypt = orElse(properties.encrypt(), Encrypt.UNSET);
		int sectorSize = integer("sectorSize", encrypt.sectorSize());
		if (sectorSize > spec.logicalBlockSize()) {
			throw new InvalidLayerException("sectorSize", encrypt.sectorSize(),
					"Use at most the size of a logical block, " + spec.logicalBlockSize()
							+ "B, or raise logical-block-size.");
		}
		byte[] key = this.keys.read(encrypt.key());
		try {
			return new EncryptStore(below, key, sectorSize);
		}
		finally {
			Arrays.fill(key, (byte) 0);
		}
	}

	private static BlockStore retry(BlockStore below, DiskSpec spec, LayerProperties properties) {
		Retries retry = orElse(properties.retry(), Retries.UNSET);
		return new RetryStore(below, retry.attempts(), retry.firstBackoff(), retry.maxBackoff());
	}

	private static int integer(String option, DataSize size) {
		if (size.toBytes() != (int) size.toBytes()) {
			throw new InvalidLayerException(option, size, "Use less than 2 GiB.");
		}
		return (int) size.toBytes();
	}

	private static <T> T orElse(@Nullable T value, T otherwise) {
		return (value != null) ? value : otherwise;
	}

}
