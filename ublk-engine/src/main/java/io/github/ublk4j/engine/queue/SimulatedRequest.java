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
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

import io.github.ublk4j.engine.driver.IoOperation;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way through a simulated driver, with pages of its own.
 */
public final class SimulatedRequest {

	/** What the pages of a reader hold before anybody fills them. */
	public static final byte UNTOUCHED = 0x5a;

	private final int operationAndFlags;

	private final long offset;

	private final long length;

	private final ByteBuffer pages;

	private final CompletableFuture<Integer> answer = new CompletableFuture<>();

	/**
	 * Creates a request.
	 * @param operationAndFlags as in {@code struct ublksrv_io_desc}
	 * @param offset where it begins, in bytes
	 * @param length bytes
	 * @param data what a write carries
	 */
	public SimulatedRequest(int operationAndFlags, long offset, long length, @Nullable ByteBuffer data) {
		this.operationAndFlags = operationAndFlags;
		this.offset = offset;
		this.length = length;
		this.pages = (data != null) ? data : pages((operation() == IoOperation.READ) ? (int) length : 0);
	}

	private static ByteBuffer pages(int length) {
		byte[] older = new byte[length];
		Arrays.fill(older, UNTOUCHED);
		return ByteBuffer.wrap(older);
	}

	/**
	 * Returns what the driver said in the end.
	 * @return bytes or 0, or the negative error number
	 */
	public CompletableFuture<Integer> answer() {
		return this.answer;
	}

	/**
	 * Returns the data, which for a read is there when it has been answered.
	 * @return all of the pages
	 */
	public ByteBuffer pages() {
		return this.pages.duplicate();
	}

	int operation() {
		return this.operationAndFlags & IoOperation.MASK;
	}

	int operationAndFlags() {
		return this.operationAndFlags;
	}

	long offset() {
		return this.offset;
	}

	long length() {
		return this.length;
	}

}
