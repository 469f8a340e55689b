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

package io.github.ublk4j.engine.queue;

import java.nio.ByteBuffer;

import io.github.ublk4j.engine.driver.CharDevice;
import io.github.ublk4j.engine.driver.IoCommand;
import io.github.ublk4j.engine.driver.UblkLayout.IoCmd;
import io.github.ublk4j.engine.driver.UblkLayout.IoDesc;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.EventFd;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import io.github.ublk4j.engine.linux.Mapping;
import io.github.ublk4j.engine.uring.CompletionConsumer;
import io.github.ublk4j.engine.uring.IoUring;
import io.github.ublk4j.engine.uring.SqeDescriptor;

/**
 * The transport to {@code ublk_drv} in copy mode: the driver copies data between the
 * request and the tag's buffer.
 */
final class DriverTransport implements QueueTransport {

	// What a completion belongs to, in the upper half of its user data; the lower half is
	// the tag
	private static final int KIND_SHIFT = 32;

	private static final long KIND_DRIVER = 0;

	private static final long KIND_WAKE_UP = 1;

	// beside one command per tag, the read of the event counter
	private static final int EXTRA_ENTRIES = 1;

	private static final int RING_FLAGS = IoUring.SETUP_SUBMIT_ALL | IoUring.SETUP_SINGLE_ISSUER
			| IoUring.SETUP_COOP_TASKRUN | IoUring.SETUP_DEFER_TASKRUN;

	private final int queue;

	private final int fd;

	private final QueueBuffers buffers;

	private final IoUring ring;

	private final ByteBuffer sqes;

	private final Mapping descriptorMapping;

	private final ByteBuffer descriptors;

	private final EventFd eventFd;

	private final ByteBuffer eventCounter = ByteBuffer.allocateDirect(EventFd.COUNTER_BYTES);

	private final long eventCounterAddress = LinuxPlatform.addressOf(this.eventCounter);

	private final CompletionConsumer dispatch = this::completed;

	private Events events = NoEvents.INSTANCE;

	private long enters;

	DriverTransport(CharDevice device, int queue, QueueBuffers buffers) {
		this.queue = queue;
		this.fd = device.fd();
		this.buffers = buffers;
		this.ring = openRing(buffers.depth() + EXTRA_ENTRIES);
		this.sqes = this.ring.sqes();
		try {
			this.descriptorMapping = device.mapDescriptors(queue);
		}
		catch (LinuxException ex) {
			this.ring.close();
			throw ex;
		}
		this.descriptors = this.descriptorMapping.buffer();
		try {
			this.eventFd = new EventFd();
		}
		catch (LinuxException ex) {
			this.descriptorMapping.close();
			this.ring.close();
			throw ex;
		}
		armWakeUp();
	}

	private static IoUring openRing(int entries) {
		try {
			return new IoUring(entries, RING_FLAGS | IoUring.SETUP_NO_SQARRAY);
		}
		catch (LinuxException ex) {
			if (ex.errno() != Errno.EINVAL) {
				throw ex;
			}
			// Linux before 6.6
			return new IoUring(entries, RING_FLAGS);
		}
	}

	@Override
	public ByteBuffer buffer(int tag) {
		return this.buffers.buffer(tag);
	}

	@Override
	public void detachBuffer(int tag) {
		this.buffers.detach(tag);
	}

	@Override
	public void fetch(int tag) {
		command(IoCommand.FETCH_REQ, tag, 0);
	}

	@Override
	public void commitAndFetch(int tag, int result) {
		command(IoCommand.COMMIT_AND_FETCH_REQ, tag, result);
	}

	// Eight words are the whole entry, so that nothing of an earlier one is left in it
	private void command(int operation, int tag, int result) {
		int sqe = this.ring.nextSqe();
		this.sqes.putLong(sqe, IoUring.OP_URING_CMD | (long) this.fd << Integer.SIZE);
		this.sqes.putLong(sqe + SqeDescriptor.CMD_OP, Integer.toUnsignedLong(operation));
		this.sqes.putLong(sqe + SqeDescriptor.ADDR, 0);
		this.sqes.putLong(sqe + SqeDescriptor.LEN, 0);
		this.sqes.putLong(sqe + SqeDescriptor.USER_DATA, KIND_DRIVER << KIND_SHIFT | tag);
		this.sqes.putLong(sqe + SqeDescriptor.BUF_INDEX, 0);
		this.sqes.putLong(sqe + SqeDescriptor.CMD + IoCmd.Q_ID,
				this.queue | (long) tag << Short.SIZE | (long) result << Integer.SIZE);
		this.sqes.putLong(sqe + SqeDescriptor.CMD + IoCmd.ADDR, this.buffers.address(tag));
	}

	private void armWakeUp() {
		int sqe = this.ring.nextSqe();
		this.sqes.putLong(sqe, IoUring.OP_READ | (long) this.eventFd.fd() << Integer.SIZE);
		this.sqes.putLong(sqe + SqeDescriptor.OFF, 0);
		this.sqes.putLong(sqe + SqeDescriptor.ADDR, this.eventCounterAddress);
		this.sqes.putLong(sqe + SqeDescriptor.LEN, EventFd.COUNTER_BYTES);
		this.sqes.putLong(sqe + SqeDescriptor.USER_DATA, KIND_WAKE_UP << KIND_SHIFT);
		this.sqes.putLong(sqe + SqeDescriptor.BUF_INDEX, 0);
		this.sqes.putLong(sqe + SqeDescriptor.CMD, 0);
		this.sqes.putLong(sqe + SqeDescriptor.CMD + Long.BYTES, 0);
	}

	@Override
	public void exchange(boolean wait) {
		this.enters++;
		this.ring.enter(wait ? 1 : 0);
	}

	@Override
	public void poll(Events events) {
		this.events = events;
		this.ring.reap(this.dispatch);
	}

	private void completed(long userData, int result, int flags) {
		if (userData >>> KIND_SHIFT == KIND_WAKE_UP) {
			armWakeUp();
		}
		else if (result == IoCommand.RES_OK) {
			this.events.arrived((int) userData);
		}
		else {
			this.events.aborted((int) userData, -result);
		}
	}

	@Override
	public int operationAndFlags(int tag) {
		return this.descriptors.getInt(tag * IoDesc.SIZE + IoDesc.OP_FLAGS);
	}

	@Override
	public long startSector(int tag) {
		return this.descriptors.getLong(tag * IoDesc.SIZE + IoDesc.START_SECTOR);
	}

	@Override
	public int sectors(int tag) {
		return this.descriptors.getInt(tag * IoDesc.SIZE + IoDesc.NR_SECTORS);
	}

	@Override
	public void wakeUp() {
		this.eventFd.signal();
	}

	@Override
	public long enters() {
		return this.enters;
	}

	@Override
	public void close() {
		this.ring.close();
		this.descriptorMapping.close();
		this.eventFd.close();
	}

	private enum NoEvents implements Events {

		INSTANCE;

		@Override
		public void arrived(int tag) {
			throw new IllegalStateException("No poll has begun");
		}

		@Override
		public void aborted(int tag, int error) {
			throw new IllegalStateException("No poll has begun");
		}

	}

}
