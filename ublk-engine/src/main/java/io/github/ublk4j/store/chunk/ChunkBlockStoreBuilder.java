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

package io.github.ublk4j.store.chunk;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

import reactor.core.publisher.Mono;

import io.github.ublk4j.store.StoreUnavailableException;

/**
 * Collects how to open a volume.
 */
public final class ChunkBlockStoreBuilder {

	/** What a new volume has if nothing else is asked for, in bytes. */
	public static final int DEFAULT_CHUNK_SIZE = 64 << 10;

	private final ChunkVolume volume;

	private long size;

	private int chunkSize;

	private boolean readOnly;

	private boolean takeOver;

	private Duration lease = Duration.ofSeconds(30);

	private int parallelism = 32;

	/** With the pauses and tokens between, less than a request may take by default. */
	private Duration timeout = Duration.ofSeconds(5);

	private int retries = 3;

	private Duration firstPause = Duration.ofMillis(100);

	ChunkBlockStoreBuilder(ChunkVolume volume) {
		this.volume = volume;
	}

	/**
	 * Sets the capacity. A volume that is not there is made with it; one that is there
	 * must have it.
	 * @param bytes the size, or 0, the default, for that of the volume
	 * @return this builder
	 */
	public ChunkBlockStoreBuilder size(long bytes) {
		this.size = bytes;
		return this;
	}

	/**
	 * Sets the size of the chunks. A volume that is there must have it.
	 * @param bytes a power of two from 4 KiB to 32 MiB, or 0, the default, for that of
	 * the volume, or {@value #DEFAULT_CHUNK_SIZE} if it is not there
	 * @return this builder
	 */
	public ChunkBlockStoreBuilder chunkSize(int bytes) {
		this.chunkSize = bytes;
		return this;
	}

	/**
	 * Sets whether the volume is only read. It is not claimed then, and must be there.
	 * What another server writes meanwhile is seen.
	 * @param readOnly default {@code false}
	 * @return this builder
	 */
	public ChunkBlockStoreBuilder readOnly(boolean readOnly) {
		this.readOnly = readOnly;
		return this;
	}

	/**
	 * Sets whether a server that holds the volume loses it. All its requests then fail.
	 * @param takeOver default {@code false}: this one is refused
	 * @return this builder
	 */
	public ChunkBlockStoreBuilder takeOver(boolean takeOver) {
		this.takeOver = takeOver;
		return this;
	}

	/**
	 * Sets how long others are refused after this server has died without giving the
	 * volume up.
	 * @param lease at least 1 second; default 30 seconds
	 * @return this builder
	 */
	public ChunkBlockStoreBuilder lease(Duration lease) {
		this.lease = lease;
		return this;
	}

	/**
	 * Sets how many chunks can be read and stored together; others wait.
	 * @param parallelism at least 1; default 32
	 * @return this builder
	 */
	public ChunkBlockStoreBuilder parallelism(int parallelism) {
		this.parallelism = parallelism;
		return this;
	}

	/**
	 * Sets how long one attempt to read or store a chunk may take.
	 * @param timeout more than 0; default 5 seconds
	 * @return this builder
	 */
	public ChunkBlockStoreBuilder timeout(Duration timeout) {
		this.timeout = timeout;
		return this;
	}

	/**
	 * Sets how often an attempt is repeated before its request fails, after pauses that
	 * grow from 100 milliseconds.
	 * @param retries 0 or more; default 3
	 * @return this builder
	 */
	public ChunkBlockStoreBuilder retries(int retries) {
		this.retries = retries;
		return this;
	}

	ChunkBlockStoreBuilder firstPause(Duration firstPause) {
		this.firstPause = firstPause;
		return this;
	}

	boolean isReadOnly() {
		return this.readOnly;
	}

	Duration lease() {
		return this.lease;
	}

	int parallelism() {
		return this.parallelism;
	}

	Duration timeout() {
		return this.timeout;
	}

	int retries() {
		return this.retries;
	}

	Duration firstPause() {
		return this.firstPause;
	}

	/**
	 * Opens the volume, and makes it if it is not there.
	 * @return the store; fails with a {@link StoreUnavailableException} if the volume is
	 * not what was asked for, or another server holds it. If it is cancelled, the volume
	 * is given up when it has been claimed
	 */
	public Mono<ChunkBlockStore> open() {
		if (this.parallelism < 1 || this.retries < 0 || this.timeout.toMillis() < 1 || this.lease.toSeconds() < 1) {
			throw new IllegalArgumentException("A volume cannot be used with a parallelism of " + this.parallelism
					+ ", " + this.retries + " retries, a timeout of " + this.timeout + " and a lease of " + this.lease
					+ ". Use at least 1, 0, 1 millisecond and 1 second.");
		}
		return this.volume.describe().switchIfEmpty(Mono.defer(this::create)).flatMap((descriptor) -> {
			descriptor.require(this.volume, this.size, this.chunkSize);
			return claim().map((chunks) -> new ChunkBlockStore(this.volume, descriptor, chunks, this));
		});
	}

	/** A claim that comes when nobody waits for it any more is given up. */
	private Mono<ChunkStore> claim() {
		return Mono.defer(() -> {
			VolumeClaim claim = new VolumeClaim(holder(), this.readOnly, this.lease, this.takeOver);
			CompletableFuture<ChunkStore> claimed = this.volume.claim(claim).toFuture();
			AtomicBoolean decided = new AtomicBoolean();
			return Mono.fromFuture(claimed, true)
				.filter((chunks) -> decided.compareAndSet(false, true))
				.doOnCancel(() -> {
					if (decided.compareAndSet(false, true)) {
						claimed.thenAccept((chunks) -> chunks.release().onErrorComplete().subscribe());
					}
				});
		});
	}

	private Mono<VolumeDescriptor> create() {
		if (this.readOnly || this.size == 0) {
			return Mono.error(new StoreUnavailableException(
					"The " + this.volume + " does not exist"
							+ (this.readOnly ? "." : ", and no size is given to make it with."),
					this.readOnly ? "Serve it writable once, or correct its name."
							: "Give the disk a size, or correct the name of the volume."));
		}
		return this.volume.createIfAbsent(
				VolumeDescriptor.create(this.size, (this.chunkSize != 0) ? this.chunkSize : DEFAULT_CHUNK_SIZE));
	}

	private static String holder() {
		return "process " + ProcessHandle.current().pid() + " on " + host() + " (" + UUID.randomUUID() + ")";
	}

	private static String host() {
		try {
			return InetAddress.getLocalHost().getHostName();
		}
		catch (UnknownHostException ex) {
			return "an unknown host";
		}
	}

}
