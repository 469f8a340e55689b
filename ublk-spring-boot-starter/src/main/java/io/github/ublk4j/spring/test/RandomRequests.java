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

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

import io.github.ublk4j.block.BlockOperation;
import reactor.core.publisher.Mono;

/**
 * Requests of all kinds that a disk offers, to random places of a part of it.
 */
final class RandomRequests {

	private final ExpectedContent part;

	private final BlockDeviceTestClient client;

	private final Random random;

	private final Set<BlockOperation> operations;

	private final int block;

	RandomRequests(ExpectedContent part, BlockDeviceTestClient client, Random random) {
		this.part = part;
		this.client = client;
		this.random = random;
		this.operations = client.operations();
		this.block = client.spec().logicalBlockSize();
	}

	/**
	 * Returns requests of which no two touch the same block.
	 * @param most how many, if there is room for them
	 */
	List<Mono<Void>> next(int most) {
		List<Mono<Void>> requests = new ArrayList<>();
		int free = 0;
		while (requests.size() < most && free < this.part.blocks()) {
			int first = free + this.random.nextInt(3);
			int count = 1 + this.random.nextInt(Math.max(1, 2 * this.part.blocks() / most));
			count = Math.min(count, this.part.blocks() - first);
			if (count > 0) {
				requests.add(request(first * this.block, count * this.block));
			}
			free = first + Math.max(count, 1);
		}
		return requests;
	}

	private Mono<Void> request(int at, int length) {
		int kind = this.random.nextInt(10);
		if (kind == 0) {
			return this.client.flush();
		}
		if (kind == 1 && this.operations.contains(BlockOperation.DISCARD)) {
			return this.part.discard(at, length);
		}
		if (kind == 2 && this.operations.contains(BlockOperation.WRITE_ZEROES)) {
			return this.part.writeZeroes(at, length, this.random.nextBoolean());
		}
		if (kind < 5) {
			return this.part.check(at, length);
		}
		byte[] data = new byte[length];
		this.random.nextBytes(data);
		return this.part.write(at, data, kind == 9);
	}

}
