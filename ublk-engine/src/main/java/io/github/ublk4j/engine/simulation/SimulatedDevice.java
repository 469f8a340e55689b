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

package io.github.ublk4j.engine.simulation;

import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.device.DeviceChannel;
import io.github.ublk4j.engine.driver.DeviceInfo;
import io.github.ublk4j.engine.driver.DriverState;
import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.queue.DataPath;
import io.github.ublk4j.engine.queue.PageRegistration;
import io.github.ublk4j.engine.queue.QueueTransport;
import io.github.ublk4j.engine.queue.SimulatedRequest;
import io.github.ublk4j.engine.queue.SimulatedTransport;
import org.jspecify.annotations.Nullable;

/**
 * A device of a {@link SimulatedHost}. Any thread.
 */
final class SimulatedDevice implements DeviceChannel {

	private final DeviceInfo granted;

	private final Recovery recovery;

	private volatile List<SimulatedTransport> queues;

	private final AtomicInteger turn = new AtomicInteger();

	private @Nullable SimulatedDisk disk;

	private DriverState state = DriverState.DEAD;

	private int serverPid = -1;

	private boolean open;

	SimulatedDevice(DeviceInfo granted) {
		this.granted = granted;
		this.recovery = UblkFeature.recovery(granted.flags());
		this.queues = newQueues();
	}

	private List<SimulatedTransport> newQueues() {
		return Stream.generate(() -> new SimulatedTransport(this.granted.queueDepth(), this.recovery != Recovery.NONE))
			.limit(this.granted.queues())
			.toList();
	}

	synchronized DeviceInfo info() {
		return new DeviceInfo(this.granted.id(), this.granted.queues(), this.granted.queueDepth(),
				this.granted.maxIoSize(), this.granted.flags(), this.state, this.serverPid, this.granted.ownerUid(),
				this.granted.ownerGid(), this.granted.token());
	}

	synchronized DeviceChannel open() {
		if (this.open) {
			throw new LinuxException("open of simulated ublk device " + this.granted.id(), Errno.EBUSY,
					"Somebody serves it already");
		}
		this.open = true;
		return this;
	}

	synchronized void describe(DiskSpec spec, Set<BlockOperation> operations) {
		this.disk = new SimulatedDisk(this, spec, operations);
	}

	synchronized void start(int pid) {
		String what = "start of simulated ublk device " + this.granted.id();
		if (this.disk == null) {
			throw new LinuxException(what, Errno.EINVAL, "Its parameters are not set");
		}
		if (this.state == DriverState.LIVE) {
			throw new LinuxException(what, Errno.EEXIST, "It has been started already");
		}
		goLive(what, pid);
	}

	private void goLive(String what, int pid) {
		if (!this.queues.stream().allMatch(SimulatedTransport::isFetched)) {
			throw new LinuxException(what, Errno.ETIMEDOUT, "A queue has not fetched all its tags");
		}
		this.queues.forEach(SimulatedTransport::serve);
		this.state = DriverState.LIVE;
		this.serverPid = pid;
	}

	synchronized void beginRecovery() {
		String what = "recovery of simulated ublk device " + this.granted.id();
		if (this.recovery == Recovery.NONE) {
			throw new LinuxException(what, Errno.EINVAL, "It has none");
		}
		if (this.open || !isWaiting()) {
			throw new LinuxException(what, Errno.EBUSY, "It is served");
		}
	}

	synchronized void endRecovery(int pid) {
		String what = "recovery of simulated ublk device " + this.granted.id();
		if (!isWaiting()) {
			throw new LinuxException(what, Errno.EBUSY, "It does not wait for a server");
		}
		goLive(what, pid);
	}

	private boolean isWaiting() {
		return this.state == DriverState.QUIESCED || this.state == DriverState.FAIL_IO;
	}

	void quiesce() {
		this.queues.forEach(SimulatedTransport::quiesce);
	}

	synchronized boolean isOpen() {
		return this.open;
	}

	/**
	 * Returns whether the disk is there, with or without a server.
	 */
	synchronized boolean isShown() {
		return this.state != DriverState.DEAD;
	}

	synchronized SimulatedDisk disk() {
		SimulatedDisk current = this.disk;
		if (current == null) {
			throw new IllegalStateException("The device has no disk");
		}
		return current;
	}

	synchronized List<String> users() {
		SimulatedDisk current = this.disk;
		return (current != null && isShown()) ? current.users() : List.of();
	}

	synchronized boolean isTaken() {
		SimulatedDisk current = this.disk;
		return current != null && isShown() && current.isTaken();
	}

	/**
	 * Hands requests to one queue, the next in turn. The kernel would take that of the
	 * processor.
	 */
	void submit(List<SimulatedRequest> requests) {
		List<SimulatedRequest> refused = requests;
		synchronized (this) {
			if (this.state == DriverState.LIVE || this.state == DriverState.QUIESCED) {
				SimulatedTransport queue = this.queues
					.get(Math.floorMod(this.turn.getAndIncrement(), this.queues.size()));
				refused = requests.stream().filter((request) -> !queue.submit(request)).toList();
			}
		}
		refused.forEach((request) -> request.answer().complete(-Errno.EIO));
	}

	SimulatedTransport queue(int index) {
		return this.queues.get(index);
	}

	/**
	 * Removes the disk: no request comes in any more, those that did are waited for, then
	 * every tag is given up.
	 * @return whether all have been answered before the deadline
	 */
	boolean stop(long deadline) {
		boolean served;
		synchronized (this) {
			served = this.state == DriverState.LIVE;
			this.state = DriverState.DEAD;
		}
		if (served) {
			this.queues.forEach(SimulatedTransport::stop);
		}
		else {
			this.queues.forEach((queue) -> queue.giveUp(Errno.ENODEV));
		}
		try {
			for (SimulatedTransport queue : this.queues) {
				if (!queue.awaitIdle(deadline)) {
					return false;
				}
			}
			return true;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new LinuxException("stop of simulated ublk device " + this.granted.id(), Errno.EINTR);
		}
	}

	synchronized boolean awaitClosed(long deadline) {
		try {
			while (this.open) {
				long left = (deadline - System.nanoTime()) / 1_000_000;
				if (left <= 0) {
					return false;
				}
				wait(left);
			}
			return true;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

	@Override
	public DataPath dataPath(int queue, DataMode mode, PageRegistration registration, boolean clearReadBuffers) {
		return queue(queue).dataPath(mode, this.granted.maxIoSize(), clearReadBuffers, registration);
	}

	@Override
	public QueueTransport.Factory transports(PageRegistration registration) {
		return (queue) -> this.queues.get(queue);
	}

	@Override
	public void close() {
		List<SimulatedTransport> left = this.queues;
		synchronized (this) {
			if (this.recovery == Recovery.NONE || this.state == DriverState.DEAD) {
				this.state = DriverState.DEAD;
			}
			else {
				leave();
			}
			this.open = false;
			notifyAll();
		}
		left.forEach((queue) -> queue.giveUp(Errno.ENODEV));
	}

	private void leave() {
		List<SimulatedTransport> left = this.queues;
		this.queues = newQueues();
		this.queues.forEach(SimulatedTransport::hold);
		this.state = (this.recovery == Recovery.FAIL_IO) ? DriverState.FAIL_IO : DriverState.QUIESCED;
		if (this.recovery != Recovery.FAIL_IO) {
			for (int i = 0; i < left.size(); i++) {
				left.get(i).takeUnanswered(this.recovery == Recovery.REISSUE).forEach(this.queues.get(i)::submit);
			}
		}
	}

}
