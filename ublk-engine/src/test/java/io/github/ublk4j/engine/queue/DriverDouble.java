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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.engine.driver.IoOperation;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.uring.IoUring;
import org.jspecify.annotations.Nullable;

/**
 * Plays the driver of one queue: a request waits for an armed tag, arrives, and is
 * answered by a commit. {@link #stop()} aborts every tag as STOP_DEV does, after the
 * requests in flight have been answered.
 */
class DriverDouble implements QueueTransport, QueueTransport.Factory {

	/** What a reader finds in its pages when nobody has put anything into them. */
	static final byte UNTOUCHED = 0x5a;

	private final int bufferSize;

	// what lies at the addresses that the queue names
	private final Map<Long, ByteBuffer> memory = new HashMap<>();

	// where the driver copies to and from
	private final long[] addresses;

	private final List<String> copies = Collections.synchronizedList(new ArrayList<>());

	private final List<String> registrations = new ArrayList<>();

	private final List<Integer> failedRegistrations = new ArrayList<>();

	private final List<Integer> cancelledTransfers = new ArrayList<>();

	private final Map<Integer, Integer> transferResults = new LinkedHashMap<>();

	private final Map<Integer, TransferRequest> transfers = new LinkedHashMap<>();

	private Predicate<List<BufferMemory>> registration = (memory) -> false;

	private final Request[] inFlight;

	private final boolean[] armed;

	private final boolean[] aborted;

	private final Queue<Request> submitted = new ArrayDeque<>();

	private final List<Runnable> queued = new ArrayList<>();

	private boolean stopping;

	private boolean awake;

	private boolean closed;

	private int wakeUps;

	private long enters;

	DriverDouble(int depth, int bufferSize) {
		this.bufferSize = bufferSize;
		this.addresses = new long[depth];
		this.inFlight = new Request[depth];
		this.armed = new boolean[depth];
		this.aborted = new boolean[depth];
	}

	@Override
	public QueueTransport open(int queue) {
		return this;
	}

	/**
	 * Issues a read.
	 * @return the bytes that the reader receives, or the errno as an exception
	 */
	CompletableFuture<byte[]> read(long offset, int length) {
		return submit(new Request(IoOperation.READ, offset, length, new byte[0]));
	}

	CompletableFuture<byte[]> write(long offset, byte[] data, int flags) {
		return submit(new Request(IoOperation.WRITE | flags, offset, data.length, data));
	}

	CompletableFuture<byte[]> other(int operationAndFlags, long offset, long length) {
		return submit(new Request(operationAndFlags, offset, length, new byte[0]));
	}

	private synchronized CompletableFuture<byte[]> submit(Request request) {
		this.submitted.add(request);
		notifyAll();
		return request.answer;
	}

	synchronized void stop() {
		this.stopping = true;
		notifyAll();
	}

	synchronized int wakeUps() {
		return this.wakeUps;
	}

	synchronized boolean closed() {
		return this.closed;
	}

	/**
	 * Returns a data path whose buffers this driver copies to and from.
	 */
	DataPath dataPath(boolean clearReadBuffers) {
		return new BufferPerTag(clearReadBuffers);
	}

	DataPath dataPath() {
		return dataPath(true);
	}

	private IoBuffer allocate(int size) {
		ByteBuffer bytes = ByteBuffer.allocateDirect(size);
		long address = this.memory.size() + 1L;
		this.memory.put(address, bytes);
		return new IoBuffer(bytes, address);
	}

	// the whole buffer, whatever limit the queue has set on its view; none in user-copy
	// mode, where the pages of a reader hold something older until they are filled
	private ByteBuffer memory(int tag) {
		ByteBuffer bytes = this.memory.get(this.addresses[tag]);
		if (bytes != null) {
			return bytes.duplicate().clear();
		}
		byte[] older = new byte[this.bufferSize];
		Arrays.fill(older, UNTOUCHED);
		return ByteBuffer.wrap(older);
	}

	@Override
	public void fetch(int tag, long address) {
		this.queued.add(() -> {
			this.addresses[tag] = address;
			this.armed[tag] = true;
		});
	}

