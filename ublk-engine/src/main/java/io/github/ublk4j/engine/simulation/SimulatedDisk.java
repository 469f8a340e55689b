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

import io.github.ublk4j.engine.driver.Differences;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.driver.IoOperation;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.queue.SimulatedRequest;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * A simulated block device as those see it who use the disk: without a page cache, every
 * call is a request. Like the block layer of the kernel it refuses what the disk cannot
 * do, cuts what is too large for one request, and lets requests wait while all tags of
 * their queue are taken. Requests go to the queues in turn.
 * <p>
 * A request begins when its {@code Mono} is subscribed, and ends on a thread that may be
 * blocked. To cancel the {@code Mono} does not take the request back, just as nothing
 * does in the kernel. It fails with a {@link BlockIoException}:
 * <ul>
 * <li>EINVAL if it does not begin and end at a logical block,</li>
 * <li>EIO if it reaches beyond the end of the disk, writes to a read-only disk, or the
 * disk is gone,</li>
 * <li>EOPNOTSUPP if it is a DISCARD or WRITE_ZEROES that the disk does not offer,</li>
 * <li>the errno that the disk gives, as far as the block layer knows it.</li>
 * </ul>
 * Any thread.
 */
public final class SimulatedDisk {

	// The largest range that the engine lets the kernel discard or zero at a time
	private static final int MAX_RANGE = Integer.MAX_VALUE & -4096;

	// a flush begins at sector -1
	private static final long NO_OFFSET = -512;

	private final SimulatedDevice device;

	private volatile DiskSpec spec;

	private volatile List<String> users = List.of();

	private volatile boolean takenUnseen;

	private final Set<BlockOperation> operations = EnumSet.noneOf(BlockOperation.class);

	SimulatedDisk(SimulatedDevice device, DiskSpec spec, Set<BlockOperation> operations) {
		this.device = device;
		this.spec = spec;
		this.operations.addAll(operations);
	}

	/**
	 * Returns name, size and geometry.
	 * @return the specification
	 */
	public DiskSpec spec() {
		return this.spec;
	}

	void resize(long bytes) {
		this.spec = this.spec.withSize(bytes);
	}

	/**
	 * Compares the disk with another one.
	 * @return a sentence for each difference, as the kernel's driver would know them
	 */
	List<String> differences(DiskSpec other, Set<BlockOperation> offered) {
		Differences found = new Differences();
		found.compare("size in bytes", this.spec.size(), other.size());
		found.compare("logical block size", this.spec.logicalBlockSize(), other.logicalBlockSize());
		found.compare("physical block size", this.spec.physicalBlockSize(), other.physicalBlockSize());
		found.compare("read-only", this.spec.readOnly(), other.readOnly());
		found.compare("supports flush", this.operations.contains(BlockOperation.FLUSH),
				offered.contains(BlockOperation.FLUSH));
		if (!offered.containsAll(this.operations)) {
			found.compare("operations", this.operations, offered);
		}
		return found.asList();
	}

	/**
	 * Returns what the disk offers.
	 * @return the operations that the kernel would be told of
	 */
	public Set<BlockOperation> operations() {
		return EnumSet.copyOf(this.operations);
	}

	/**
	 * Reads.
	 * @param offset where to begin, in bytes
	 * @param length bytes
	 * @return the data
	 */
	public Mono<byte[]> read(long offset, int length) {
		return request(BlockOperation.READ, offset, length, () -> {
			byte[] data = new byte[length];
			List<SimulatedRequest> pieces = new ArrayList<>();
			cut(offset, length, this.spec.maxIoSize(),
					(at, count) -> pieces.add(new SimulatedRequest(IoOperation.READ, at, count, null)));
			return answer(BlockOperation.READ, offset, length, pieces, () -> {
				ByteBuffer target = ByteBuffer.wrap(data);
				pieces.forEach((piece) -> target.put(piece.pages()));
				return data;
			});
		});
	}

