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

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import io.github.ublk4j.block.BackingFile;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.uring.IoUring;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * An operation on a file for a request, run by the queue's ring. It is its own
 * subscription; a second subscriber at the same time gets a copy.
 * <p>
 * While the kernel works on it, the request is not committed: its memory is in use.
 */
final class RingTransfer extends Mono<Void> implements Subscription {

	private static final int FREE = 0;

	private static final int DEFINED = 1;

	private static final int SUBSCRIBED = 2;

	private static final int ENDED = 3;

	private static final VarHandle STATE;

	static {
		try {
			STATE = MethodHandles.lookup().findVarHandle(RingTransfer.class, "state", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final BlockQueue home;

	private final IoRequest request;

	private final LoopTask start = new Start();

	@SuppressWarnings("UnusedVariable") // through STATE
	private volatile int state = FREE;

	private volatile boolean cancelled;

	private int generation;

	private int opcode;

	private @Nullable BackingFile file;

	private long position;

	private long length;

	private int flags;

	private @Nullable CoreSubscriber<? super Void> actual;

	// the rest belongs to the loop
	private int slot = TransferSlots.NONE;

	private int fixedBuffer = DataPath.NO_FIXED_BUFFER;

	private long address;

	private @Nullable IoBuffer memory;

	private @Nullable IoBuffer lent;

	// whether the data goes into the pages of the request, not into a buffer of the disk
	private boolean fillsPages;

	private int done;

	private int fd;

	RingTransfer(BlockQueue home, IoRequest request) {
		this.home = home;
		this.request = request;
	}

	/**
	 * Takes the object for a new life of its request, if it served an earlier one to the
	 * end and no other thread is faster. Any thread.
	 */
	boolean claim(int newGeneration) {
		if (!STATE.compareAndSet(this, ENDED, FREE)) {
			return false;
		}
		if (this.generation == newGeneration) {
			STATE.setRelease(this, ENDED);
			return false;
		}
		return true;
	}

	/**
	 * Sets what to do.
	 * @param generation the life of the request that it belongs to
	 * @param opcode {@code IoUring.OP_*}
	 * @param file the file
	 * @param position where to begin in the file, in bytes
	 * @param length bytes
	 * @param flags those of the operation; the mode of an {@code OP_FALLOCATE}
	 */
	void define(int generation, int opcode, BackingFile file, long position, long length, int flags) {
		this.generation = generation;
		this.opcode = opcode;
		this.file = file;
		this.position = position;
		this.length = length;
		this.flags = flags;
		this.cancelled = false;
		STATE.setRelease(this, DEFINED);
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> subscriber) {
		if (!STATE.compareAndSet(this, DEFINED, SUBSCRIBED) && !STATE.compareAndSet(this, ENDED, SUBSCRIBED)) {
			copy().subscribe(subscriber);
			return;
		}
		this.cancelled = false;
		this.actual = subscriber;
		subscriber.onSubscribe(this);
		if (this.home.isLoopThread()) {
			begin();
		}
		else {
			this.home.handOver(this.start);
		}
	}

	private RingTransfer copy() {
		RingTransfer copy = new RingTransfer(this.home, this.request);
		copy.define(this.generation, this.opcode, file(), this.position, this.length, this.flags);
		return copy;
	}

	BackingFile file() {
		BackingFile current = this.file;
		if (current == null) {
			throw new IllegalStateException("The transfer is not defined");
		}
		return current;
	}

	@Override
	public void request(long n) {
		Operators.validate(n);
	}

	@Override
	public void cancel() {
		this.cancelled = true;
		this.home.execute(new Cancel());
	}

	int opcode() {
		boolean fixed = this.fixedBuffer != DataPath.NO_FIXED_BUFFER;
		if (fixed && this.opcode == IoUring.OP_READ) {
			return IoUring.OP_READ_FIXED;
		}
		if (fixed && this.opcode == IoUring.OP_WRITE) {
			return IoUring.OP_WRITE_FIXED;
		}
		return this.opcode;
	}

	int fd() {
		return this.fd;
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
		return this.address + this.done;
	}

	long restLength() {
		return this.length - this.done;
	}

	int flags() {
		return this.flags;
	}

	/**
	 * Returns the fixed buffer of the data, or {@link DataPath#NO_FIXED_BUFFER}.
	 */
	int fixedBuffer() {
		return this.fixedBuffer;
	}

	IoRequest request() {
		return this.request;
	}

	boolean isCancelled() {
		return this.cancelled;
	}

	int slot() {
		return this.slot;
	}

	/**
	 * Returns whether the pages of the request must be registered first, which happens
	 * once.
	 */
	boolean needsRegistration() {
		if (this.fixedBuffer == DataPath.NO_FIXED_BUFFER || this.request.pages() != IoRequest.Pages.UNREGISTERED) {
			return false;
		}
		this.request.pages(IoRequest.Pages.REGISTERED_BY_COMMAND);
		return true;
	}

	private boolean movesData() {
		return this.opcode == IoUring.OP_READ || this.opcode == IoUring.OP_WRITE;
	}

	/**
	 * Begins. Called by the loop.
	 */
	void begin() {
		if (this.cancelled) {
			STATE.setRelease(this, ENDED);
			return;
		}
		if (!this.request.isActive(this.generation)) {
			fail(new IllegalStateException("The transfer was subscribed after the end of its request"));
			return;
		}
		if (this.opcode == IoUring.OP_READ && this.request.defersRead(this)) {
			return;
		}
		try {
			this.done = 0;
			this.address = 0;
			this.fixedBuffer = DataPath.NO_FIXED_BUFFER;
			this.fd = file().fd();
			if (movesData()) {
				locateData();
			}
		}
		// a copy that the driver refuses, or a file that is closed
		catch (RuntimeException | Error ex) {
			fail(ex);
			return;
		}
		this.fillsPages = this.opcode == IoUring.OP_READ && this.request.ownBuffer() == null;
		if (this.fillsPages) {
			this.request.fillingBegun();
		}
		if (this.opcode == IoUring.OP_READ) {
			this.request.readBegun();
		}
		this.request.transferBegun();
		this.slot = this.home.transfers().add(this);
		this.home.transfers().queue(this);
	}

	private void locateData() {
		this.fixedBuffer = this.home.dataPath().fixedBuffer(this.request);
		if (this.fixedBuffer == DataPath.NO_FIXED_BUFFER) {
			IoBuffer buffer = this.request.ownBuffer();
			if (buffer == null) {
				buffer = this.home.dataPath().lend((int) this.length);
				this.lent = buffer;
			}
			this.memory = buffer;
			this.address = buffer.address();
		}
	}

	/**
	 * Returns whether the data must be copied from the request before the file is
	 * written.
	 */
	boolean copiesFromRequest() {
		return this.lent != null && this.opcode == IoUring.OP_WRITE && this.done == 0;
	}

	/**
	 * Returns whether the data must be copied to the request when all of it has been read
	 * from the file.
	 */
	boolean copiesToRequest() {
		return this.lent != null && this.opcode == IoUring.OP_READ;
	}

	/**
	 * Returns the memory at the address, which stays alive as long as this object.
	 */
	@Nullable IoBuffer memory() {
		return this.memory;
	}

	/**
	 * Returns where all of the data lies.
	 */
	long address() {
		return this.address;
	}

	long length() {
		return this.length;
	}

	/**
	 * Takes the result of what was submitted. Called by the loop.
	 * @param result bytes or 0, or the negative error number; with a copy to the request,
	 * the whole length when that is done
	 */
	void completed(int result) {
		if (copiesToRequest() && result == this.length) {
			this.done = result;
		}
		else if (movesData() && result > 0) {
			this.done += result;
			if (this.done < this.length && !this.cancelled) {
				submitRest();
				return;
			}
		}
		leaveSlot();
		// before the signal: the request that it ends need not wait for this transfer
		this.request.transferEnded();
		if (this.opcode == IoUring.OP_READ) {
			this.request.readEnded();
		}
		if (this.cancelled) {
			STATE.setRelease(this, ENDED);
		}
		else if (movesData() ? (this.done == this.length) : (result == 0)) {
			succeed();
		}
		else if (pagesWereMissing(result)) {
			// the same through a buffer
			begin();
		}
		else {
			fail(failure(result));
		}
	}

	// The transfer linked to the registration that failed is cancelled by the kernel; any
	// other of the request finds nothing in the fixed buffer
	private boolean pagesWereMissing(int result) {
		return (result == -Errno.ECANCELED || result == -Errno.EFAULT) && this.fixedBuffer != DataPath.NO_FIXED_BUFFER
				&& this.request.pages() == IoRequest.Pages.UNAVAILABLE;
	}

	private void submitRest() {
		try {
			this.fd = file().fd();
		}
		// the number of a file closed meanwhile may belong to another
		catch (RuntimeException ex) {
			leaveSlot();
			this.request.transferEnded();
			if (this.opcode == IoUring.OP_READ) {
				this.request.readEnded();
			}
			fail(ex);
			return;
		}
		this.home.transfers().queue(this);
	}

	private void leaveSlot() {
		if (this.fillsPages) {
			this.request.fillingEnded(this.done == this.length);
		}
		this.home.transfers().remove(this.slot);
		this.slot = TransferSlots.NONE;
		this.memory = null;
		if (this.lent != null) {
			this.home.dataPath().takeBack(this.lent);
			this.lent = null;
		}
	}

	private void succeed() {
		CoreSubscriber<? super Void> subscriber = subscriber();
		STATE.setRelease(this, ENDED);
		try {
			subscriber.onComplete();
		}
		// Reactor lets fatal errors through; they must not end the queue
		catch (Throwable ex) {
			this.request.failWith(ex);
		}
	}

	private CoreSubscriber<? super Void> subscriber() {
		CoreSubscriber<? super Void> current = this.actual;
		if (current == null) {
			throw new IllegalStateException("The transfer has no subscriber");
		}
		this.actual = null;
		return current;
	}

	private void fail(Throwable failure) {
		CoreSubscriber<? super Void> subscriber = subscriber();
		STATE.setRelease(this, ENDED);
		try {
			subscriber.onError(failure);
		}
		catch (Throwable ex) {
			this.request.failWith(ex);
		}
	}

	private BlockIoException failure(int result) {
		String what = switch (this.opcode) {
			case IoUring.OP_READ -> "read";
			case IoUring.OP_WRITE -> "write";
			case IoUring.OP_FSYNC -> "fdatasync";
			default -> "fallocate";
		} + ((this.length > 0) ? " of " + this.length + " bytes at " + this.position : "") + " of " + this.file;
		if (result >= 0) {
			return (this.opcode == IoUring.OP_READ)
					? new BlockIoException(BlockErrno.ENODATA,
							what + " failed: the file ends at " + (this.position + this.done))
					: new BlockIoException(BlockErrno.EIO, what + " failed: nothing was written");
		}
		return new BlockIoException(BlockErrno.of(-result), what + " failed: " + Errno.describe(-result));
	}

	@Override
	public String toString() {
		return "transfer of " + this.request;
	}

	private final class Start extends LoopTask {

		@Override
		void run() {
			begin();
		}

		@Override
		void reject() {
			if (!RingTransfer.this.cancelled) {
				fail(new BlockIoException(BlockErrno.EIO, "The queue has ended"));
			}
		}

	}

	private final class Cancel extends LoopTask {

		@Override
		void run() {
			if (RingTransfer.this.slot != TransferSlots.NONE) {
				RingTransfer.this.home.cancel(RingTransfer.this.slot);
			}
		}

		@Override
		void reject() {
			// the end of the ring cancels it
		}

	}

}
