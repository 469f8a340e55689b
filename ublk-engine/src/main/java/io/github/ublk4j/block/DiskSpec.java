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

package io.github.ublk4j.block;

import java.time.Duration;
import java.util.regex.Pattern;

/**
 * Name, size and geometry of a disk. Immutable; every instance is valid.
 */
public final class DiskSpec {

	/** Most requests that one queue can have in flight ({@code UBLK_MAX_QUEUE_DEPTH}). */
	public static final int MAX_QUEUE_DEPTH = 4096;

	/** Largest single request, in bytes ({@code 1 << UBLK_IO_BUF_BITS}). */
	public static final int MAX_IO_SIZE = 32 << 20;

	/** How long a request may take, unless told otherwise. */
	public static final Duration DEFAULT_REQUEST_TIMEOUT = Duration.ofSeconds(30);

	private static final int MAX_QUEUES = 4096;

	private static final Duration LONGEST_TIMEOUT = Duration.ofDays(1);

	private static final int SECTOR = 512;

	private static final int PAGE = 4096;

	private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

	private final String name;

	private final long size;

	private final int logicalBlockSize;

	private final int physicalBlockSize;

	private final int queues;

	private final int queueDepth;

	private final int maxIoSize;

	private final int ioMin;

	private final int ioOpt;

	private final boolean readOnly;

	private final boolean rotational;

	private final boolean partitionScan;

	private final DataMode dataMode;

	private final Recovery recovery;

	private final Duration requestTimeout;

	private DiskSpec(Builder builder) {
		this.name = builder.name;
		this.size = builder.size;
		this.logicalBlockSize = builder.logicalBlockSize;
		this.physicalBlockSize = builder.physicalBlockSize;
		this.queues = builder.queues;
		this.queueDepth = builder.queueDepth;
		this.maxIoSize = builder.maxIoSize;
		this.ioMin = (builder.ioMin == 0) ? builder.physicalBlockSize : builder.ioMin;
		this.ioOpt = (builder.ioOpt == 0) ? this.ioMin : builder.ioOpt;
		this.readOnly = builder.readOnly;
		this.rotational = builder.rotational;
		this.partitionScan = builder.partitionScan;
		this.dataMode = builder.dataMode;
		this.recovery = builder.recovery;
		this.requestTimeout = builder.requestTimeout;
		validate();
	}

	private void validate() {
		check(NAME.matcher(this.name).matches(), "name", "'" + this.name + "'",
				"Use up to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit.");
		check(powerOfTwo(this.logicalBlockSize, SECTOR, PAGE), "logicalBlockSize", this.logicalBlockSize,
				"Use 512, 1024, 2048 or 4096 bytes.");
		check(powerOfTwo(this.physicalBlockSize, this.logicalBlockSize, 256 << 20), "physicalBlockSize",
				this.physicalBlockSize,
				"Use a power of two from the logical block size (" + this.logicalBlockSize + " bytes) to 256 MiB.");
		check(this.size > 0, "size", this.size,
				"Give the disk a size in bytes, a multiple of its logical block size (" + this.logicalBlockSize + ").");
		check(this.size % this.logicalBlockSize == 0, "size", this.size, "Use a multiple of the logical block size ("
				+ this.logicalBlockSize + " bytes); the " + nearestSizes() + ".");
		check(this.queues >= 1 && this.queues <= MAX_QUEUES, "queues", this.queues,
				"Use 1 to " + MAX_QUEUES + " queues; the kernel caps them at its number of CPUs.");
		check(this.queueDepth >= 1 && this.queueDepth <= MAX_QUEUE_DEPTH, "queueDepth", this.queueDepth,
				"Use 1 to " + MAX_QUEUE_DEPTH + " requests in flight per queue.");
		check(this.maxIoSize >= PAGE && this.maxIoSize <= MAX_IO_SIZE && this.maxIoSize % PAGE == 0, "maxIoSize",
				this.maxIoSize, "Use a multiple of 4096 bytes from 4096 to " + MAX_IO_SIZE + " (32 MiB).");
		check(powerOfTwo(this.ioMin, this.logicalBlockSize, 256 << 20), "ioMin", this.ioMin,
				"Use a power of two from the logical block size (" + this.logicalBlockSize + " bytes) to 256 MiB.");
		check(powerOfTwo(this.ioOpt, this.ioMin, 256 << 20), "ioOpt", this.ioOpt,
				"Use a power of two from ioMin (" + this.ioMin + " bytes) to 256 MiB.");
		check(!this.requestTimeout.isNegative() && this.requestTimeout.compareTo(LONGEST_TIMEOUT) <= 0,
				"requestTimeout", this.requestTimeout, "Use more than zero up to one day, or zero for no timeout.");
	}

