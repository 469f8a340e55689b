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

package io.github.ublk4j.engine.uring;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.IoUringCalls;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import io.github.ublk4j.engine.linux.Mapping;

/**
 * A submission queue and a completion queue shared with the kernel. One thread owns a
 * ring and makes every call, including {@link #close()}.
 * <p>
 * Waiting for completions does not count as a wait for I/O, where the kernel can tell
 * these apart (Linux 6.15, {@code IORING_ENTER_NO_IOWAIT}): a queue that has nothing to
 * do always has commands with the driver, and would look like a disk that is too slow in
 * {@code /proc/stat} and {@code /proc/pressure/io}.
 */
public final class IoUring implements AutoCloseable {

	/** {@code IORING_SETUP_CLAMP}: reduce too many entries instead of failing. */
	public static final int SETUP_CLAMP = 1 << 4;

	/** {@code IORING_SETUP_SUBMIT_ALL}: an entry that fails does not stop the batch. */
	public static final int SETUP_SUBMIT_ALL = 1 << 7;

	/** {@code IORING_SETUP_COOP_TASKRUN}: do not interrupt the thread for task work. */
	public static final int SETUP_COOP_TASKRUN = 1 << 8;

	/** {@code IORING_SETUP_SQE128}: submission queue entries of 128 bytes. */
	public static final int SETUP_SQE128 = 1 << 10;

	/** {@code IORING_SETUP_CQE32}: completion queue entries of 32 bytes. */
	public static final int SETUP_CQE32 = 1 << 11;

	/** {@code IORING_SETUP_SINGLE_ISSUER}: only one thread submits. */
	public static final int SETUP_SINGLE_ISSUER = 1 << 12;

	/** {@code IORING_SETUP_DEFER_TASKRUN}: completions appear only in a waiting enter. */
	public static final int SETUP_DEFER_TASKRUN = 1 << 13;

	/** {@code IORING_SETUP_NO_SQARRAY}: entries are taken in ring order; Linux 6.6. */
	public static final int SETUP_NO_SQARRAY = 1 << 16;

	/** {@code IORING_OP_NOP}. */
	public static final int OP_NOP = 0;

	/** {@code IORING_OP_FSYNC}. */
	public static final int OP_FSYNC = 3;

	/** {@code IORING_OP_READ_FIXED}. */
	public static final int OP_READ_FIXED = 4;

	/** {@code IORING_OP_WRITE_FIXED}. */
	public static final int OP_WRITE_FIXED = 5;

	/** {@code IORING_OP_POLL_ADD}. */
	public static final int OP_POLL_ADD = 6;

	/** {@code IORING_OP_ASYNC_CANCEL}. */
	public static final int OP_ASYNC_CANCEL = 14;

	/** {@code IORING_OP_FALLOCATE}. */
	public static final int OP_FALLOCATE = 17;

	/** {@code IORING_OP_READ}. */
	public static final int OP_READ = 22;

	/** {@code IORING_OP_WRITE}. */
	public static final int OP_WRITE = 23;

	/** {@code IORING_OP_URING_CMD}. */
	public static final int OP_URING_CMD = 46;

	/** {@code IORING_FSYNC_DATASYNC}: an fdatasync. */
	public static final int FSYNC_DATASYNC = 1;

	/** {@code RWF_DSYNC}: what this operation writes is durable when it completes. */
	public static final int RWF_DSYNC = 1 << 1;

	/** {@code IOSQE_FIXED_FILE}: the descriptor is the index of a registered file. */
	public static final int SQE_FIXED_FILE = 1;

	/** {@code IOSQE_IO_LINK}: the next entry begins when this one has succeeded. */
	public static final int SQE_IO_LINK = 1 << 2;

	/** {@code IOSQE_CQE_SKIP_SUCCESS}: no completion unless it fails. */
	public static final int SQE_CQE_SKIP_SUCCESS = 1 << 6;

	/** {@code IORING_POLL_ADD_MULTI}: the poll goes on after each completion. */
	public static final int POLL_ADD_MULTI = 1;

	/** {@code POLLIN} of poll.h: there is something to read. */
	public static final int POLLIN = 1;

	/** {@code IORING_CQE_F_MORE}: the operation goes on. */
	public static final int CQE_F_MORE = 1 << 1;

	private static final long OFF_SQ_RING = 0;

