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

package io.github.ublk4j.engine;

import java.io.Serial;

/**
 * The engine does not make a device, because something that it would need is not there.
 * Names the reason, so that a configuration layer can name its property.
 */
public class DiskRefusedException extends UblkException {

	@Serial
	private static final long serialVersionUID = 1L;

	private final String disk;

	private final Reason reason;

	private final String problem;

	/**
	 * Creates an exception.
	 * @param disk the name of the disk
	 * @param reason what is missing
	 * @param problem what the disk needs and what there is, a sentence
	 * @param remedy what to do about it, a sentence
	 */
	public DiskRefusedException(String disk, Reason reason, String problem, String remedy) {
		super("disk '" + disk + "': " + problem + " " + remedy, null);
		this.disk = disk;
		this.reason = reason;
		this.problem = problem;
	}

	/**
	 * Returns which disk it is.
	 * @return the name of the disk
	 */
	public String disk() {
		return this.disk;
	}

	/**
	 * Returns what is missing.
	 * @return the reason
	 */
	public Reason reason() {
		return this.reason;
	}

	/**
	 * Returns what the disk needs and what there is.
	 * @return a sentence
	 */
	public String problem() {
		return this.problem;
	}

	/**
	 * What is missing.
	 */
	public enum Reason {

		/** The kernel does not have the data mode that the disk asks for. */
		DATA_MODE,

		/** The buffers do not fit into what the limit of the engine leaves. */
		MEMORY_LIMIT,

		/** The buffers of copy mode do not fit into the memory that the host has left. */
		HOST_MEMORY,

		/** The kernel does not have the recovery that the disk asks for. */
		RECOVERY,

		/** The kernel cannot leave out the scan for partitions. */
		PARTITION_SCAN,

		/**
		 * Recovery needs a place for records, and there is none, or it cannot be used.
		 */
		STATE_DIRECTORY,

		/** Another process serves the disk. */
		SERVED_ELSEWHERE,

		/** The device that the last server of the disk left does not fit. */
		PREDECESSOR

	}

}