	private String nearestSizes() {
		long below = this.size / this.logicalBlockSize * this.logicalBlockSize;
		if (below == 0) {
			return "smallest is " + this.logicalBlockSize;
		}
		long above = below + this.logicalBlockSize;
		return (above > 0) ? "nearest are " + below + " and " + above : "largest is " + below;
	}

	private void check(boolean valid, String attribute, Object value, String remedy) {
		if (!valid) {
			throw new InvalidDiskException(this.name, attribute, value, remedy);
		}
	}

	private static boolean powerOfTwo(int value, int least, int most) {
		return value >= least && value <= most && Integer.bitCount(value) == 1;
	}

	/**
	 * Begins a specification. Only the size has no default.
	 * @param name identifies the disk in its host: 1 to 64 letters, digits, '.', '_' and
	 * '-'
	 * @return a builder
	 */
	public static Builder named(String name) {
		return new Builder(name);
	}

	/**
	 * Returns the name.
	 * @return the name
	 */
	public String name() {
		return this.name;
	}

	/**
	 * Returns the capacity.
	 * @return bytes
	 */
	public long size() {
		return this.size;
	}

	/**
	 * Returns the smallest unit of a request.
	 * @return bytes
	 */
	public int logicalBlockSize() {
		return this.logicalBlockSize;
	}

	/**
	 * Returns the unit that the storage behind the disk writes without reading first.
	 * @return bytes
	 */
	public int physicalBlockSize() {
		return this.physicalBlockSize;
	}

	/**
	 * Returns the number of hardware queues, each with a thread of its own.
	 * @return the queues asked for
	 */
	public int queues() {
		return this.queues;
	}

	/**
	 * Returns how many requests of one queue can be in flight.
	 * @return the tags of a queue
	 */
	public int queueDepth() {
		return this.queueDepth;
	}

	/**
	 * Returns the largest single read or write.
	 * @return bytes
	 */
	public int maxIoSize() {
		return this.maxIoSize;
	}

	/**
	 * Returns the preferred minimum of a request ({@code minimum_io_size}).
	 * @return bytes
	 */
	public int ioMin() {
		return this.ioMin;
	}

	/**
	 * Returns the preferred size of a request ({@code optimal_io_size}).
	 * @return bytes
	 */
	public int ioOpt() {
		return this.ioOpt;
	}

	/**
	 * Returns whether the kernel refuses writes.
	 * @return whether the disk is read-only
	 */
	public boolean readOnly() {
		return this.readOnly;
	}

	/**
	 * Returns whether the kernel should schedule as for a spinning disk.
	 * @return whether seeks are expensive
	 */
	public boolean rotational() {
		return this.rotational;
	}

	/**
	 * Returns whether the kernel looks for partitions when the disk appears.
	 * @return whether it does
	 */
	public boolean partitionScan() {
		return this.partitionScan;
	}

	/**
	 * Returns how the data of requests is to be moved.
	 * @return the mode asked for
	 */
	public DataMode dataMode() {
		return this.dataMode;
	}

	/**
	 * Returns what becomes of the disk when its server dies.
	 * @return the recovery asked for
	 */
	public Recovery recovery() {
		return this.recovery;
	}

	/**
	 * Returns how long a request may take before it fails with ETIMEDOUT.
	 * @return more than zero; zero if it may take for ever
	 */
	public Duration requestTimeout() {
		return this.requestTimeout;
	}

	/**
	 * Returns this specification with another capacity.
	 * @param bytes a positive multiple of the logical block size
	 * @return the specification
	 * @throws InvalidDiskException if the size cannot be used
	 */
	public DiskSpec withSize(long bytes) {
		return new Builder(this).size(bytes).build();
	}

	@Override
	public String toString() {
		return "disk '" + this.name + "' (" + this.size + " bytes, block " + this.logicalBlockSize + "/"
				+ this.physicalBlockSize + ", " + this.queues + " x " + this.queueDepth + " x " + this.maxIoSize
				+ (this.readOnly ? ", read-only" : "") + ")";
	}

	/**
	 * Collects the attributes of a {@link DiskSpec}.
	 */
	public static final class Builder {

		private final String name;

		private long size;

		private int logicalBlockSize = SECTOR;

		private int physicalBlockSize = PAGE;

		private int queues = 1;

		private int queueDepth = 128;

		private int maxIoSize = 256 << 10;

		private int ioMin;

		private int ioOpt;

		private boolean readOnly;

		private boolean rotational;

		private boolean partitionScan = true;

		private DataMode dataMode = DataMode.AUTO;

		private Recovery recovery = Recovery.NONE;

		private Duration requestTimeout = DEFAULT_REQUEST_TIMEOUT;

		private Builder(String name) {
			this.name = name;
		}