	private static final long OFF_CQ_RING = 0x8000000L;

	private static final long OFF_SQES = 0x10000000L;

	private static final int ENTER_GETEVENTS = 1;

	private static final int ENTER_EXT_ARG = 1 << 3;

	private static final int ENTER_REGISTERED_RING = 1 << 4;

	private static final int ENTER_NO_IOWAIT = 1 << 7;

	private static final int REGISTER_BUFFERS = 0;

	private static final int REGISTER_FILES = 2;

	private static final int REGISTER_FILES_UPDATE = 6;

	private static final int REGISTER_BUFFERS2 = 15;

	private static final int REGISTER_RING_FDS = 20;

	private static final int UNREGISTER_RING_FDS = 21;

	private static final int RSRC_REGISTER_SPARSE = 1;

	// struct iovec
	private static final int IOVEC_SIZE = 16;

	private static final int IOVEC_LEN = 8;

	// struct io_uring_rsrc_register
	private static final int RSRC_REGISTER_SIZE = 32;

	private static final int RSRC_REGISTER_NR = 0;

	private static final int RSRC_REGISTER_FLAGS = 4;

	// struct io_uring_rsrc_update
	private static final int RSRC_UPDATE_SIZE = 16;

	private static final int RSRC_UPDATE_OFFSET = 0;

	private static final int RSRC_UPDATE_DATA = 8;

	private static final int SQ_CQ_OVERFLOW = 1 << 1;

	private static final int FEAT_SINGLE_MMAP = 1;

	private static final int FEAT_NO_IOWAIT = 1 << 17;

	// struct io_uring_getevents_arg
	private static final int EXT_ARG_SIZE = 24;

	private static final int EXT_ARG_TS = 16;

	// struct __kernel_timespec, which follows it
	private static final int TIMESPEC_SIZE = 16;

	private static final int TIMESPEC_TV_NSEC = 8;

	private final LinuxFile file;

	private final int flags;

	private final List<Mapping> mappings;

	// a buffer for each entry: the JIT compiler checks constant offsets in it cheaply
	private final ByteBuffer[] sqes;

	private final SharedWord sqHeadWord;

	private final SharedWord sqTailWord;

	private final SharedWord sqFlagsWord;

	private final int sqMask;

	private final int sqEntries;

	private final SharedWord cqHeadWord;

	private final SharedWord cqTailWord;

	private final SharedWord cqOverflowWord;

	private final int cqMask;

	private final int cqEntries;

	private final ByteBuffer[] cqes;

	private final ByteBuffer waitArgument = ByteBuffer.allocateDirect(EXT_ARG_SIZE + TIMESPEC_SIZE)
		.order(ByteOrder.nativeOrder());

	private final long waitArgumentAddress = LinuxPlatform.addressOf(this.waitArgument);

	private int sqTail;

	private int submitted;

	// what was reaped; nobody else writes it
	private int cqHead;

	// what enter names the ring by, and how it is to be taken
	private int enterFd;

	private int enterFlags;

	private boolean reaping;

	private boolean closed;

	/**
	 * Makes a ring without an index array, where the kernel knows such (Linux 6.6). All
	 * rings of a process should be alike: the kernel patches its own code when the first
	 * ring with an array comes and when the last one goes ({@code io_key_has_sqarray} in
	 * io_uring/io_uring.c), under load on other processors as well.
	 * @param entries how many submissions it holds, rounded up to a power of two
	 * @param flags {@code SETUP_*}
	 * @return the ring
	 * @throws LinuxException if the kernel refuses
	 */
	public static IoUring open(int entries, int flags) {
		try {
			return new IoUring(entries, flags | SETUP_NO_SQARRAY);
		}
		catch (LinuxException ex) {
			if (ex.errno() != Errno.EINVAL) {
				throw ex;
			}
			return new IoUring(entries, flags);
		}
	}

