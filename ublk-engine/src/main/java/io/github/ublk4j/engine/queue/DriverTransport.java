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
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

import io.github.ublk4j.engine.driver.CharDevice;
import io.github.ublk4j.engine.driver.IoCommand;
import io.github.ublk4j.engine.driver.UblkLayout.AutoBufReg;
import io.github.ublk4j.engine.driver.UblkLayout.IoCmd;
import io.github.ublk4j.engine.driver.UblkLayout.IoDesc;
import io.github.ublk4j.engine.linux.CurrentThread;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.EventFd;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.Mapping;
import io.github.ublk4j.engine.uring.CompletionConsumer;
import io.github.ublk4j.engine.uring.IoUring;
import io.github.ublk4j.engine.uring.SqeDescriptor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transport to {@code ublk_drv}: a command per tag.
 */
final class DriverTransport implements QueueTransport {

	private static final Logger logger = LoggerFactory.getLogger(DriverTransport.class);

	// What a completion belongs to, in the upper half of its user data; the lower half is
	// the tag
	private static final int KIND_SHIFT = 32;

	private static final long KIND_DRIVER = 0;

	private static final long KIND_WAKE_UP = 1;

	// the lower half is the slot of the transfer
	private static final long KIND_TRANSFER = 2;

	private static final long KIND_REGISTER = 3;

	private static final long KIND_CANCEL = 4;

	// struct ublk_auto_buf_reg: UBLK_AUTO_BUF_REG_FALLBACK
	private static final long AUTO_REGISTER_FALLBACK = 1L << (AutoBufReg.FLAGS * Byte.SIZE);

	// beside one command per tag, the poll of the event counter
	private static final int EXTRA_ENTRIES = 1;

	// what must be in one submission: a registration with what it is for
	private static final int LINKED_ENTRIES = 2;

	private static final long NO_SUCH_BUFFER = 0xffff;

	// the first registered file; the others are those of transfers
	private static final int CHAR_DEVICE = 0;

	private static final int REGISTERED_FILES = 16;

	private static final int SUBMIT_ATTEMPTS = 1000;

	private static final int RING_FLAGS = IoUring.SETUP_SUBMIT_ALL | IoUring.SETUP_SINGLE_ISSUER
			| IoUring.SETUP_COOP_TASKRUN | IoUring.SETUP_DEFER_TASKRUN;

	private final int queue;

	private final int kernelThread = CurrentThread.id();

	private final PageRegistration pages;

	private final IoUring ring;

	private final Mapping descriptorMapping;

	private final ByteBuffer[] descriptors;

	private final EventFd eventFd;

	private final CompletionConsumer dispatch = this::completed;

	private final FileTable files;

	private Events events = NoEvents.INSTANCE;

	private long enters;

