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
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeoutException;

import org.jspecify.annotations.Nullable;
import org.opentest4j.AssertionFailedError;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A part of a disk, and what must be there. Changes in flight at the same time must not
 * overlap. Positions are bytes from the start of the part.
 */
final class ExpectedContent {

	private final BlockDeviceTestClient client;

	private final Duration patience;

	private final long start;

	private final byte[] expected;

	private final int block;

	private final EarlierVersions earlier;

	/**
	 * Takes what the disk holds now as what must be there.
	 */
	ExpectedContent(BlockDeviceTestClient client, Duration patience, long start, int length) {
		this.client = client;
		this.patience = patience;
		this.start = start;
		this.block = client.spec().logicalBlockSize();
		this.expected = Objects.requireNonNull(await("READ", 0, length, client.read(start, length)));
		this.earlier = new EarlierVersions(length / this.block, this.block);
	}

	int blocks() {
		return this.expected.length / this.block;
	}

	int length() {
		return this.expected.length;
	}

	Mono<Void> write(int at, byte[] data, boolean durable) {
		return Mono.defer(() -> {
			Mono<Void> written = durable ? this.client.writeFua(this.start + at, data)
					: this.client.write(this.start + at, data);
			return written.doOnSuccess((done) -> {
				this.earlier.keep(this.expected, at, data.length);
				System.arraycopy(data, 0, this.expected, at, data.length);
			});
		});
	}

	/**
	 * Writes blocks of which none is like another.
	 */
	void write(int at, int length, Random random) {
		byte[] data = new byte[length];
		random.nextBytes(data);
		await("WRITE", at, length, write(at, data, false));
	}

	Mono<Void> discard(int at, int length) {
		return this.client.discard(this.start + at, length).doOnSuccess((done) -> zero(at, length));
	}

	Mono<Void> writeZeroes(int at, int length, boolean mayUnmap) {
		return this.client.writeZeroes(this.start + at, length, mayUnmap).doOnSuccess((done) -> zero(at, length));
	}

	private void zero(int at, int length) {
		this.earlier.keep(this.expected, at, length);
		Arrays.fill(this.expected, at, at + length, (byte) 0);
	}

	/**
	 * Reads, and compares.
	 */
	Mono<Void> check(int at, int length) {
		return this.client.read(this.start + at, length).doOnNext((data) -> compare(at, data)).then();
	}

	void checkNow(int at, int length) {
		await("READ", at, length, check(at, length));
	}

	void checkAll() {
		checkNow(0, this.expected.length);
	}

	private void compare(int at, byte[] actual) {
		int difference = Arrays.mismatch(Arrays.copyOfRange(this.expected, at, at + actual.length), actual);
		if (difference >= 0) {
			int from = difference - difference % this.block;
			byte[] wrong = Arrays.copyOfRange(actual, from, from + this.block);
			int wrongAt = at + from;
			throw new AssertionFailedError("disk '" + this.client.spec().name() + "': the block at "
					+ (this.start + wrongAt) + " holds " + hex(wrong) + ", but must hold "
					+ hex(Arrays.copyOfRange(this.expected, wrongAt, wrongAt + this.block)) + origin(wrongAt, wrong)
					+ ". It was read as part of " + actual.length + " bytes at " + (this.start + at));
		}
	}

	private static String hex(byte[] block) {
		return HexFormat.of().formatHex(block, 0, Math.min(8, block.length)) + "...";
	}

	private String origin(int wrongAt, byte[] wrong) {
		int age = this.earlier.age(wrongAt, wrong);
		boolean zeros = Arrays.equals(wrong, new byte[wrong.length]);
		if (age > 0) {
			return "; that is stale: what the block held "
					+ ((age == 1) ? "before the last change of it" : "before the last " + age + " changes of it")
					+ (zeros ? ", or if it had never been written" : "");
		}
		// they belong in so many places that one of them would mislead
		if (zeros) {
			return "; it reads as if it had never been written";
		}
		for (int at = 0; at < this.expected.length; at += this.block) {
			if (Arrays.equals(this.expected, at, at + this.block, wrong, 0, this.block)) {
				return "; that is what belongs at " + (this.start + at);
			}
		}
		return "";
	}

	/**
	 * Lets several requests be under way together, and waits for all.
	 */
	void together(Iterable<Mono<Void>> requests) {
		await("One of several requests", 0, this.expected.length,
				Flux.fromIterable(requests).flatMapDelayError((request) -> request, Integer.MAX_VALUE, 1).then());
	}

	/**
	 * Waits for a request of this part.
	 */
	<T> @Nullable T await(String what, int at, long length, Mono<T> request) {
		String disk = this.client.spec().name();
		this.client.failures().forget(disk);
		try {
			return request.timeout(this.patience).block();
		}
		catch (RuntimeException ex) {
			Throwable failure = Exceptions.unwrapMultiple(Exceptions.unwrap(ex)).get(0);
			if (failure instanceof AssertionFailedError difference) {
				throw difference;
			}
			Throwable cause = this.client.failures().first(disk);
			throw new AssertionFailedError(
					"disk '" + disk + "': " + what + " of " + length + " bytes at " + (this.start + at)
							+ (failure instanceof TimeoutException
									? " was not answered within " + this.patience + ", the patience() of the test"
									: " failed: " + failure)
							+ ((cause != null) ? ", because the disk failed with " + cause : ""),
					(cause != null) ? cause : failure);
		}
	}

}