	/**
	 * Makes a ring.
	 * @param entries how many submissions it holds, rounded up to a power of two; it
	 * holds twice as many completions
	 * @param flags {@code SETUP_*}
	 * @throws LinuxException if the kernel refuses
	 */
	public IoUring(int entries, int flags) {
		ByteBuffer params = ByteBuffer.allocateDirect(ParamsDescriptor.SIZE).order(ByteOrder.nativeOrder());
		params.putInt(ParamsDescriptor.FLAGS, flags);
		int fd = IoUringCalls.setup(entries, LinuxPlatform.addressOf(params));
		if (fd < 0) {
			throw new LinuxException(
					"io_uring_setup(" + entries + " entries, flags 0x" + Integer.toHexString(flags) + ")", -fd,
					setupHint(-fd));
		}
		this.file = LinuxFile.owning("io_uring", fd);
		this.enterFd = fd;
		this.flags = flags;
		this.sqEntries = params.getInt(ParamsDescriptor.SQ_ENTRIES);
		this.cqEntries = params.getInt(ParamsDescriptor.CQ_ENTRIES);
		int sqeSize = ((flags & SETUP_SQE128) != 0) ? SqeDescriptor.SIZE_128 : SqeDescriptor.SIZE;
		int cqeSize = ((flags & SETUP_CQE32) != 0) ? 2 * CqeDescriptor.SIZE : CqeDescriptor.SIZE;
		int cqesOffset = params.getInt(ParamsDescriptor.CQ_OFF_CQES);
		boolean array = (flags & SETUP_NO_SQARRAY) == 0;
		int sqArrayOffset = params.getInt(ParamsDescriptor.SQ_OFF_ARRAY);
		long cqSize = cqesOffset + (long) this.cqEntries * cqeSize;
		long sqSize = array ? sqArrayOffset + (long) this.sqEntries * Integer.BYTES : cqesOffset;
		int features = params.getInt(ParamsDescriptor.FEATURES);
		this.enterFlags = ENTER_GETEVENTS | (((features & FEAT_NO_IOWAIT) != 0) ? ENTER_NO_IOWAIT : 0);
		boolean single = (features & FEAT_SINGLE_MMAP) != 0;
		List<Mapping> mapped = new ArrayList<>();
		try {
			mapped.add(map(OFF_SQ_RING, single ? Math.max(sqSize, cqSize) : sqSize, "submission queue"));
			mapped.add(single ? mapped.get(0) : map(OFF_CQ_RING, cqSize, "completion queue"));
			mapped.add(map(OFF_SQES, (long) this.sqEntries * sqeSize, "submission queue entries"));
		}
		catch (LinuxException ex) {
			mapped.forEach(Mapping::close);
			this.file.close();
			throw ex;
		}
		this.mappings = mapped;
		ByteBuffer sq = mapped.get(0).buffer();
		ByteBuffer cq = mapped.get(1).buffer();
		this.sqHeadWord = new SharedWord(sq, params.getInt(ParamsDescriptor.SQ_OFF_HEAD));
		this.sqTailWord = new SharedWord(sq, params.getInt(ParamsDescriptor.SQ_OFF_TAIL));
		this.sqFlagsWord = new SharedWord(sq, params.getInt(ParamsDescriptor.SQ_OFF_FLAGS));
		this.cqHeadWord = new SharedWord(cq, params.getInt(ParamsDescriptor.CQ_OFF_HEAD));
		this.cqTailWord = new SharedWord(cq, params.getInt(ParamsDescriptor.CQ_OFF_TAIL));
		this.cqOverflowWord = new SharedWord(cq, params.getInt(ParamsDescriptor.CQ_OFF_OVERFLOW));
		this.sqes = entries(mapped.get(2).buffer(), 0, sqeSize, this.sqEntries);
		this.cqes = entries(cq, cqesOffset, cqeSize, this.cqEntries);
		this.sqMask = sq.getInt(params.getInt(ParamsDescriptor.SQ_OFF_RING_MASK));
		this.cqMask = cq.getInt(params.getInt(ParamsDescriptor.CQ_OFF_RING_MASK));
		this.cqHead = this.cqHeadWord.getAcquire();
		this.waitArgument.putLong(EXT_ARG_TS, this.waitArgumentAddress + EXT_ARG_SIZE);
		if (array) {
			for (int i = 0; i < this.sqEntries; i++) {
				sq.putInt(sqArrayOffset + i * Integer.BYTES, i);
			}
		}
	}

	private static ByteBuffer[] entries(ByteBuffer memory, int offset, int size, int count) {
		ByteBuffer[] entries = new ByteBuffer[count];
		Arrays.setAll(entries, (i) -> memory.slice(offset + i * size, size).order(ByteOrder.nativeOrder()));
		return entries;
	}

