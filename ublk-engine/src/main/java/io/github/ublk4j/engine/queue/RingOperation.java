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

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LostWrites;
import io.github.ublk4j.engine.linux.SharedFile;
import io.github.ublk4j.engine.uring.IoUring;
import org.jspecify.annotations.Nullable;

/**
 * What a ring does for a transfer: an operation on a file, and how much of it is done.
 * Any thread defines it; from its beginning on the loop alone uses it.
 */
final class RingOperation {

	private final IoRequest request;

	private final TransferData data;

	private int opcode;

	private @Nullable SharedFile file;

	private long position;

	private long length;

	private int flags;

	private int fd;

	private boolean unbuffered;

	private int done;

	RingOperation(IoRequest request) {
		this.request = request;
		this.data = new TransferData(request);
	}

	/**
	 * Sets what to do.
	 * @param opcode {@code IoUring.OP_*}
	 * @param file the file
	 * @param position where to begin in the file, in bytes
	 * @param length bytes
	 * @param flags those of the operation; the mode of an {@code OP_FALLOCATE}
	 */
	void define(int opcode, SharedFile file, long position, long length, int flags) {
		this.opcode = opcode;
		this.file = file;
		this.position = position;
		this.length = length;
		this.flags = flags;
	}

	void defineAs(RingOperation other) {
		define(other.opcode, other.file(), other.position, other.length, other.flags);
	}

	/**
	 * Takes the file up and finds the data.
	 * @throws IllegalStateException if the file is closed
	 */
	void begin(DataPath path) {
		this.done = 0;
		this.fd = file().use();
		try {
			locateData(path);
		}
		catch (RuntimeException | Error ex) {
			file().endUse();
			throw ex;
		}
	}

	void locateData(DataPath path) {
		if (movesData()) {
			this.data.locate(path, (int) this.length, isRead());
		}
	}

	/**
	 * Gives the request its data, when all is done.
	 */
	void deliver(DataPath path) {
		if (isRead()) {
			this.data.deliver(path, (int) this.length);
		}
	}

	/**
	 * Lets go of the file and of borrowed memory.
	 */
	void end(DataPath path) {
		this.data.release(path);
		file().endUse();
	}

	/**
	 * Returns whether a result can be that of what was submitted. One that says more than
	 * was asked for must not move the rest behind the end of the buffer.
	 */
	boolean isPossible(int result) {
		return !movesData() || result <= this.length - this.done;
	}

	/**
	 * Takes the result of what was submitted.
	 * @param result bytes or 0, or the negative error number
	 * @return whether all is done
	 */
	boolean advance(int result) {
		if (!movesData()) {
			return result == 0;
		}
		if (result > 0) {
			this.done += result;
		}
		return this.done == this.length;
	}

	/**
	 * Returns whether the pages of the request were not where the operation looked for
	 * them. The transfer linked to a registration that failed is cancelled by the kernel;
	 * any other of the request finds nothing in the fixed buffer.
	 */
	boolean missedPages(int result) {
		return (result == -Errno.ECANCELED || result == -Errno.EFAULT) && this.data.isMissing();
	}

	/**
	 * Remembers what the kernel says once: that writes are lost. Whoever asked for it may
	 * not listen any more.
	 * @param cancelled whether the engine has broken the operation off, so that its end
	 * may say nothing about the file
	 */
	void noteLostWrites(int result, boolean cancelled) {
		boolean brokenOff = result == -Errno.ECANCELED || (cancelled && result == -Errno.EINTR);
		if (syncs() && !brokenOff && !missedPages(result)) {
			file().lostWrites().add(failure(result));
		}
	}

	/**
	 * Returns why this must not report that data is durable.
	 * @return the failure, or {@code null} if no write of the file is known to be lost
	 */
	@Nullable BlockIoException lostWrites() {
		Throwable earlier = syncs() ? file().lostWrites().first() : null;
		return (earlier != null)
				? new BlockIoException(BlockErrno.EIO, describe() + " failed: " + LostWrites.explain(earlier), earlier)
				: null;
	}

	private boolean syncs() {
		return this.opcode == IoUring.OP_FSYNC
				|| (this.opcode == IoUring.OP_WRITE && (this.flags & IoUring.RWF_DSYNC) != 0);
	}

	BlockIoException failure(int result) {
		if (result < 0) {
			return new BlockIoException(BlockErrno.of(-result), describe() + " failed: " + Errno.describe(-result));
		}
		return isRead()
				? new BlockIoException(BlockErrno.ENODATA,
						describe() + " failed: the file ends at " + (this.position + this.done))
				: new BlockIoException(BlockErrno.EIO, describe() + " failed: nothing was written");
	}

	private String describe() {
		return switch (this.opcode) {
			case IoUring.OP_READ -> "read";
			case IoUring.OP_WRITE -> "write";
			case IoUring.OP_FSYNC -> "fdatasync";
			default -> "fallocate";
		} + ((this.length > 0) ? " of " + this.length + " bytes at " + this.position : "") + " of " + this.file;
	}

	boolean isRead() {
		return this.opcode == IoUring.OP_READ;
	}

	boolean movesData() {
		return this.opcode == IoUring.OP_READ || this.opcode == IoUring.OP_WRITE;
	}

	/**
	 * Notes whether it moves data of a request that has no buffer.
	 */
	boolean unbuffered(boolean unbuffered) {
		this.unbuffered = unbuffered;
		return unbuffered;
	}

	boolean unbuffered() {
		return this.unbuffered;
	}

	int opcode() {
		if (this.data.isFixed()) {
			return isRead() ? IoUring.OP_READ_FIXED : IoUring.OP_WRITE_FIXED;
		}
		return this.opcode;
	}

	IoRequest request() {
		return this.request;
	}

	SharedFile file() {
		SharedFile current = this.file;
		if (current == null) {
			throw new IllegalStateException("The transfer is not defined");
		}
		return current;
	}

	int fd() {
		return this.fd;
	}

	int flags() {
		return this.flags;
	}

	TransferData data() {
		return this.data;
	}

	/**
	 * Returns where the rest begins in the file.
	 */
	long restPosition() {
		return this.position + this.done;
	}

	/**
	 * Returns where the rest lies: an address, or an offset in the fixed buffer.
	 */
	long restAddress() {
		return this.data.address() + this.done;
	}

	long restLength() {
		return this.length - this.done;
	}

}
