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

import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.DeviceStatus;
import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.store.mirror.MemberStatus;
import io.github.ublk4j.store.mirror.MirrorBlockStore;
import org.jspecify.annotations.Nullable;

/**
 * The status of a disk for those who ask for one number after the other, as a scrape
 * does: all of them come from one snapshot, except those of mirrors, which are cheap.
 */
final class DeviceView {

	private static final long FRESH = TimeUnit.MILLISECONDS.toNanos(100);

	private final String disk;

	private final Function<String, Optional<UblkDevice>> devices;

	private final Function<String, Optional<BlockStore>> stores;

	private final Runnable whenMissing;

	private volatile @Nullable Snapshot latest;

	DeviceView(String disk, Function<String, Optional<UblkDevice>> devices,
			Function<String, Optional<BlockStore>> stores, Runnable whenMissing) {
		this.disk = disk;
		this.devices = devices;
		this.stores = stores;
		this.whenMissing = whenMissing;
	}

	/**
	 * Returns a number of the disk, not a number if it is not served.
	 */
	double device(ToDoubleFunction<DeviceStatus> number) {
		DeviceStatus status = snapshot();
		return (status != null) ? number.applyAsDouble(status) : Double.NaN;
	}

	/**
	 * Returns a number of one queue, 0 if there is no such queue.
	 */
	double queue(int index, ToDoubleFunction<QueueStatus> number) {
		DeviceStatus status = snapshot();
		return (status != null && index < status.queues().size()) ? number.applyAsDouble(status.queues().get(index))
				: 0;
	}

	/**
	 * Returns whether the disk keeps its data in a mirror.
	 */
	boolean mirrored() {
		return !members().isEmpty();
	}

	/**
	 * Returns the sum of a number of the members of the mirrors of the disk, not a number
	 * if it is not served.
	 */
	double members(ToLongFunction<MemberStatus> number) {
		return device((status) -> members().stream().mapToLong(number).sum());
	}

	private List<MemberStatus> members() {
		return this.stores.apply(this.disk)
			.map(MirrorBlockStore::in)
			.orElseGet(List::of)
			.stream()
			.flatMap((mirror) -> mirror.members().stream())
			.toList();
	}

	/**
	 * Returns the state that the disk is in at this moment.
	 */
	@Nullable DeviceState state() {
		return this.devices.apply(this.disk).map(UblkDevice::status).map(DeviceStatus::state).orElse(null);
	}

	private @Nullable DeviceStatus snapshot() {
		Snapshot current = this.latest;
		if (current == null || System.nanoTime() - current.takenAt() > FRESH) {
			DeviceStatus status = this.devices.apply(this.disk)
				.map(UblkDevice::status)
				.filter((found) -> found.state() != DeviceState.STOPPED)
				.orElse(null);
			current = new Snapshot(status, System.nanoTime());
			this.latest = current;
			if (status == null) {
				this.whenMissing.run();
			}
		}
		return current.status();
	}

	private record Snapshot(@Nullable DeviceStatus status, long takenAt) {

	}

}