	@Override
	public void commitAndFetch(int tag, int result, long address) {
		this.queued.add(() -> {
			Request request = this.inFlight[tag];
			if (request == null) {
				throw new AssertionError("commit of tag " + tag + ", which has no request");
			}
			byte[] bytes = new byte[(request.operation() == IoOperation.READ && result > 0) ? result : 0];
			if (request.copied != null) {
				bytes = request.copied;
			}
			else {
				memory(tag).get(0, bytes);
			}
			this.inFlight[tag] = null;
			this.addresses[tag] = address;
			this.armed[tag] = true;
			if (result < 0) {
				request.answer.completeExceptionally(new ErrnoException(-result));
			}
			else {
				request.answer.complete(bytes);
			}
		});
	}

	@Override
	public void transfer(RingOperation transfer, int slot) {
		TransferRequest started = new TransferRequest(slot, transfer.opcode(), transfer.fd(), transfer.restPosition(),
				transfer.restAddress(), transfer.restLength(), transfer.flags(), transfer.data().fixedBuffer());
		this.queued.add(() -> this.transfers.put(slot, started));
	}

	/**
	 * Says what becomes of memory that is to be registered; by default it is refused.
	 */
	void onRegistration(Predicate<List<BufferMemory>> registration) {
		this.registration = registration;
	}

	@Override
	public boolean registerMemory(List<BufferMemory> memory) {
		return this.registration.test(memory);
	}

	@Override
	public void registerPages(int tag) {
		this.queued.add(() -> this.registrations.add("register " + tag));
	}

	@Override
	public void unregisterPages(int tag) {
		this.queued.add(() -> this.registrations.add("unregister " + tag));
	}

	@Override
	public void cancelTransfer(int slot) {
		this.queued.add(() -> this.cancelledTransfers.add(slot));
	}

	/**
	 * Waits for transfers to be under way.
	 * @return those that have no result yet
	 */
	List<TransferRequest> awaitTransfers(int count) {
		AbstractQueueTests.await().until(() -> transfers().size() == count);
		return transfers();
	}

	private synchronized List<TransferRequest> transfers() {
		return List.copyOf(this.transfers.values());
	}

	synchronized List<Integer> cancelledTransfers() {
		return List.copyOf(this.cancelledTransfers);
	}

	/**
	 * Returns the copies made by {@link #copier()}.
	 */
	List<String> copies() {
		return List.copyOf(this.copies);
	}

	synchronized List<String> registrations() {
		return List.copyOf(this.registrations);
	}

	TransferRequest awaitTransfer() {
		return awaitTransfers(1).get(0);
	}

	synchronized void endTransfer(TransferRequest transfer, int result) {
		this.transfers.remove(transfer.slot());
		this.transferResults.put(transfer.slot(), result);
		notifyAll();
	}

	/**
	 * Ends a transfer with all that it asks for.
	 */
	void endTransfer(TransferRequest transfer) {
		boolean data = transfer.opcode() != IoUring.OP_FSYNC && transfer.opcode() != IoUring.OP_FALLOCATE;
		endTransfer(transfer, data ? (int) transfer.length() : 0);
	}

	/**
	 * Lets the registration of a request's pages fail, and with it the transfer after it.
	 */
	synchronized void failRegistration(int tag, TransferRequest transfer) {
		this.failedRegistrations.add(tag);
		endTransfer(transfer, -Errno.ECANCELED);
	}

