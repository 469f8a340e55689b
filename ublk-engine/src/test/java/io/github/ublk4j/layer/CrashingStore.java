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

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import reactor.core.publisher.Mono;

/**
 * Storage with a volatile cache. A crash leaves of each sector that was changed since the
 * last flush its old state, its new one, or the beginning of the new one.
 */
final class CrashingStore implements BlockStore {

	private static final int SECTOR = 512;

	private final byte[] present;

	private final byte[] durable;

	private final Random random;

	CrashingStore(int size, Random random) {
		this.present = new byte[size];
		this.durable = new byte[size];
		this.random = random;
	}

	void crash() {
		crash(true);
	}

	/** Crashes, and leaves no sector between two states. */
	void crashBySectors() {
		crash(false);
	}

	private void crash(boolean torn) {
		for (int sector = 0; sector < this.present.length; sector += SECTOR) {
			if (Arrays.mismatch(this.present, sector, sector + SECTOR, this.durable, sector, sector + SECTOR) >= 0) {
				int kept = switch (this.random.nextInt(torn ? 3 : 2)) {
					case 0 -> 0;
					case 1 -> SECTOR;
					default -> this.random.nextInt(SECTOR);
				};
				System.arraycopy(this.present, sector, this.durable, sector, kept);
				System.arraycopy(this.durable, sector, this.present, sector, SECTOR);
			}
		}
	}

	/** Returns what is there now. */
	byte[] content() {
		return this.present;
	}

	@Override
	public long size() {
		return this.present.length;
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		return Mono.fromRunnable(() -> destination.put(this.present, (int) offset, destination.remaining()));
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		return Mono.fromRunnable(() -> source.get(this.present, (int) offset, source.remaining()));
	}

	@Override
	public Mono<Void> flush() {
		return Mono.fromRunnable(() -> System.arraycopy(this.present, 0, this.durable, 0, this.present.length));
	}

	@Override
	public Mono<Void> discard(long offset, long length) {
		return Mono.fromRunnable(() -> Arrays.fill(this.present, (int) offset, (int) (offset + length), (byte) 0));
	}

	@Override
	public Mono<Void> writeZeroes(long offset, long length, boolean mayUnmap) {
		return discard(offset, length);
	}

	@Override
	public Set<BlockOperation> operations() {
		return EnumSet.allOf(BlockOperation.class);
	}

	@Override
	public boolean fillsReadBuffers() {
		return true;
	}

	@Override
	public void close() {
		// its data stays
	}

}
