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

package io.github.ublk4j.spring.test;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Uses a disk as a program with the block device open would, past the page cache. The
 * disk runs in the real engine, on a simulated driver.
 * <p>
 * Every method that returns a {@code Mono} sends one request when the {@code Mono} is
 * subscribed, and any number can be under way; a request waits while
 * {@code queues x queue-depth} others are in flight. Requests that are larger than the
 * largest of the disk are cut. Failures are {@link BlockIoException}s with the errno that
 * the program would see: EINVAL for a request that is not aligned to logical blocks, EIO
 * for one that reaches beyond the end, writes to a read-only disk or finds the disk gone,
 * EOPNOTSUPP for an operation that the disk does not offer, and otherwise the errno of
 * the disk. Any thread.
 */
public final class BlockDeviceTestClient implements AutoCloseable {

	// a test that lets requests hang should not wait as long as an application
	private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(1);

	private final SimulatedUblk ublk;

	private final Supplier<UblkEngine> engine;

	private final FailedRequests failures;

	private final @Nullable String name;

	private final boolean ownsEngine;

	private volatile @Nullable SimulatedDisk last;

	BlockDeviceTestClient(SimulatedUblk ublk, Supplier<UblkEngine> engine, FailedRequests failures) {
		this(ublk, engine, failures, null, false);
	}

	private BlockDeviceTestClient(SimulatedUblk ublk, Supplier<UblkEngine> engine, FailedRequests failures,
			@Nullable String name, boolean ownsEngine) {
		this.ublk = ublk;
		this.engine = engine;
		this.failures = failures;
		this.name = name;
		this.ownsEngine = ownsEngine;
	}

	/**
	 * Starts a disk without Spring.
	 * @param spec name, size and geometry
	 * @param handler what serves its requests
	 * @return a client, which stops the disk when it is closed; requests that are then
	 * still in flight fail after a second
	 */
	public static BlockDeviceTestClient of(DiskSpec spec, BlockDeviceHandler handler) {
		return start(spec, (engine) -> engine.start(spec, handler));
	}

	/**
	 * Starts the disk of a store without Spring.
	 * @param spec name, size and geometry
	 * @param store where the data goes; closed by the caller, after the client
	 * @return a client, as of {@link #of(DiskSpec, BlockDeviceHandler)}
	 */
	public static BlockDeviceTestClient of(DiskSpec spec, BlockStore store) {
		return start(spec, (engine) -> engine.start(spec, store));
	}

	/**
	 * Starts the disk of a pipeline without Spring.
	 * @param spec name, size and geometry
	 * @param stream what serves its requests
	 * @return a client, as of {@link #of(DiskSpec, BlockDeviceHandler)}
	 */
	public static BlockDeviceTestClient ofStream(DiskSpec spec, BlockRequestStream stream) {
		return start(spec, (engine) -> engine.startStream(spec, stream));
	}

	private static BlockDeviceTestClient start(DiskSpec spec, Function<UblkEngine, Mono<UblkDevice>> start) {
		SimulatedUblk ublk = new SimulatedUblk();
		FailedRequests failures = new FailedRequests();
		UblkEngine engine = UblkEngine.builder()
			.simulated(ublk)
			.drainTimeout(DRAIN_TIMEOUT)
			.decorator(failures)
			.build();
		try {
			start.apply(engine).block();
			BlockDeviceTestClient client = new BlockDeviceTestClient(ublk, () -> engine, failures, spec.name(), true);
			client.disk();
			return client;
		}
		catch (RuntimeException | Error ex) {
			engine.close();
			throw ex;
		}
	}

	/**
	 * Chooses a disk of the application. Without a choice, it is the only one.
	 * @param name the name of the disk
	 * @return a client for this disk
	 */
	public BlockDeviceTestClient disk(String name) {
		return new BlockDeviceTestClient(this.ublk, this.engine, this.failures, name, false);
	}