	@Override
	public synchronized void exchange(boolean wait) {
		this.enters++;
		this.queued.forEach(Runnable::run);
		this.queued.clear();
		while (wait && !this.awake && !eventPending()) {
			try {
				wait();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}
		this.awake = false;
	}

	private boolean eventPending() {
		if (!this.transferResults.isEmpty()) {
			return true;
		}
		for (int tag = 0; tag < this.armed.length; tag++) {
			if (this.armed[tag] && (this.stopping || !this.submitted.isEmpty())) {
				return true;
			}
		}
		return false;
	}

	@Override
	public void poll(Events events) {
		Map<Integer, Integer> results;
		List<Integer> failed;
		synchronized (this) {
			results = new LinkedHashMap<>(this.transferResults);
			this.transferResults.clear();
			failed = List.copyOf(this.failedRegistrations);
			this.failedRegistrations.clear();
		}
		failed.forEach((tag) -> events.pagesUnavailable(tag, 22));
		results.forEach(events::transferred);
		for (int tag = 0; tag < this.armed.length; tag++) {
			boolean arrives = false;
			boolean aborts = false;
			synchronized (this) {
				if (this.armed[tag] && !this.submitted.isEmpty()) {
					Request request = this.submitted.remove();
					this.armed[tag] = false;
					this.inFlight[tag] = request;
					if (request.data.length > 0) {
						memory(tag).put(0, request.data);
					}
					arrives = true;
				}
				else if (this.armed[tag] && this.stopping) {
					this.armed[tag] = false;
					this.aborted[tag] = true;
					aborts = true;
				}
			}
			if (arrives) {
				events.arrived(tag);
			}
			else if (aborts) {
				events.aborted(tag, 19);
			}
		}
	}

	@Override
	public int operationAndFlags(int tag) {
		return this.inFlight[tag].operationAndFlags;
	}

	@Override
	public long startSector(int tag) {
		return this.inFlight[tag].offset >> 9;
	}

	@Override
	public int sectors(int tag) {
		return (int) (this.inFlight[tag].length >> 9);
	}

	@Override
	public synchronized void wakeUp() {
		this.awake = true;
		this.wakeUps++;
		notifyAll();
	}

	@Override
	public long enters() {
		return this.enters;
	}

	@Override
	public synchronized void close() {
		this.closed = true;
		for (Request request : this.inFlight) {
			if (request != null) {
				request.answer.completeExceptionally(new ErrnoException(5));
			}
		}
	}

	/**
	 * Returns a copier to and from the requests of this driver.
	 */
	RequestCopier copier() {
		return new RequestCopier() {

			@Override
			public void fromRequest(int tag, IoBuffer target, int length) {
				DriverDouble.this.copies.add("from " + tag);
				target.bytes().duplicate().clear().put(0, DriverDouble.this.inFlight[tag].data, 0, length);
			}

			@Override
			public void toRequest(int tag, IoBuffer source, int length) {
				DriverDouble.this.copies.add("to " + tag);
				byte[] bytes = new byte[length];
				source.bytes().duplicate().clear().get(0, bytes);
				DriverDouble.this.inFlight[tag].copied = bytes;
			}

			@Override
			public void zeroRequest(int tag, int length) {
				DriverDouble.this.copies.add("zero " + tag);
				DriverDouble.this.inFlight[tag].copied = new byte[length];
			}

		};
	}

	/**
	 * Copy mode in ordinary memory.
	 */
	private final class BufferPerTag extends DataPath {

		private final boolean clearReadBuffers;

		private final IoBuffer[] buffers = new IoBuffer[DriverDouble.this.addresses.length];

		private final long[] commandAddresses = new long[this.buffers.length];

		BufferPerTag(boolean clearReadBuffers) {
			super(DriverDouble.this.bufferSize);
			this.clearReadBuffers = clearReadBuffers;
			for (int tag = 0; tag < this.buffers.length; tag++) {
				this.buffers[tag] = allocate(DriverDouble.this.bufferSize);
				this.commandAddresses[tag] = this.buffers[tag].address();
			}
		}

		@Override
		long commandAddress(int tag) {
			return this.commandAddresses[tag];
		}

		@Override
		IoBuffer begin(IoRequest request, int operationAndFlags, int tag, int length) {
			this.buffers[tag].present(length);
			if (this.clearReadBuffers && request.kind() == BlockOperation.READ) {
				this.buffers[tag].zero(length);
			}
			return this.buffers[tag];
		}

		@Override
		int end(IoRequest request, int result) {
			return result;
		}

		@Override
		boolean isShort() {
			return false;
		}

		@Override
		void abandon(IoRequest request, boolean goesOn) {
			this.commandAddresses[request.tagInFlight()] = allocate(DriverDouble.this.bufferSize).address();
		}

		@Override
		public long bytes() {
			return 0;
		}

		@Override
		public boolean locked() {
			return false;
		}

		@Override
		public void trim() {
			// nothing is spare
		}

		@Override
		public void release() {
			// the garbage collector does
		}

	}

	/**
	 * A transfer as the kernel sees it.
	 */
	record TransferRequest(int slot, int opcode, int fd, long position, long address, long length, int flags,
			int fixedBuffer) {

	}

	/**
	 * How the reader or writer sees a failed request.
	 */
	static final class ErrnoException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		ErrnoException(int errno) {
			super("errno " + errno);
		}

	}

	private static final class Request {

		private final CompletableFuture<byte[]> answer = new CompletableFuture<>();

		private final int operationAndFlags;

		private final long offset;

		private final long length;

		private final byte[] data;

		private byte @Nullable [] copied;

		Request(int operationAndFlags, long offset, long length, byte[] data) {
			this.operationAndFlags = operationAndFlags;
			this.offset = offset;
			this.length = length;
			this.data = data;
		}

		int operation() {
			return this.operationAndFlags & IoOperation.MASK;
		}

	}

}
