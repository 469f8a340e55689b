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

package io.github.ublk4j.spring;

import java.time.Duration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.DeviceStatus;
import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.engine.OrphanedDevice;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import static org.mockito.Answers.CALLS_REAL_METHODS;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willReturn;
import static org.mockito.Mockito.mock;

/**
 * An engine without a kernel, which keeps a journal of what was asked of it.
 */
public final class TestUblk {

	private final List<String> journal = Collections.synchronizedList(new ArrayList<>());

	private final List<DiskSpec> specs = new CopyOnWriteArrayList<>();

	private final List<Object> servers = new CopyOnWriteArrayList<>();

	private final List<UblkDevice> devices = new CopyOnWriteArrayList<>();

	private final UblkEngine engine = mock(UblkEngine.class);

	private final List<OrphanedDevice> orphans = new ArrayList<>();

	private final Map<String, Throwable> refused = new ConcurrentHashMap<>();

	private final AtomicInteger started = new AtomicInteger();

	public TestUblk() {
		given(this.engine.start(any(), any(BlockDeviceHandler.class)))
			.willAnswer((call) -> start(call.getArgument(0), call.getArgument(1)));
		given(this.engine.start(any(), any(BlockStore.class)))
			.willAnswer((call) -> start(call.getArgument(0), call.getArgument(1)));
		given(this.engine.startStream(any(), any(BlockRequestStream.class)))
			.willAnswer((call) -> start(call.getArgument(0), call.getArgument(1)));
		given(this.engine.devices()).willAnswer((call) -> List.copyOf(this.devices));
		given(this.engine.orphanedDevices()).willReturn(Mono.just(this.orphans));
		given(this.engine.delete(anyInt())).willAnswer((call) -> {
			this.journal.add("delete device " + call.getArgument(0));
			return Mono.empty();
		});
	}

	/** Leaves a device of a dead process. */
	public TestUblk orphan(OrphanedDevice orphan) {
		this.orphans.add(orphan);
		return this;
	}

	/** Makes the start of a disk fail. */
	public TestUblk refuse(String disk) {
		return refuse(disk, new UblkException("ADD_DEV failed with ENOMEM (12).", null));
	}

	public TestUblk refuse(String disk, Throwable failure) {
		this.refused.put(disk, failure);
		return this;
	}

	/** Lets the disk start from now on. */
	public TestUblk accept(String disk) {
		this.refused.remove(disk);
		return this;
	}

	public UblkEngine engine() {
		return this.engine;
	}

	public List<String> journal() {
		return this.journal;
	}

	/** Returns what was asked for, in the order of the starts. */
	public List<DiskSpec> specs() {
		return this.specs;
	}

	/** Returns what serves the disks, in the order of the starts. */
	public List<Object> servers() {
		return this.servers;
	}

	/** Returns what serves the only disk that was asked for. */
	public Object server() {
		return this.servers.get(0);
	}

	private Mono<UblkDevice> start(DiskSpec spec, Object server) {
		this.journal.add("start " + spec.name());
		Throwable failure = this.refused.get(spec.name());
		if (failure instanceof Error error) {
			throw error;
		}
		if (failure != null) {
			return Mono.error(failure);
		}
		return Mono.fromSupplier(() -> {
			int id = this.started.getAndIncrement();
			UblkDevice device = device(status(spec, id, DeviceState.LIVE, null));
			given(device.stop()).willReturn(Mono.fromRunnable(() -> {
				this.journal.add("stop " + spec.name());
				this.devices.remove(device);
				put(device, status(spec, id, DeviceState.STOPPED, null));
			}));
			this.specs.add(spec);
			this.servers.add(server);
			this.devices.add(device);
			return device;
		});
	}

	public static UblkDevice device(DeviceStatus status) {
		UblkDevice device = mock(UblkDevice.class);
		put(device, status);
		return device;
	}

	/** Makes a device of {@link #device} have another status. */
	public static void put(UblkDevice device, DeviceStatus status) {
		given(device.name()).willReturn(status.name());
		given(device.id()).willReturn(status.id());
		given(device.path()).willReturn(status.path());
		given(device.spec()).willReturn(status.spec());
		given(device.status()).willReturn(status);
		given(device.requestTimeout()).willReturn(status.spec().requestTimeout());
	}

	/** Returns disks to look at. */
	public static BlockDevices devices(UblkDevice... devices) {
		return devices(List.of(), devices);
	}

	public static BlockDevices devices(List<UnservedBlockDevice> unserved, UblkDevice... devices) {
		BlockDevices all = mock(BlockDevices.class, CALLS_REAL_METHODS);
		willReturn(List.of(devices)).given(all).all();
		willReturn(unserved).given(all).unserved();
		willReturn(Map.of()).given(all).origins(any());
		willReturn(Optional.empty()).given(all).store(any());
		return all;
	}

	public static DeviceStatus status(DiskSpec spec, int id, DeviceState state, @Nullable String failure) {
		return status(spec, id, state, failure,
				List.of(new QueueStatus(0, "ublk-" + spec.name() + "-0", state == DeviceState.LIVE, spec.queueDepth(),
						3, 1000, 1, 10, 4, 200, 0, false, Duration.ofMillis(3), 0, true)));
	}

	public static DeviceStatus status(DiskSpec spec, int id, DeviceState state, @Nullable String failure,
			List<QueueStatus> queues) {
		return new DeviceStatus(spec.name(), id, Path.of("/dev/ublkb" + id), state, spec,
				EnumSet.of(BlockOperation.READ, BlockOperation.WRITE), Set.of("CMD_IOCTL_ENCODE"), DataMode.USER_COPY,
				1 << 20, 32 << 20, true, queues, failure);
	}

}