		private Builder(DiskSpec spec) {
			this.name = spec.name;
			this.size = spec.size;
			this.logicalBlockSize = spec.logicalBlockSize;
			this.physicalBlockSize = spec.physicalBlockSize;
			this.queues = spec.queues;
			this.queueDepth = spec.queueDepth;
			this.maxIoSize = spec.maxIoSize;
			this.ioMin = spec.ioMin;
			this.ioOpt = spec.ioOpt;
			this.readOnly = spec.readOnly;
			this.rotational = spec.rotational;
			this.partitionScan = spec.partitionScan;
			this.dataMode = spec.dataMode;
			this.recovery = spec.recovery;
			this.requestTimeout = spec.requestTimeout;
		}

		/**
		 * Sets the capacity.
		 * @param bytes a positive multiple of the logical block size
		 * @return this builder
		 */
		public Builder size(long bytes) {
			this.size = bytes;
			return this;
		}

		/**
		 * Sets the smallest unit of a request.
		 * @param bytes 512, 1024, 2048 or 4096; default 512
		 * @return this builder
		 */
		public Builder logicalBlockSize(int bytes) {
			this.logicalBlockSize = bytes;
			return this;
		}

		/**
		 * Sets the unit that the storage writes without reading first.
		 * @param bytes a power of two, at least the logical block size; default 4096
		 * @return this builder
		 */
		public Builder physicalBlockSize(int bytes) {
			this.physicalBlockSize = bytes;
			return this;
		}

		/**
		 * Sets the number of hardware queues.
		 * @param queues at least 1; default 1; the kernel caps it at its number of CPUs
		 * @return this builder
		 */
		public Builder queues(int queues) {
			this.queues = queues;
			return this;
		}

		/**
		 * Sets how many requests of one queue can be in flight.
		 * @param queueDepth 1 to 4096; default 128
		 * @return this builder
		 */
		public Builder queueDepth(int queueDepth) {
			this.queueDepth = queueDepth;
			return this;
		}

		/**
		 * Sets the largest single read or write.
		 * @param bytes a multiple of 4096 up to 32 MiB; default 256 KiB
		 * @return this builder
		 */
		public Builder maxIoSize(int bytes) {
			this.maxIoSize = bytes;
			return this;
		}

		/**
		 * Sets the preferred minimum of a request.
		 * @param bytes a power of two; 0, the default, stands for the physical block size
		 * @return this builder
		 */
		public Builder ioMin(int bytes) {
			this.ioMin = bytes;
			return this;
		}

		/**
		 * Sets the preferred size of a request.
		 * @param bytes a power of two; 0, the default, stands for {@link #ioMin(int)}
		 * @return this builder
		 */
		public Builder ioOpt(int bytes) {
			this.ioOpt = bytes;
			return this;
		}

		/**
		 * Makes the kernel refuse writes.
		 * @param readOnly whether the disk is read-only; default {@code false}
		 * @return this builder
		 */
		public Builder readOnly(boolean readOnly) {
			this.readOnly = readOnly;
			return this;
		}

		/**
		 * Makes the kernel schedule as for a spinning disk.
		 * @param rotational whether seeks are expensive; default {@code false}
		 * @return this builder
		 */
		public Builder rotational(boolean rotational) {
			this.rotational = rotational;
			return this;
		}

		/**
		 * Lets the kernel look for partitions when the disk appears, which reads its
		 * first and last blocks. Without, they appear when somebody asks for them
		 * ({@code blockdev --rereadpt}). Has no effect on a disk that is taken over, nor
		 * on those of ordinary users, whose partitions the kernel never looks for.
		 * @param partitionScan whether it does; default {@code true}, {@code false} needs
		 * Linux 7.0
		 * @return this builder
		 */
		public Builder partitionScan(boolean partitionScan) {
			this.partitionScan = partitionScan;
			return this;
		}

		/**
		 * Sets how the data of requests is moved.
		 * @param dataMode the mode; default {@link DataMode#AUTO}
		 * @return this builder
		 */
		public Builder dataMode(DataMode dataMode) {
			this.dataMode = dataMode;
			return this;
		}

		/**
		 * Sets what becomes of the disk when its server dies.
		 * @param recovery what; default {@link Recovery#NONE}
		 * @return this builder
		 */
		public Builder recovery(Recovery recovery) {
			this.recovery = recovery;
			return this;
		}

		/**
		 * Sets how long a request may take, from its arrival, before it fails with
		 * ETIMEDOUT. A later answer is ignored, but a WRITE may still reach a store that
		 * goes on after the cancel, also after a newer one; a store that does not order
		 * its writes wants zero, or the layer {@code timeout}.
		 * @param requestTimeout more than zero, up to one day, or zero for ever; default
		 * 30 s
		 * @return this builder
		 */
		public Builder requestTimeout(Duration requestTimeout) {
			this.requestTimeout = requestTimeout;
			return this;
		}

		/**
		 * Builds the specification.
		 * @return a valid specification
		 * @throws InvalidDiskException if an attribute cannot be used
		 */
		public DiskSpec build() {
			return new DiskSpec(this);
		}

	}

}