	// one that is gone is kept, since it is worth a test how it answers
	private SimulatedDisk disk() {
		List<SimulatedDisk> live = this.ublk.disks();
		List<SimulatedDisk> found = live.stream()
			.filter((disk) -> this.name == null || disk.spec().name().equals(this.name))
			.toList();
		SimulatedDisk known = this.last;
		if (found.size() == 1) {
			this.last = found.get(0);
			return found.get(0);
		}
		if (found.isEmpty() && known != null) {
			return known;
		}
		throw new IllegalStateException((found.isEmpty()
				? "No disk" + ((this.name != null) ? " '" + this.name + "'" : "") + " is live on the simulated driver."
				: "Several disks are live on the simulated driver; choose one by disk(name).")
				+ (live.isEmpty()
						? " There are none: the application declares none, has stopped them, or does not serve "
								+ "them (ublk.enabled, ublk.devices.<name>.enabled)"
						: " There are: " + live.stream().map((disk) -> disk.spec().name()).toList()));
	}

	/**
	 * Returns why disks failed requests; nothing of pipelines, and nothing if the
	 * application brings an engine of its own.
	 */
	FailedRequests failures() {
		return this.failures;
	}

	/**
	 * Returns name, size and geometry of the disk.
	 * @return the specification
	 */
	public DiskSpec spec() {
		return disk().spec();
	}

	/**
	 * Returns what the disk offers.
	 * @return the operations that the kernel would be told of
	 */
	public Set<BlockOperation> operations() {
		return disk().operations();
	}

	/**
	 * Returns the device as the engine sees it, for its status.
	 * @return the device
	 * @throws IllegalStateException if it has been stopped
	 */
	public UblkDevice device() {
		String disk = spec().name();
		return this.engine.get()
			.device(disk)
			.orElseThrow(() -> new IllegalStateException("Disk '" + disk + "' has been stopped"));
	}

	/**
	 * Reads.
	 * @param offset where to begin, in bytes
	 * @param length bytes
	 * @return the data
	 */
	public Mono<byte[]> read(long offset, int length) {
		return Mono.defer(() -> disk().read(offset, length));
	}

	/**
	 * Writes.
	 * @param offset where to begin, in bytes
	 * @param data what to write; as it is when the {@code Mono} is subscribed
	 * @return completes when the disk has completed it
	 */
	public Mono<Void> write(long offset, byte[] data) {
		return Mono.defer(() -> disk().write(offset, data));
	}

	/**
	 * Writes with force unit access. A disk that does not offer FLUSH sees an ordinary
	 * write, as it does from the kernel.
	 * @param offset where to begin, in bytes
	 * @param data what to write; as it is when the {@code Mono} is subscribed
	 * @return completes when the disk has made it durable
	 */
	public Mono<Void> writeFua(long offset, byte[] data) {
		return Mono.defer(() -> disk().writeFua(offset, data));
	}

	/**
	 * Makes all completed writes durable. A disk that does not offer FLUSH is not asked.
	 * @return completes when they are
	 */
	public Mono<Void> flush() {
		return Mono.defer(() -> disk().flush());
	}

	/**
	 * Forgets a range.
	 * @param offset where to begin, in bytes
	 * @param length bytes
	 * @return completes when the disk has completed it
	 */
	public Mono<Void> discard(long offset, long length) {
		return Mono.defer(() -> disk().discard(offset, length));
	}

	/**
	 * Zeroes a range.
	 * @param offset where to begin, in bytes
	 * @param length bytes
	 * @param mayUnmap whether the disk may give the space back
	 * @return completes when the disk has completed it
	 */
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return Mono.defer(() -> disk().writeZeroes(offset, length, mayUnmap));
	}

	/**
	 * Stops the disk while requests may be in flight: they are waited for as long as the
	 * drain timeout of the engine, then cancelled, and fail with EIO.
	 * @return completes when nothing is left of the device
	 */
	public Mono<Void> stop() {
		return Mono.defer(() -> device().stop());
	}

	/**
	 * Lets the driver give a queue up, as after an error of its own: what is in flight
	 * fails with EIO, what comes later too, and the device turns to FAILED.
	 * @param queue the index of the queue
	 */
	public void abortQueue(int queue) {
		disk().abortQueue(queue);
	}

	/**
	 * Ends the thread of a queue with an error: what is in flight fails with EIO, the
	 * device turns to FAILED, and the disk goes.
	 * @param queue the index of the queue
	 */
	public void killQueue(int queue) {
		disk().killQueue(queue);
	}

	/**
	 * Stops the disk if this client has started it. One of an application is left to the
	 * application. Idempotent.
	 */
	@Override
	public void close() {
		if (this.ownsEngine) {
			this.engine.get().close();
		}
	}

}