	private static String setupHint(int errno) {
		return switch (errno) {
			case Errno.EPERM -> "io_uring is disabled; see 'sysctl kernel.io_uring_disabled'";
			case Errno.ENOSYS -> "io_uring is missing from the kernel or blocked by a seccomp filter";
			case Errno.ENOMEM -> "The limit on locked memory may be too low; see 'ulimit -l'";
			case Errno.EINVAL -> "The kernel may be too old for these flags, or this is no number of entries for it";
			case Errno.EMFILE, Errno.ENFILE -> "The limit on open files is reached; see 'ulimit -n'";
			default -> "";
		};
	}

	private static LinuxException enterFailure(int errno) {
		return new LinuxException("io_uring_enter", errno, switch (errno) {
			case Errno.EEXIST -> "Another thread has made this ring or submitted to it before";
			case Errno.EBADR -> "The kernel had no memory to keep completions in, and has lost some";
			default -> "";
		});
	}

	private Mapping map(long offset, long length, String what) {
		return Mapping.of(this.file.fd(), offset, length, Mapping.PROT_READ_WRITE, what);
	}

	/**
	 * Lets the kernel find the ring by an index of this thread instead of its descriptor,
	 * which saves some work at every enter. Only this thread may enter afterwards.
	 * @return whether the kernel can do that (Linux 5.18)
	 */
	public boolean registerRingFd() {
		ensureOpen();
		ByteBuffer update = ringUpdate(-1);
		update.putLong(RSRC_UPDATE_DATA, this.file.fd());
		if (register(REGISTER_RING_FDS, update, 1) != 1) {
			return false;
		}
		this.enterFd = update.getInt(RSRC_UPDATE_OFFSET);
		this.enterFlags |= ENTER_REGISTERED_RING;
		return true;
	}

	/**
	 * Makes a table of registered files, all empty. Entries name a file of it by its
	 * index, with {@link #SQE_FIXED_FILE}, which saves some work at every entry.
	 * @param count how many
	 * @throws LinuxException if the kernel refuses
	 */
	public void registerSparseFiles(int count) {
		ensureOpen();
		ByteBuffer files = ByteBuffer.allocateDirect(count * Integer.BYTES).order(ByteOrder.nativeOrder());
		for (int i = 0; i < count; i++) {
			files.putInt(i * Integer.BYTES, -1);
		}
		register("IORING_REGISTER_FILES of " + count + " empty slots", REGISTER_FILES, files, count);
	}

