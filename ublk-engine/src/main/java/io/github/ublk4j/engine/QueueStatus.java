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

package io.github.ublk4j.engine;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;

import io.github.ublk4j.engine.linux.KernelThread;
import io.github.ublk4j.engine.queue.BlockQueue;
import io.github.ublk4j.metrics.InFlightRequest;

/**
 * A snapshot of one queue. Counters begin with the device.
 *
 * @param queue the index of the queue, from 0
 * @param thread the name of the thread that serves it
 * @param alive whether that thread still serves it
 * @param depth the tags of the queue
 * @param inFlight the requests that are being served
 * @param requests the requests that arrived
 * @param errors the requests that failed
 * @param handovers the completions that came from another thread
 * @param wakeUps how often such a completion had to wake the thread
 * @param enters the system calls {@code io_uring_enter} made
 * @param timeouts the requests that failed because they took longer than the disk allows
 * @param paused whether arriving requests wait for {@link UblkDevice#resume()}
 * @param oldestRequestAge how long the oldest of the requests has been served, zero if
 * there is none
 * @param cpu the processor that the thread last ran on, -1 if that is unknown
 * @param ioFlusher whether the kernel takes the thread as one that memory reclaim depends
 * on ({@code PR_SET_IO_FLUSHER}), so that it never waits for its own disk
 */
public record QueueStatus(int queue, String thread, boolean alive, int depth, int inFlight, long requests, long errors,
		long handovers, long wakeUps, long enters, long timeouts, boolean paused, Duration oldestRequestAge, int cpu,
		boolean ioFlusher) {

	private static final KernelThread UNKNOWN = new KernelThread(-1, false);

	static QueueStatus of(BlockQueue served) {
		BlockQueue.Snapshot queue = served.snapshot();
		KernelThread thread = KernelThread.find(queue.kernelThread()).orElse(UNKNOWN);
		return new QueueStatus(queue.queue(), queue.thread(), queue.alive(), queue.depth(), queue.inFlight(),
				queue.requests(), queue.errors(), queue.handovers(), queue.wakeUps(), queue.enters(), queue.timeouts(),
				queue.paused(), oldest(served.inFlight()), thread.cpu(), thread.ioFlusher());
	}

	private static Duration oldest(List<InFlightRequest> requests) {
		return requests.stream().map(InFlightRequest::age).max(Comparator.naturalOrder()).orElse(Duration.ZERO);
	}

}
