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

package io.github.ublk4j.spring.autoconfigure;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.OnShutdown;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.util.unit.DataSize;

/**
 * Properties of the disks and of the engine that serves them.
 *
 * @param enabled Whether the disks of the application are served.
 * @param unsupportedHost What happens on a host that cannot use ublk, such as one without
 * Linux, the kernel module or the rights.
 * @param drainTimeout How long stopping a disk waits for its requests in flight; when
 * none was answered meanwhile, it fails them. 0 fails them at once.
 * @param controlTimeout How long a command to the driver, such as creating a device, may
 * take; more than 0.
 * @param runDirectory Directory of the stable paths of the disks. Each disk is found
 * there under its name, as a symbolic link to its block device.
 * @param orphans What happens to devices that a dead process has left in the kernel.
 * @param oomScoreAdj How readily the kernel kills this process when memory is short, from
 * -1000 (never) to 1000 (first). Lowering it needs CAP_SYS_RESOURCE. Not changed by
 * default.
 * @param memory Memory of all disks together.
 * @param devices Disks by name. An entry overrides attributes of the "@BlockDevice" of
 * this name, or declares a disk that needs no bean.
 */
@ConfigurationProperties("ublk")
public record UblkProperties(@DefaultValue("true") boolean enabled,
		@DefaultValue("fail") UnsupportedHost unsupportedHost, @DefaultValue("5s") Duration drainTimeout,
		@DefaultValue("30s") Duration controlTimeout, @DefaultValue("/run/ublk") Path runDirectory,
		@DefaultValue("recover") Orphans orphans, @Nullable Integer oomScoreAdj, @DefaultValue Memory memory,
		@DefaultValue Map<String, Device> devices) {

	private static final int OOM_SCORE_RANGE = 1000;

	/**
	 * Not part of binding, whose failure analysis would hide the property.
	 */
	void requireValid() {
		if (this.drainTimeout.isNegative()) {
			throw new InvalidConfigurationPropertyValueException("ublk.drain-timeout", this.drainTimeout,
					"A negative time cannot be waited for. Use 5s, for example, or 0 to fail the requests at once.");
		}
		if (this.controlTimeout.isNegative() || this.controlTimeout.isZero()) {
			throw new InvalidConfigurationPropertyValueException("ublk.control-timeout", this.controlTimeout,
					"No command to the driver can be that quick. Use 30s, for example.");
		}
		requireBearable("ublk.drain-timeout", this.drainTimeout);
		requireBearable("ublk.control-timeout", this.controlTimeout);
		DataSize limit = this.memory.limit();
		if (limit != null && limit.toBytes() <= 0) {
			throw new InvalidConfigurationPropertyValueException("ublk.memory.limit", limit,
					"No disk has buffers that small. Use 256MB, for example, or leave it out for no limit.");
		}
		if (this.oomScoreAdj != null && (this.oomScoreAdj < -OOM_SCORE_RANGE || this.oomScoreAdj > OOM_SCORE_RANGE)) {
			throw new InvalidConfigurationPropertyValueException("ublk.oom-score-adj", this.oomScoreAdj,
					"Linux takes -1000 (killed never) to 1000 (killed first). Use -900, for example.");
		}
	}

	private static void requireBearable(String property, Duration timeout) {
		if (timeout.compareTo(UblkEngine.LONGEST_TIMEOUT) > 0) {
			throw new InvalidConfigurationPropertyValueException(property, timeout,
					"Nobody waits that long. Use 1d at most.");
		}
	}

	/**
	 * What happens on a host that cannot use ublk.
	 */
	public enum UnsupportedHost {

		/** The application does not start, and says why. */
		FAIL,

		/** The application starts without its disks, and warns. */
		SKIP

	}

	/**
	 * What happens to devices that a dead process has left in the kernel.
	 */
	public enum Orphans {

		/** They are reported, and keep declared disks of their name from starting. */
		REPORT,

		/** Declared disks take over those of their name; the others are reported. */
		RECOVER,

		/** Those that served disks of this library and that nobody uses are deleted. */
		DELETE

	}

	/**
	 * Memory of all disks together.
	 *
	 * @param limit Most memory that the requests of all disks can need together. A disk
	 * is counted with queues x queue-depth x max-io-size. What the store "memory" holds
	 * is not counted. No limit by default.
	 */
	public record Memory(@Nullable DataSize limit) {

	}

	/**
	 * Properties of one disk. What is not set comes from the annotation of its bean, if
	 * it has one, or else from the default.
	 *
	 * @param enabled Whether the disk is served.
	 * @param store What holds the data of a disk without a bean. "memory",
	 * "file:/path/to/disk.img", "directory:/path/to/disk", "redis:volume",
	 * "r2dbc:volume", "s3:bucket/prefix", "https://host/path/to/disk.img", "stripe",
	 * "mirror", "null", "pattern:seed", or what a bean of type BlockStoreFactory makes. A
	 * file is created sparse if it is missing.
	 * @param size Capacity, a multiple of the logical block size. An existing file or
	 * block device is served in its whole size by default.
	 * @param queues Number of hardware queues, each served by a thread of its own.
	 * Defaults to 1.
	 * @param queueDepth How many requests of one queue can be in flight, 1 to 4096.
	 * Defaults to 128.
	 * @param maxIoSize Largest single read or write, a multiple of 4KB up to 32MB.
	 * Defaults to 256KB.
	 * @param logicalBlockSize Smallest unit of a request, 512B, 1KB, 2KB or 4KB. Defaults
	 * to 512B.
	 * @param physicalBlockSize Unit that the storage writes without reading first, a
	 * power of two. Defaults to 4KB.
	 * @param ioMin Preferred minimum of a request, a power of two. Defaults to the
	 * physical block size.
	 * @param ioOpt Preferred size of a request, a power of two. Defaults to io-min.
	 * @param readOnly Whether the kernel refuses writes. Defaults to false.
	 * @param rotational Whether the kernel schedules as for a spinning disk. Defaults to
	 * false.
	 * @param partitionScan Whether the kernel looks for partitions when the disk appears.
	 * Defaults to true; false needs Linux 7.0.
	 * @param dataMode How the data of requests is moved. Defaults to auto, the best that
	 * disk and kernel have.
	 * @param recovery What becomes of the disk when the application dies. Defaults to
	 * none.
	 * @param onShutdown What becomes of the disk when the application stops. Defaults to
	 * delete.
	 * @param requestTimeout How long a request may take before it fails with ETIMEDOUT; 0
	 * for ever. Defaults to 30s.
	 * @param memory Properties of the store "memory".
	 * @param file Properties of a store "file:/path".
	 * @param chunks Properties of stores that keep a disk in chunks, such as
	 * "directory:/path".
	 * @param http Properties of a store "https://host/path".
	 * @param stripe Properties of the store "stripe".
	 * @param mirror Properties of the store "mirror".
	 * @param layers Layers over the store, the first nearest to the kernel. "window",
	 * "read-only", "delay", "error", "pause", "rate-limit", "cache", "readahead",
	 * "checksum", "copy-on-write", "encrypt", "retry", "timeout", "log", "stats", or
	 * names of beans of type BlockLayer.
	 * @param layer Properties of the layers.
	 */
	public record Device(@DefaultValue("true") boolean enabled, @Nullable String store, @Nullable DataSize size,
			@Nullable Integer queues, @Nullable Integer queueDepth, @Nullable DataSize maxIoSize,
			@Nullable DataSize logicalBlockSize, @Nullable DataSize physicalBlockSize, @Nullable DataSize ioMin,
			@Nullable DataSize ioOpt, @Nullable Boolean readOnly, @Nullable Boolean rotational,
			@Nullable Boolean partitionScan, @Nullable DataMode dataMode, @Nullable Recovery recovery,
			@Nullable OnShutdown onShutdown, @Nullable Duration requestTimeout, @DefaultValue MemoryStore memory,
			@DefaultValue FileStore file, @DefaultValue ChunkedStore chunks, @DefaultValue HttpStore http,
			@DefaultValue StripeStore stripe, @DefaultValue MirrorStore mirror, @DefaultValue List<String> layers,
			@DefaultValue LayerProperties layer) {

		static final Device UNSET = new Device(true, null, null, null, null, null, null, null, null, null, null, null,
				null, null, null, null, null, new MemoryStore(false), new FileStore(false),
				new ChunkedStore(null, false), HttpStore.UNSET, new StripeStore(List.of(), null),
				new MirrorStore(List.of()), List.of(), LayerProperties.UNSET);

	}

	/**
	 * Properties of the store "memory".
	 *
	 * @param preTouch Whether all memory is taken at the start, so that no request waits
	 * for it.
	 */
	public record MemoryStore(@DefaultValue("false") boolean preTouch) {

	}

	/**
	 * Properties of a store "file:/path".
	 *
	 * @param directIo Whether reads and writes pass the page cache of the host by. Needs
	 * a logical-block-size of at least that of the storage below the file.
	 */
	public record FileStore(@DefaultValue("false") boolean directIo) {

	}

	/**
	 * Properties of stores that keep a disk in chunks.
	 *
	 * @param chunkSize Size of the chunks of a volume that is made, a power of two from
	 * 4KB to 32MB. An existing volume must have it. Defaults to that of the volume, or
	 * 64KB.
	 * @param takeOver Whether a server that holds the volume loses it, and fails all its
	 * requests from then on. By default this one is refused.
	 */
	public record ChunkedStore(@Nullable DataSize chunkSize, @DefaultValue("false") boolean takeOver) {

	}

	/**
	 * Properties of the store "stripe".
	 *
	 * @param stores The stores that it is made of, in their order, each written as the
	 * property "store".
	 * @param unit Size of a stripe on one store, a multiple of 512B. Defaults to 64KB.
	 */
	public record StripeStore(@DefaultValue List<String> stores, @Nullable DataSize unit) {

		@Nullable String ownProperty() {
			if (!this.stores.isEmpty()) {
				return "stripe.stores";
			}
			return (this.unit != null) ? "stripe.unit" : null;
		}

	}

	/**
	 * Properties of the store "mirror".
	 *
	 * @param stores The stores that have the same content, each written as the property
	 * "store".
	 */
	public record MirrorStore(@DefaultValue List<String> stores) {

		@Nullable String ownProperty() {
			return this.stores.isEmpty() ? null : "mirror.stores";
		}

	}

	/**
	 * Properties of a store "https://host/path".
	 *
	 * @param timeout How long one request may take until its last byte. Defaults to 5s.
	 * @param retries How often a request is repeated before its read fails. Defaults to
	 * 3.
	 */
	public record HttpStore(@Nullable Duration timeout, @Nullable Integer retries) {

		static final HttpStore UNSET = new HttpStore(null, null);

		@Nullable String ownProperty() {
			if (this.timeout != null) {
				return "http.timeout";
			}
			return (this.retries != null) ? "http.retries" : null;
		}

	}

}
