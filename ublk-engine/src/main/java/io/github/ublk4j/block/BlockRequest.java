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

/**
 * One I/O request of the kernel. It occupies a tag of its queue from its arrival until it
 * is completed; the device can have at most {@code queues x depth} of them.
 * <p>
 * <strong>Lifetime.</strong> A request and its buffer are valid until it is completed: in
 * a {@link BlockDeviceHandler} until the returned {@code Mono} terminates, in a
 * {@link BlockRequestStream} until {@link #complete()} or {@link #fail(Throwable)}. The
 * engine then reuses both. Every method of a completed request throws
 * {@link IllegalStateException}; keep no reference to it.
 * <p>
 * When the device stops before, or the request takes longer than the request timeout, the
 * engine takes it away: it cancels the {@code Mono} and fails the request. A buffer that
 * was asked for before may still be used, but nobody sees what is put into it; one that
 * was not is refused with {@link IllegalStateException}. {@link #complete()} and
 * {@link #fail(Throwable)} then do nothing.
 * <p>
 * <strong>Threads.</strong> A request may be handed to any thread and completed there.
 */
public interface BlockRequest {

	/**
	 * Returns what is asked for.
	 * @return the operation
	 */
	BlockOperation operation();

	/**
	 * Returns where the request begins.
	 * @return bytes from the start of the disk, a multiple of the logical block size;
	 * {@code 0} for {@link BlockOperation#FLUSH}
	 */
	long offset();

	/**
	 * Returns how much of the disk the request covers.
	 * @return bytes, a multiple of the logical block size; {@code 0} for
	 * {@link BlockOperation#FLUSH}
	 */
	long length();

	/**
	 * Returns the queue that the request came from.
	 * @return the index of the queue, from {@code 0}
	 */
	int queue();

	/**
	 * Returns the tag that identifies the request in its queue while it is in flight.
	 * @return the tag, from {@code 0} to depth - 1
	 */
	int tag();

	/**
	 * Completes a request of a {@link BlockRequestStream} with success: the whole range
	 * was read, written, discarded or zeroed, or the flush is done.
	 * @throws IllegalStateException if the request is completed already, or belongs to a
	 * {@link BlockDeviceHandler}, whose {@code Mono} completes it
	 */
	void complete();

	/**
	 * Completes a request of a {@link BlockRequestStream} with an error.
	 * @param cause what went wrong; {@link BlockIoException#errnoOf(Throwable)} says how
	 * the kernel sees it
	 * @throws IllegalStateException if the request is completed already, or belongs to a
	 * {@link BlockDeviceHandler}, whose {@code Mono} completes it
	 */
	void fail(Throwable cause);

}
