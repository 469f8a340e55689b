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
import java.util.Collection;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.DeviceStatus;
import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.spring.ValueOrigin;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.OperationResponseBody;

/**
 * Description of a disk. All sizes are bytes.
 *
 * @param name its name
 * @param id the number of its device
 * @param path its block device
 * @param state where in its life it is
 * @param failure what went wrong, if it failed
 * @param size its capacity
 * @param logicalBlockSize the smallest unit of a request
 * @param physicalBlockSize the unit that the storage writes without reading first
 * @param maxIoSize the largest read or write
 * @param ioMin the preferred minimum of a request
 * @param ioOpt the preferred size of a request
 * @param readOnly whether the kernel refuses writes
 * @param rotational whether the kernel schedules as for a spinning disk
 * @param partitionScan whether the kernel looks for partitions when the disk appears
 * @param recovery what becomes of the disk when its server dies
 * @param requestTimeout how long a request may take, zero for ever
 * @param operations what the kernel was told that the disk supports
 * @param driverFlags the driver's flags of the device
 * @param dataMode how the data of requests is moved
 * @param bufferMemory the memory for request data
 * @param mirrors the mirrors that it keeps its data in
 * @param queues its queues
 * @param origins where the value of each declared attribute comes from
 */
public record DeviceDescriptor(String name, int id, String path, DeviceState state,
		@JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String failure, long size, int logicalBlockSize,
		int physicalBlockSize, int maxIoSize, int ioMin, int ioOpt, boolean readOnly, boolean rotational,
		boolean partitionScan, Recovery recovery, Duration requestTimeout, List<String> operations,
		List<String> driverFlags, DataModes dataMode, BufferMemory bufferMemory,
		@JsonInclude(JsonInclude.Include.NON_EMPTY) List<MirrorDescriptor> mirrors, List<QueueDescriptor> queues,
		Map<String, ValueOrigin> origins) implements OperationResponseBody {

	static DeviceDescriptor of(DeviceStatus status, List<MirrorDescriptor> mirrors, Map<String, ValueOrigin> origins) {
		DiskSpec spec = status.spec();
		return new DeviceDescriptor(status.name(), status.id(), status.path().toString(), status.state(),
				failure(status.failure()), spec.size(), spec.logicalBlockSize(), spec.physicalBlockSize(),
				spec.maxIoSize(), spec.ioMin(), spec.ioOpt(), spec.readOnly(), spec.rotational(), spec.partitionScan(),
				spec.recovery(), spec.requestTimeout(), sorted(status.operations()), sorted(status.flags()),
				DataModes.of(status), BufferMemory.of(status), mirrors,
				status.queues().stream().map(QueueDescriptor::of).toList(), origins);
	}

	private static @Nullable String failure(@Nullable String failure) {
		return (failure != null) ? Credentials.hiddenIn(failure) : null;
	}

	private static List<String> sorted(Collection<? extends Comparable<?>> names) {
		return names.stream().sorted().map(Object::toString).toList();
	}

	/**
	 * Description of how the data of requests is moved.
	 *
	 * @param requested the mode asked for
	 * @param used the mode that the disk runs in
	 */
	public record DataModes(DataMode requested, DataMode used) {

		static DataModes of(DeviceStatus status) {
			return new DataModes(status.spec().dataMode(), status.dataMode());
		}

	}

	/**
	 * Description of the memory for request data.
	 *
	 * @param size what is held now
	 * @param max what all requests in flight can need: queues x depth x largest request
	 * @param locked whether it is locked, so that it cannot be swapped
	 */
	public record BufferMemory(long size, long max, boolean locked) {

		static BufferMemory of(DeviceStatus status) {
			return new BufferMemory(status.bufferBytes(), status.maxBufferBytes(), status.bufferMemoryLocked());
		}

	}

	/**
	 * Description of a queue. Counters begin with the device.
	 *
	 * @param queue the index of the queue, from 0
	 * @param thread the name of the thread that serves it
	 * @param alive whether that thread still serves it
	 * @param paused whether arriving requests wait
	 * @param depth how many requests can be in flight
	 * @param inFlight the requests that are being served
	 * @param oldestRequestAge how long the oldest of them has been served, zero if there
	 * is none
	 * @param requests the requests that arrived
	 * @param errors the requests that failed
	 * @param timeouts those that failed because they took too long
	 * @param handovers the completions that came from another thread
	 * @param wakeUps how often such a completion had to wake the thread
	 * @param enters the system calls {@code io_uring_enter} made
	 * @param requestsPerEnter requests per such call
	 * @param cpu the processor that the thread last ran on, if it is known
	 * @param ioFlusher whether the thread never waits for its own disk when memory is
	 * short ({@code PR_SET_IO_FLUSHER})
	 */
	public record QueueDescriptor(int queue, String thread, boolean alive, boolean paused, int depth, int inFlight,
			Duration oldestRequestAge, long requests, long errors, long timeouts, long handovers, long wakeUps,
			long enters, double requestsPerEnter, @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Integer cpu,
			boolean ioFlusher) {

		static QueueDescriptor of(QueueStatus status) {
			return new QueueDescriptor(status.queue(), status.thread(), status.alive(), status.paused(), status.depth(),
					status.inFlight(), status.oldestRequestAge(), status.requests(), status.errors(), status.timeouts(),
					status.handovers(), status.wakeUps(), status.enters(), requestsPerEnter(status),
					(status.cpu() >= 0) ? status.cpu() : null, status.ioFlusher());
		}

		private static double requestsPerEnter(QueueStatus status) {
			return Math.round(100.0 * status.requests() / Math.max(1, status.enters())) / 100.0;
		}

	}

}