	/**
	 * Writes.
	 * @param offset where to begin, in bytes
	 * @param data what to write; as it is when the {@code Mono} is subscribed
	 * @return completes when the disk has completed it
	 */
	public Mono<Void> write(long offset, byte[] data) {
		return write(offset, data, 0);
	}

	/**
	 * Writes with force unit access. A disk that does not offer FLUSH sees an ordinary
	 * write: it has no volatile cache.
	 * @param offset where to begin, in bytes
	 * @param data what to write; as it is when the {@code Mono} is subscribed
	 * @return completes when the disk has made it durable
	 */
	public Mono<Void> writeFua(long offset, byte[] data) {
		return write(offset, data, this.operations.contains(BlockOperation.FLUSH) ? IoOperation.FLAG_FUA : 0);
	}

	private Mono<Void> write(long offset, byte[] data, int flags) {
		return request(BlockOperation.WRITE, offset, data.length, () -> {
			ByteBuffer source = ByteBuffer.wrap(data.clone());
			List<SimulatedRequest> pieces = new ArrayList<>();
			cut(offset, data.length, this.spec.maxIoSize(),
					(at, count) -> pieces.add(new SimulatedRequest(IoOperation.WRITE | flags, at, count,
							source.slice((int) (at - offset), (int) count))));
			return answer(BlockOperation.WRITE, offset, data.length, pieces, () -> null);
		});
	}

	/**
	 * Makes all completed writes durable. A disk that does not offer FLUSH is not asked.
	 * @return completes when they are
	 */
	public Mono<Void> flush() {
		return Mono.defer(() -> {
			if (!this.device.isShown()) {
				return Mono.error(gone(BlockOperation.FLUSH));
			}
			List<SimulatedRequest> pieces = this.operations.contains(BlockOperation.FLUSH)
					? List.of(new SimulatedRequest(IoOperation.FLUSH, NO_OFFSET, 0, null)) : List.of();
			return SimulatedDisk.<Void>answered(answer(BlockOperation.FLUSH, 0, 0, pieces, () -> null));
		});
	}

	/**
	 * Forgets a range.
	 * @param offset where to begin, in bytes
	 * @param length bytes
	 * @return completes when the disk has completed it
	 */
	public Mono<Void> discard(long offset, long length) {
		return range(BlockOperation.DISCARD, IoOperation.DISCARD, offset, length);
	}

