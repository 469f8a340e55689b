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

package io.github.ublk4j.spring.actuate;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockRequest;
import io.micrometer.observation.Observation;

/**
 * What is known about the observation of a request. It outlives the request.
 */
public final class BlockRequestObservationContext extends Observation.Context {

	private final String disk;

	private final BlockOperation operation;

	private final long offset;

	private final long length;

	private volatile boolean cancelled;

	/**
	 * Creates the context of a request that is being served.
	 * @param disk the name of its disk
	 * @param request the request
	 */
	public BlockRequestObservationContext(String disk, BlockRequest request) {
		this.disk = disk;
		this.operation = request.operation();
		this.offset = request.offset();
		this.length = request.length();
	}

	/**
	 * Returns the name of the disk.
	 * @return the name
	 */
	public String disk() {
		return this.disk;
	}

	/**
	 * Returns what is asked for.
	 * @return the operation
	 */
	public BlockOperation operation() {
		return this.operation;
	}

	/**
	 * Returns where the request begins.
	 * @return the byte on the disk
	 */
	public long offset() {
		return this.offset;
	}

	/**
	 * Returns how much the request is about.
	 * @return bytes
	 */
	public long length() {
		return this.length;
	}

	void cancel() {
		this.cancelled = true;
	}

	/**
	 * Returns whether the engine has taken the request away from the disk, because it
	 * stops, for example.
	 * @return whether it was cancelled
	 */
	public boolean cancelled() {
		return this.cancelled;
	}

}
