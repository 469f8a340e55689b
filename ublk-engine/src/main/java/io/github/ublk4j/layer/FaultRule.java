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

package io.github.ublk4j.layer;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;

/**
 * Which requests an {@link ErrorStore} fails.
 *
 * @param operations the kinds of request
 * @param offset where the range that fails begins, in bytes; a request fails if it
 * touches it. A flush has no range and fails whatever the range
 * @param length bytes of that range; 0 for all up to the end
 * @param rate the part of these requests that fails, from 0 for none to 1 for all
 * @param errno what they fail with
 * @param seed what the choice is drawn from: the same requests, one after the other, fail
 * again with the same seed
 */
public record FaultRule(Set<BlockOperation> operations, long offset, long length, double rate, BlockErrno errno,
		long seed) {

	/** Fails nothing. */
	public static final FaultRule NONE = new FaultRule(EnumSet.allOf(BlockOperation.class), 0, 0, 0, BlockErrno.EIO, 0);

	/**
	 * Checks the values.
	 * @param operations the kinds of request
	 * @param offset where the range begins
	 * @param length bytes of the range
	 * @param rate the part that fails
	 * @param errno what it fails with
	 * @param seed what the choice is drawn from
	 * @throws InvalidLayerException if one is out of bounds
	 */
	public FaultRule {
		if (operations.isEmpty()) {
			throw new InvalidLayerException("operations", "empty",
					"Name at least one of read, write, flush, discard " + "and write-zeroes, or leave it out for all.");
		}
		if (offset < 0) {
			throw new InvalidLayerException("offset", offset, "Use 0 or more.");
		}
		if (length < 0) {
			throw new InvalidLayerException("length", length, "Use 1 or more, or 0 for all up to the end.");
		}
		// written so that it refuses NaN too
		if (!(rate >= 0 && rate <= 1)) {
			throw new InvalidLayerException("rate", rate, "Use 0 for no request to 1 for every one, such as 0.01.");
		}
		operations = Collections.unmodifiableSet(EnumSet.copyOf(operations));
	}

	/**
	 * Makes a rule that fails every request with EIO.
	 * @param operations the kinds of request
	 * @return the rule
	 */
	public static FaultRule every(Set<BlockOperation> operations) {
		return new FaultRule(operations, 0, 0, 1, BlockErrno.EIO, 0);
	}

	boolean covers(BlockOperation operation, long start, long bytes) {
		if (!this.operations.contains(operation)) {
			return false;
		}
		if (operation == BlockOperation.FLUSH) {
			return true;
		}
		return start + bytes > this.offset && (this.length == 0 || start - this.offset < this.length);
	}

}
