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

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.OnShutdown;
import io.github.ublk4j.spring.UnservedBlockDevice;
import io.github.ublk4j.spring.ValueOrigin;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.util.unit.DataSize;

/**
 * {@link BlockDevices} of the disks of the application.
 */
final class ApplicationBlockDevices implements BlockDevices {

	private final DiskSet disks;

	ApplicationBlockDevices(DiskSet disks) {
		this.disks = disks;
	}

	@Override
	public List<UblkDevice> all() {
		return this.disks.devices();
	}

	@Override
	public List<UnservedBlockDevice> unserved() {
		return this.disks.unserved();
	}

	@Override
	public Map<String, ValueOrigin> origins(String name) {
		return this.disks.origins(name);
	}

	@Override
	public Optional<BlockStore> store(String name) {
		return this.disks.store(name);
	}

	@Override
	public Map<String, BlockStore> layers(String name) {
		return this.disks.layers(name);
	}

	@Override
	public Mono<UblkDevice> create(DiskSpec spec, BlockDeviceHandler handler) {
		return create(spec, (engine, disk) -> engine.start(disk, handler));
	}

	@Override
	public Mono<UblkDevice> create(DiskSpec spec, BlockStore store) {
		return create(spec, new GivenStore(store));
	}

	@Override
	public Mono<UblkDevice> createStream(DiskSpec spec, BlockRequestStream stream) {
		return create(spec, (engine, disk) -> engine.startStream(disk, stream));
	}

	private Mono<UblkDevice> create(DiskSpec spec, DiskSource source) {
		return mono(() -> this.disks.create(new Disk(spec, source, OnShutdown.DELETE, Map.of())));
	}

	@Override
	public Mono<UblkDevice> start(String name) {
		return mono(() -> this.disks.start(name)).onErrorMap(DiskStartupException.class,
				DiskStartupException::inOneMessage);
	}

	@Override
	public Mono<Void> stop(String name) {
		return mono(() -> this.disks.stop(name));
	}

	@Override
	public Mono<Void> stopUnused(String name) {
		return mono(() -> this.disks.stopUnused(name));
	}

	@Override
	public Mono<Void> quiesce(String name) {
		return mono(() -> this.disks.quiesce(name));
	}

	@Override
	public Mono<UblkDevice> resize(String name, DataSize size) {
		return mono(() -> this.disks.resize(name, size.toBytes()));
	}

	@Override
	public Mono<Void> delete(String name) {
		return mono(() -> this.disks.delete(name));
	}

	private static <T> Mono<T> mono(Supplier<CompletableFuture<@Nullable T>> change) {
		return Mono.defer(() -> Mono.fromFuture(change.get(), true));
	}

	/**
	 * A store that code has given, and closes.
	 */
	private record GivenStore(BlockStore store) implements DiskSource {

		@Override
		public BlockStore openStore() {
			return this.store;
		}

		@Override
		public Mono<UblkDevice> start(UblkEngine engine, DiskSpec spec) {
			return engine.start(spec, this.store);
		}

		@Override
		public String toString() {
			return "store of the application";
		}

	}

}