	/**
	 * Opens the transport of a queue, on the thread that serves it.
	 * @param device the open device
	 * @param queue the queue
	 * @param depth its tags
	 * @param pages how the pages of requests are registered
	 */
	DriverTransport(CharDevice device, int queue, int depth, PageRegistration pages) {
		this.queue = queue;
		this.pages = pages;
		this.ring = IoUring.open(Math.max(depth + EXTRA_ENTRIES, LINKED_ENTRIES), RING_FLAGS);
		this.files = new FileTable(this.ring::registerFile, CHAR_DEVICE + 1, REGISTERED_FILES - 1);
		try {
			this.ring.registerRingFd();
			this.ring.registerSparseFiles(REGISTERED_FILES);
			this.ring.registerFile(CHAR_DEVICE, device.fd());
			if (pages != PageRegistration.NONE) {
				this.ring.registerSparseBuffers(depth);
			}
			this.descriptorMapping = device.mapDescriptors(queue);
		}
		catch (LinuxException ex) {
			this.ring.close();
			throw ex;
		}
		this.descriptors = new ByteBuffer[depth];
		Arrays.setAll(this.descriptors, this::descriptor);
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

	private ByteBuffer descriptor(int tag) {
		return this.descriptorMapping.buffer().slice(tag * IoDesc.SIZE, IoDesc.SIZE).order(ByteOrder.nativeOrder());
	}

	@Override
	public void fetch(int tag, long address) {
		command(IoCommand.FETCH_REQ, tag, 0, address);
	}

	@Override
	public void commitAndFetch(int tag, int result, long address) {
		command(IoCommand.COMMIT_AND_FETCH_REQ, tag, result, address);
	}

	private void command(int operation, int tag, int result, long address) {
		ByteBuffer sqe = nextSqe();
		command(sqe, 0, operation, KIND_DRIVER, tag, result, address);
		if (this.pages == PageRegistration.AUTOMATIC) {
			sqe.putLong(SqeDescriptor.ADDR, AUTO_REGISTER_FALLBACK | tag);
		}
		else if (this.pages == PageRegistration.FAILING) {
			sqe.putLong(SqeDescriptor.ADDR, AUTO_REGISTER_FALLBACK | NO_SUCH_BUFFER);
		}
	}

	// Eight words are the whole entry, so that nothing of an earlier one is left in it
	private void command(ByteBuffer sqe, int flags, int operation, long kind, int tag, int result, long address) {
		sqe.putLong(0, IoUring.OP_URING_CMD | (long) (IoUring.SQE_FIXED_FILE | flags) << Byte.SIZE);
		sqe.putLong(SqeDescriptor.CMD_OP, Integer.toUnsignedLong(operation));
		sqe.putLong(SqeDescriptor.ADDR, 0);
		sqe.putLong(SqeDescriptor.LEN, 0);
		sqe.putLong(SqeDescriptor.USER_DATA, kind << KIND_SHIFT | tag);
		sqe.putLong(SqeDescriptor.BUF_INDEX, 0);
		sqe.putLong(SqeDescriptor.CMD + IoCmd.Q_ID,
				this.queue | (long) tag << Short.SIZE | (long) result << Integer.SIZE);
		sqe.putLong(SqeDescriptor.CMD + IoCmd.ADDR, address);
	}

	@Override
	public void registerPages(int tag) {
		// with room for the transfer, which must be in the same submission. Not silent:
		// one that
		// is and fails silences the transfer too
		makeRoom(LINKED_ENTRIES);
		command(this.ring.nextSqe(), IoUring.SQE_IO_LINK, IoCommand.REGISTER_IO_BUF, KIND_REGISTER, tag, 0, tag);
	}

	@Override
	public void unregisterPages(int tag) {
		command(nextSqe(), IoUring.SQE_CQE_SKIP_SUCCESS, IoCommand.UNREGISTER_IO_BUF, KIND_CANCEL, tag, 0, tag);
	}

	@Override
	public boolean registerMemory(List<BufferMemory> memory) {
		int result = this.ring.registerBuffers(memory.stream().map(BufferMemory::buffer).toList());
		if (result < 0) {
			logger.debug("Queue {}: transfers go by address, since the ring could not register the buffers: {}",
					this.queue, Errno.describe(-result));
		}
		return result == 0;
	}

	@Override
	public void transfer(RingOperation transfer, int slot) {
		int opcode = transfer.opcode();
		long position = transfer.restPosition();
		long address = transfer.restAddress();
		long length = transfer.restLength();
		int flags = transfer.flags();
		if (opcode == IoUring.OP_FALLOCATE) {
			// the length is where the address of others is, the mode is the length
			address = length;
			length = flags;
			flags = 0;
		}
		int fixedBuffer = Math.max(0, transfer.data().fixedBuffer());
		int file = this.files.indexOf(transfer.file(), transfer.fd(), transfer.request().loopWaker());
		boolean registered = file != FileTable.NOT_REGISTERED;
		makeRoom(1);
		operation(opcode, registered ? IoUring.SQE_FIXED_FILE : 0, registered ? file : transfer.fd(), position, address,
				(int) length, flags, fixedBuffer, KIND_TRANSFER << KIND_SHIFT | slot);
	}

	@Override
	public void cancelTransfer(int slot) {
		makeRoom(1);
		operation(IoUring.OP_ASYNC_CANCEL, 0, -1, 0, KIND_TRANSFER << KIND_SHIFT | slot, 0, 0, 0,
				KIND_CANCEL << KIND_SHIFT);
	}

	private void operation(int opcode, int entryFlags, int fd, long position, long address, int length, int flags,
			int fixedBuffer, long userData) {
		ByteBuffer sqe = this.ring.nextSqe();
		sqe.putLong(0, opcode | entryFlags << Byte.SIZE | (long) fd << Integer.SIZE);
		sqe.putLong(SqeDescriptor.OFF, position);
		sqe.putLong(SqeDescriptor.ADDR, address);
		sqe.putLong(SqeDescriptor.LEN, Integer.toUnsignedLong(length) | (long) flags << Integer.SIZE);
		sqe.putLong(SqeDescriptor.USER_DATA, userData);
		sqe.putLong(SqeDescriptor.BUF_INDEX, fixedBuffer);
		sqe.putLong(SqeDescriptor.CMD, 0);
		sqe.putLong(SqeDescriptor.CMD + Long.BYTES, 0);
	}

	private ByteBuffer nextSqe() {
		makeRoom(1);
		return this.ring.nextSqe();
	}

	// commands alone always have room; transfers may be any number
	private void makeRoom(int entries) {
		// again, since the kernel may be short of memory for a moment
		for (int attempt = 0; attempt < SUBMIT_ATTEMPTS && this.ring.freeEntries() < entries; attempt++) {
			this.enters++;
			this.ring.enter(0);
		}
	}

	// stays armed: each signal completes it once more, whatever the counter has come to
	private void armWakeUp() {
		makeRoom(1);
		operation(IoUring.OP_POLL_ADD, 0, this.eventFd.fd(), 0, 0, IoUring.POLL_ADD_MULTI, IoUring.POLLIN, 0,
				KIND_WAKE_UP << KIND_SHIFT);
	}

	@Override
	public void exchange(boolean wait) {
		if (wait) {
			this.files.dropRetired();
		}
		this.enters++;
		this.ring.enter(wait ? 1 : 0);
	}

	@Override
	public void poll(Events events) {
		this.events = events;
		this.ring.reap(this.dispatch);
	}

	private void completed(long userData, int result, int flags) {
		int low = (int) userData;
		if (userData >>> KIND_SHIFT == KIND_DRIVER) {
			if (result == IoCommand.RES_OK) {
				this.events.arrived(low);
			}
			else {
				this.events.aborted(low, -result);
			}
		}
		else {
			completedOther(userData >>> KIND_SHIFT, low, result, flags);
		}
	}

	private void completedOther(long kind, int low, int result, int flags) {
		if (kind == KIND_TRANSFER) {
			this.events.transferred(low, result);
		}
		else if (kind == KIND_WAKE_UP) {
			if ((flags & IoUring.CQE_F_MORE) == 0) {
				armWakeUp();
			}
		}
		else if (kind == KIND_REGISTER && result < 0) {
			this.events.pagesUnavailable(low, -result);
		}
		// the result of a cancel is that of the transfer
	}

	@Override
	public int operationAndFlags(int tag) {
		return this.descriptors[tag].getInt(IoDesc.OP_FLAGS);
	}

	@Override
	public long startSector(int tag) {
		return this.descriptors[tag].getLong(IoDesc.START_SECTOR);
	}

	@Override
	public int sectors(int tag) {
		return this.descriptors[tag].getInt(IoDesc.NR_SECTORS);
	}

	@Override
	public void wakeUp() {
		this.eventFd.signal();
	}

	@Override
	public int kernelThread() {
		return this.kernelThread;
	}

	@Override
	public long enters() {
		return this.enters;
	}

	@Override
	public void close() {
		this.files.close();
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

		@Override
		public void transferred(int slot, int result) {
			throw new IllegalStateException("No poll has begun");
		}

		@Override
		public void pagesUnavailable(int tag, int error) {
			throw new IllegalStateException("No poll has begun");
		}

	}

}
