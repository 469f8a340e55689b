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

package io.github.ublk4j.engine.host;

import org.jspecify.annotations.Nullable;

/**
 * What was found out about one side of this host.
 *
 * @param subject what was looked at
 * @param state how it is
 * @param finding what was found, for people
 * @param remedy the command or setting that mends it; {@code null} if it is
 * {@link State#OK}
 */
public record HostCheck(Subject subject, State state, String finding, @Nullable String remedy) {

	static HostCheck ok(Subject subject, String finding) {
		return new HostCheck(subject, State.OK, finding, null);
	}

	static HostCheck warning(Subject subject, String finding, String remedy) {
		return new HostCheck(subject, State.WARNING, finding, remedy);
	}

	static HostCheck failure(Subject subject, String finding, String remedy) {
		return new HostCheck(subject, State.FAILURE, finding, remedy);
	}

	/**
	 * Returns what was looked at, for people.
	 * @return one to three words
	 */
	public String name() {
		return this.subject.label;
	}

	/**
	 * How one side of a host is.
	 */
	public enum State {

		/** Nothing is missing. */
		OK,

		/** Disks can be served, but something can go wrong, or is not known. */
		WARNING,

		/** Disks cannot be served. */
		FAILURE

	}

	/**
	 * What is looked at, in the order in which one thing needs the other.
	 */
	public enum Subject {

		/** Whether this is Linux. */
		OPERATING_SYSTEM("operating system"),

		/** Whether this process can call the C library: processor, page size, JNA. */
		NATIVE_CALLS("native calls"),

		/** The release of the kernel and its known faults. */
		KERNEL("kernel"),

		/** The switch {@code kernel.io_uring_disabled}. */
		IO_URING_SWITCH("io_uring switch"),

		/** Whether a ring can be opened. */
		IO_URING("io_uring"),

		/** Whether a ring can have entries of 128 bytes, which carry driver commands. */
		WIDE_ENTRIES("io_uring SQE128"),

		/** The module {@code ublk_drv}. */
		MODULE("module ublk_drv"),

		/** Whether {@code /dev/ublk-control} can be opened. */
		CONTROL_DEVICE("control device"),

		/** The capabilities of this process. */
		CAPABILITIES("capabilities"),

		/** What the driver can do. */
		DRIVER("driver"),

		/** How many devices there may be, and are. */
		DEVICES("devices"),

		/** Who makes the nodes of new disks, and whether this process sees them. */
		DEVICE_NODES("device nodes"),

		/** How much memory may be locked. */
		LOCKED_MEMORY("locked memory"),

		/** Where it is kept which device serves a disk. */
		STATE_DIRECTORY("state directory"),

		/** How likely the kernel is to kill this process when memory is short. */
		OUT_OF_MEMORY("out-of-memory kill"),

		/** The Java virtual machine. */
		JVM("JVM"),

		/** That there is no kernel below the engine. */
		SIMULATION("simulation");

		private final String label;

		Subject(String label) {
			this.label = label;
		}

	}

}