	/**
	 * Zeroes a range.
	 * @param offset where to begin, in bytes
	 * @param length bytes
	 * @param mayUnmap whether the space may be given back
	 * @return completes when the disk has completed it
	 */
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return range(BlockOperation.WRITE_ZEROES, IoOperation.WRITE_ZEROES | (mayUnmap ? 0 : IoOperation.FLAG_NOUNMAP),
				offset, length);
	}

	private Mono<Void> range(BlockOperation operation, int operationAndFlags, long offset, long length) {
		return request(operation, offset, length, () -> {
			List<SimulatedRequest> pieces = new ArrayList<>();
			cut(offset, length, MAX_RANGE,
					(at, count) -> pieces.add(new SimulatedRequest(operationAndFlags, at, count, null)));
			return answer(operation, offset, length, pieces, () -> null);
		});
	}

	/**
	 * Lets somebody use the disk, as a mount or another device on it would.
	 * @param users who, for people; nobody uses it if there are none
	 */
	public void useBy(String... users) {
		this.users = List.of(users);
	}

	List<String> users() {
		return this.users;
	}

	/**
	 * Lets a mount or another device take the disk where the process that serves it
	 * cannot see that; the driver alone knows.
	 * @param taken whether one has taken it
	 */
	public void takeUnseen(boolean taken) {
		this.takenUnseen = taken;
	}

	boolean isTaken() {
		return this.takenUnseen || !this.users.isEmpty();
	}

	/**
	 * Lets the driver give a queue up, as after an error of its own: what is in flight
	 * fails with EIO, what comes later too, and the device turns to FAILED.
	 * @param queue the index of the queue
	 */
	public void abortQueue(int queue) {
		this.device.queue(queue).giveUp(Errno.EIO);
	}

	/**
	 * Ends the thread of a queue with an error: what is in flight fails with EIO, and the
	 * disk goes.
	 * @param queue the index of the queue
	 */
	public void killQueue(int queue) {
		this.device.queue(queue).kill(new IllegalStateException("The queue was killed by a test"));
	}

	private <T> Mono<T> request(BlockOperation operation, long offset, long length,
			Supplier<CompletableFuture<@Nullable T>> begin) {
		return Mono.defer(() -> {
			BlockIoException refusal = refusal(operation, offset, length);
			return (refusal != null) ? Mono.error(refusal) : answered(begin.get());
		});
	}

	/**
	 * Hands the answer to whoever waits for it. Not on the thread of the queue, which the
	 * code that gets it may block; and not as an error that nobody takes, if it comes
	 * after a cancel.
	 */
	private static <T> Mono<T> answered(CompletableFuture<@Nullable T> answer) {
		return Mono.<T>create((sink) -> {
			AtomicBoolean cancelled = new AtomicBoolean();
			sink.onCancel(() -> cancelled.set(true));
			answer.whenComplete((data, failure) -> {
				if (failure == null) {
					sink.success(data);
				}
				else if (!cancelled.get()) {
					sink.error(Objects.requireNonNullElse(failure.getCause(), failure));
				}
			});
		}).publishOn(Schedulers.boundedElastic());
	}

	private @Nullable BlockIoException refusal(BlockOperation operation, long offset, long length) {
		String what = describe(operation, offset, length);
		if (!this.device.isShown()) {
			return gone(operation);
		}
		if (operation != BlockOperation.READ && this.spec.readOnly()) {
			return new BlockIoException(BlockErrno.EIO, what + " is refused: the disk is read-only");
		}
		if (!this.operations.contains(operation)) {
			return new BlockIoException(BlockErrno.EOPNOTSUPP, what + " is refused: the disk does not offer it");
		}
		int block = this.spec.logicalBlockSize();
		if (offset < 0 || length < 0 || offset % block != 0 || length % block != 0) {
			return new BlockIoException(BlockErrno.EINVAL,
					what + " is refused: offset and length must be multiples of the logical block, " + block);
		}
		if (offset > this.spec.size() - length) {
			return new BlockIoException(BlockErrno.EIO, what + " is refused: the disk ends at " + this.spec.size());
		}
		return null;
	}

	private BlockIoException gone(BlockOperation operation) {
		return new BlockIoException(BlockErrno.EIO, operation + " failed: disk '" + this.spec.name() + "' is gone");
	}

	private String describe(BlockOperation operation, long offset, long length) {
		return operation + " of " + length + " bytes at " + offset + " of disk '" + this.spec.name() + "'";
	}

	// as get_max_io_size() does: the first piece ends where a physical block does
	private void cut(long offset, long length, int largest, PieceConsumer pieces) {
		long end = offset + length;
		for (long at = offset; at < end;) {
			long next = (at + largest) & -this.spec.physicalBlockSize();
			next = Math.min((next > at) ? next : at + largest, end);
			pieces.accept(at, next - at);
			at = next;
		}
	}

	// the pieces of a request go to one queue, as they come from one processor
	private <T> CompletableFuture<@Nullable T> answer(BlockOperation operation, long offset, long length,
			List<SimulatedRequest> pieces, Supplier<@Nullable T> result) {
		this.device.submit(pieces);
		return CompletableFuture.allOf(pieces.stream().map(SimulatedRequest::answer).toArray(CompletableFuture[]::new))
			.thenCompose((done) -> {
				int error = pieces.stream()
					.mapToInt((piece) -> piece.answer().join())
					.filter((code) -> code < 0)
					.findFirst()
					.orElse(0);
				return (error == 0) ? CompletableFuture.completedFuture(result.get())
						: CompletableFuture.failedFuture(new BlockIoException(BlockErrno.of(-error),
								describe(operation, offset, length) + " failed with " + BlockErrno.of(-error)));
			});
	}

	@FunctionalInterface
	private interface PieceConsumer {

		void accept(long offset, long length);

	}

}