	/**
	 * Puts a file into the table. The ring holds it open until another takes its place.
	 * @param index where
	 * @param fd the descriptor, or -1 to leave the place empty
	 * @throws LinuxException if the kernel refuses
	 */
	public void registerFile(int index, int fd) {
		ensureOpen();
		ByteBuffer file = ByteBuffer.allocateDirect(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(0, fd);
		ByteBuffer update = ByteBuffer.allocateDirect(RSRC_UPDATE_SIZE).order(ByteOrder.nativeOrder());
		update.putInt(RSRC_UPDATE_OFFSET, index);
		update.putLong(RSRC_UPDATE_DATA, LinuxPlatform.addressOf(file));
		try {
			register("IORING_REGISTER_FILES_UPDATE", REGISTER_FILES_UPDATE, update, 1);
		}
		finally {
			Reference.reachabilityFence(file);
		}
	}

	/**
	 * Makes memory the fixed buffers of the ring: its pages are pinned now, and not for
	 * each operation. Without {@code CAP_IPC_LOCK} all rings of a user together may pin
	 * no more than the limit on locked memory.
	 * @param buffers direct buffers that stay reachable while the ring is open, 1 GiB
	 * each at most
	 * @return 0, or the negative error number
	 */
	public int registerBuffers(List<ByteBuffer> buffers) {
		ensureOpen();
		ByteBuffer vectors = ByteBuffer.allocateDirect(buffers.size() * IOVEC_SIZE).order(ByteOrder.nativeOrder());
		for (int i = 0; i < buffers.size(); i++) {
			vectors.putLong(i * IOVEC_SIZE, LinuxPlatform.addressOf(buffers.get(i)));
			vectors.putLong(i * IOVEC_SIZE + IOVEC_LEN, buffers.get(i).capacity());
		}
		return register(REGISTER_BUFFERS, vectors, buffers.size());
	}

	/**
	 * Makes a table of fixed buffers, all empty.
	 * @param count how many
	 * @throws LinuxException if the kernel refuses
	 */
	public void registerSparseBuffers(int count) {
		ensureOpen();
		ByteBuffer table = ByteBuffer.allocateDirect(RSRC_REGISTER_SIZE).order(ByteOrder.nativeOrder());
		table.putInt(RSRC_REGISTER_NR, count);
		table.putInt(RSRC_REGISTER_FLAGS, RSRC_REGISTER_SPARSE);
		register("IORING_REGISTER_BUFFERS2 of " + count + " empty buffers", REGISTER_BUFFERS2, table,
				RSRC_REGISTER_SIZE);
	}

	// a registered ring lives until its thread ends, with all that is registered with it
	private void unregisterRingFd() {
		register(UNREGISTER_RING_FDS, ringUpdate(this.enterFd), 1);
	}

	private static ByteBuffer ringUpdate(int index) {
		return ByteBuffer.allocateDirect(RSRC_UPDATE_SIZE)
			.order(ByteOrder.nativeOrder())
			.putInt(RSRC_UPDATE_OFFSET, index);
	}

	private void register(String what, int opcode, ByteBuffer argument, int count) {
		int result = register(opcode, argument, count);
		if (result < 0) {
			throw new LinuxException(what, -result,
					(result == -Errno.ENOMEM) ? "The limit on locked memory may be too low; see 'ulimit -l'" : "");
		}
	}

	private int register(int opcode, ByteBuffer argument, int count) {
		try {
			return IoUringCalls.register(this.file.fd(), opcode, LinuxPlatform.addressOf(argument), count);
		}
		finally {
			Reference.reachabilityFence(argument);
		}
	}

	/**
	 * Returns how many submissions the ring holds.
	 * @return the entries of the submission queue
	 */
	public int entries() {
		return this.sqEntries;
	}

	/**
	 * Returns the descriptor of the ring.
	 * @return the number of the open descriptor
	 */
	public int fd() {
		ensureOpen();
		return this.file.fd();
	}

	/**
	 * Returns how many submission queue entries can be taken before the next enter.
	 * @return the free entries
	 */
	public int freeEntries() {
		ensureOpen();
		// the kernel takes entries during an enter only
		return this.sqEntries - (this.sqTail - this.submitted);
	}

	/**
	 * Takes the next free submission queue entry. Its content is undefined: the caller
	 * writes every field. It goes to the kernel with the next enter.
	 * @return the memory of the entry, in native byte order: use absolute access only,
	 * and only until the next enter; after {@link #close()} the memory is gone
	 * @throws IllegalStateException if the submission queue is full, or closed
	 */
	public ByteBuffer nextSqe() {
		if (freeEntries() <= 0) {
			throw new IllegalStateException("The submission queue is full: " + this.sqEntries + " entries");
		}
		return this.sqes[this.sqTail++ & this.sqMask];
	}

	/**
	 * Submits all entries taken so far and runs pending completions.
	 * @param minComplete how many completions to wait for; 0 to return at once
	 * @throws LinuxException if the kernel refuses
	 */
	public void enter(int minComplete) {
		int result = enter(minComplete, 0, 0, 0);
		if (result < 0) {
			ensureTransient(-result);
		}
	}

	/**
	 * Submits all entries taken so far and waits for a completion, but not for ever.
	 * @param timeout how long
	 * @return whether a completion is there
	 * @throws LinuxException if the kernel refuses
	 */
	public boolean enter(Duration timeout) {
		long deadline = System.nanoTime() + timeout.toNanos();
		long left = Math.max(deadline - System.nanoTime(), 0);
		do {
			this.waitArgument.putLong(EXT_ARG_SIZE, left / 1_000_000_000L);
			this.waitArgument.putLong(EXT_ARG_SIZE + TIMESPEC_TV_NSEC, left % 1_000_000_000L);
			int result = enter(1, ENTER_EXT_ARG, this.waitArgumentAddress, EXT_ARG_SIZE);
			if (result < 0 && result != -Errno.ETIME) {
				ensureTransient(-result);
			}
			left = deadline - System.nanoTime();
		}
		while (!hasCompletions() && left > 0);
		return hasCompletions();
	}

	// EINTR: a signal arrived while waiting. EAGAIN and EBUSY: reap completions first.
	// The kernel tells once that it has lost completions, and not every call can pass
	// that on, so the ring is asked
	private void ensureTransient(int errno) {
		boolean passes = errno == Errno.EINTR || errno == Errno.EAGAIN || errno == Errno.EBUSY;
		if (!passes) {
			throw enterFailure(errno);
		}
		if (lostCompletions() > 0) {
			throw enterFailure(Errno.EBADR);
		}
	}

	private int enter(int minComplete, int flags, long argument, long argumentSize) {
		ensureOpen();
		int tail = this.sqTail;
		// release: the kernel must see whole entries before it sees the tail
		this.sqTailWord.setRelease(tail);
		int result = IoUringCalls.enter(this.enterFd, tail - this.submitted, minComplete, this.enterFlags | flags,
				argument, argumentSize);
		// else the head tells what the kernel has taken, also after an error
		this.submitted = (result == tail - this.submitted) ? tail : this.sqHeadWord.getAcquire();
		return result;
	}

	/**
	 * Returns whether a completion can be reaped.
	 * @return whether the completion queue holds an entry
	 */
	public boolean hasCompletions() {
		ensureOpen();
		return this.cqHead != this.cqTailWord.getAcquire();
	}

	/**
	 * Reaps the completions that are there. If the consumer throws, the completion it was
	 * given counts as reaped; those after it stay.
	 * @param consumer called for each; it may take submission queue entries and enter,
	 * but not reap or close
	 * @return how many there were
	 * @throws IllegalStateException if there seem to be more than the queue can hold:
	 * then nothing in it can be believed
	 */
	public int reap(CompletionConsumer consumer) {
		ensureOpen();
		ensureNotReaping();
		int head = this.cqHead;
		// acquire: entries are read after the tail that announces them
		int tail = this.cqTailWord.getAcquire();
		int count = tail - head;
		if (Integer.compareUnsigned(count, this.cqEntries) > 0) {
			throw new IllegalStateException("The completion queue is corrupted: it holds " + this.cqEntries
					+ " entries, and announces " + Integer.toUnsignedLong(count));
		}
		this.reaping = true;
		try {
			while (head != tail) {
				ByteBuffer cqe = this.cqes[head++ & this.cqMask];
				consumer.completed(cqe.getLong(CqeDescriptor.USER_DATA), cqe.getInt(CqeDescriptor.RES),
						cqe.getInt(CqeDescriptor.FLAGS));
			}
		}
		finally {
			// release: the kernel may reuse entries only after they have been read
			this.cqHeadWord.setRelease(head);
			this.cqHead = head;
			this.reaping = false;
		}
		return count;
	}

	/**
	 * Returns whether the kernel holds completions back for lack of room. They follow
	 * with the next enter after some have been reaped; none is lost.
	 * @return whether the completion queue has overflowed
	 */
	public boolean overflown() {
		ensureOpen();
		return (this.sqFlagsWord.getAcquire() & SQ_CQ_OVERFLOW) != 0;
	}

	/**
	 * Returns how many completions were lost for ever, which only kernels without
	 * {@code IORING_FEAT_NODROP} or without memory do.
	 * @return the number of lost completions
	 */
	public int lostCompletions() {
		ensureOpen();
		return this.cqOverflowWord.getAcquire();
	}

	// the mappings are gone after close: a read of them would crash the Java process
	private void ensureOpen() {
		if (this.closed) {
			throw new IllegalStateException("The ring is closed");
		}
	}

	private void ensureNotReaping() {
		if (this.reaping) {
			throw new IllegalStateException("The completion queue is being reaped");
		}
	}

	/**
	 * Closes the ring; the kernel cancels what it still holds, in the background: memory
	 * named in its commands stays in use for a while. Idempotent.
	 * @throws IllegalStateException if called while reaping
	 */
	@Override
	public void close() {
		if (!this.closed) {
			ensureNotReaping();
			this.closed = true;
			if ((this.enterFlags & ENTER_REGISTERED_RING) != 0) {
				unregisterRingFd();
			}
			this.mappings.forEach(Mapping::close);
			this.file.close();
		}
	}

	@Override
	public String toString() {
		return this.file + ", " + this.sqEntries + "/" + this.cqEntries + " entries, flags 0x"
				+ Integer.toHexString(this.flags) + (this.closed ? ", closed" : "");
	}

}
