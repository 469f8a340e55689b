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

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.engine.DeviceListener;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.NoSuchBlockDeviceException;
import io.github.ublk4j.spring.UnservedBlockDevice;
import io.github.ublk4j.spring.ValueOrigin;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationEventPublisher;

/**
 * The disks of the application, declared and created. Hears from the engine what becomes
 * of their devices.
 */
final class DiskSet implements DeviceListener {

	private final EngineSupplier engine;

	private final DeviceLinks links;

	private final ApplicationEventPublisher publisher;

	// guarded by itself, like the two below
	private final Map<String, ServedDisk> disks = new LinkedHashMap<>();

	private List<UnservedBlockDevice> unserved = List.of();

	private boolean closed;

	DiskSet(EngineSupplier engine, DeviceLinks links, ApplicationEventPublisher publisher) {
		this.engine = engine;
		this.links = links;
		this.publisher = publisher;
	}

	List<UblkDevice> devices() {
		synchronized (this.disks) {
			return this.disks.values().stream().map(ServedDisk::device).filter(Objects::nonNull).toList();
		}
	}

	List<UnservedBlockDevice> unserved() {
		synchronized (this.disks) {
			return this.unserved;
		}
	}

	Map<String, ValueOrigin> origins(String name) {
		synchronized (this.disks) {
			ServedDisk disk = this.disks.get(name);
			return (disk != null) ? disk.disk().origins() : Map.of();
		}
	}

	Optional<BlockStore> store(String name) {
		synchronized (this.disks) {
			return Optional.ofNullable(this.disks.get(name)).map((disk) -> disk.disk().source().openStore());
		}
	}

	Map<String, BlockStore> layers(String name) {
		synchronized (this.disks) {
			ServedDisk disk = this.disks.get(name);
			return (disk != null) ? disk.disk().source().layers() : Map.of();
		}
	}

	CompletableFuture<UblkDevice> create(Disk disk) {
		UblkEngine current = this.engine.get();
		synchronized (this.disks) {
			if (this.closed) {
				throw stopping(disk.name());
			}
			if (names().contains(disk.name())) {
				throw new InvalidDiskException(disk.name(), "name", "'" + disk.name() + "'",
						"The application has a disk of that name already; choose another, or delete that one.");
			}
			return add(disk, false).create(current);
		}
	}

	CompletableFuture<UblkDevice> start(String name) {
		ServedDisk disk = requireServed(name);
		UblkEngine current = this.engine.get();
		synchronized (this.disks) {
			if (this.closed) {
				throw stopping(name);
			}
			return disk.start(current);
		}
	}

	private static IllegalStateException stopping(String name) {
		return new IllegalStateException(
				"The disk '" + name + "' cannot be started, because the application context has stopped");
	}

	CompletableFuture<@Nullable Void> stop(String name) {
		ServedDisk disk = require(name);
		return (disk != null) ? disk.stop() : CompletableFuture.completedFuture(null);
	}

	CompletableFuture<@Nullable Void> stopUnused(String name) {
		ServedDisk disk = require(name);
		return (disk != null) ? disk.stopUnused() : CompletableFuture.completedFuture(null);
	}

	CompletableFuture<@Nullable Void> quiesce(String name) {
		return requireServed(name).quiesce();
	}

	CompletableFuture<UblkDevice> resize(String name, long bytes) {
		return requireServed(name).resize(bytes);
	}

	CompletableFuture<@Nullable Void> delete(String name) {
		ServedDisk disk = require(name);
		if (disk == null || disk.declared()) {
			throw new IllegalStateException("The " + ((disk != null) ? disk.disk() : "disk '" + name + "'")
					+ " is declared, so it can be stopped, but not deleted. To be rid of it, set "
					+ PropertyNames.of(name, "enabled") + "=false");
		}
		return disk.delete();
	}

	private ServedDisk requireServed(String name) {
		ServedDisk disk = require(name);
		if (disk == null) {
			throw new IllegalStateException("The disk '" + name + "' is not served: " + reason(name));
		}
		return disk;
	}

	/**
	 * Returns a disk.
	 * @return the disk, {@code null} if it is not served
	 */
	private @Nullable ServedDisk require(String name) {
		synchronized (this.disks) {
			Set<String> known = names();
			if (!known.contains(name)) {
				throw new NoSuchBlockDeviceException(name, known);
			}
			return this.disks.get(name);
		}
	}

	private String reason(String name) {
		return unserved().stream()
			.filter((disk) -> disk.name().equals(name))
			.map(UnservedBlockDevice::reason)
			.findFirst()
			.orElse("");
	}

	private Set<String> names() {
		Set<String> names = new LinkedHashSet<>(this.disks.keySet());
		this.unserved.forEach((disk) -> names.add(disk.name()));
		return names;
	}

	/**
	 * Adds the declared disks.
	 */
	void declare(List<Disk> declared) {
		synchronized (this.disks) {
			for (Disk disk : declared) {
				if (this.disks.containsKey(disk.name())) {
					throw new DiskStartupException(
							"The " + disk + " cannot be made: code of the application has created one of that name.",
							"Give one of them another name.");
				}
			}
			declared.forEach((disk) -> add(disk, true));
		}
	}

	/**
	 * Shows declared disks that are not served.
	 */
	void declareUnserved(List<String> names, String reason) {
		synchronized (this.disks) {
			this.unserved = names.stream().map((name) -> new UnservedBlockDevice(name, reason)).toList();
		}
	}

	private ServedDisk add(Disk disk, boolean declared) {
		ServedDisk added = new ServedDisk(disk, declared, this.links, new DiskEvents(this.publisher), this::forget);
		this.disks.put(disk.name(), added);
		return added;
	}

	private void forget(ServedDisk disk) {
		synchronized (this.disks) {
			this.disks.remove(disk.disk().name(), disk);
		}
	}

	/**
	 * Lets disks be started.
	 * @return the disks that nobody but the context has stopped
	 */
	List<ServedDisk> reopen() {
		synchronized (this.disks) {
			this.closed = false;
			return this.disks.values().stream().filter(ServedDisk::wanted).toList();
		}
	}

	/**
	 * Lets no more disks be started.
	 * @return all disks, to be closed
	 */
	List<ServedDisk> close() {
		synchronized (this.disks) {
			this.closed = true;
			return new ArrayList<>(this.disks.values());
		}
	}

	@Override
	public void failed(UblkDevice device, String reason, @Nullable Throwable cause) {
		ServedDisk disk = find(device);
		if (disk != null) {
			disk.failed(device, reason, cause);
		}
	}

	@Override
	public void stopped(UblkDevice device) {
		ServedDisk disk = find(device);
		if (disk != null) {
			disk.stopped(device);
		}
	}

	@Override
	public void quiesced(UblkDevice device) {
		ServedDisk disk = find(device);
		if (disk != null) {
			disk.quiesced(device);
		}
	}

	private @Nullable ServedDisk find(UblkDevice device) {
		synchronized (this.disks) {
			return this.disks.get(device.name());
		}
	}

}
